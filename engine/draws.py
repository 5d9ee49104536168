"""Which parameters a program's trials try: given ones first, then what the sampler draws from the trials that ended."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import optuna

from engine.samplers import (
    Distributions,
    SamplerName,
    as_drawn,
    distributions,
    nearest,
    new_study,
    require,
    sampler_of,
)
from factors.parameters import CategoricalParameter, ParameterSpace, Value
from knowledge_base.records import TrialRecord

HINTS_TRIED = 3
_EARLY = 0  # a study's one step before the last
_MOST_REPEATS = 20
_Draw: TypeAlias = "tuple[optuna.Trial, dict[str, Value]]"
_STATES = {
    "complete": optuna.trial.TrialState.COMPLETE,
    "pruned": optuna.trial.TrialState.PRUNED,
    "failed": optuna.trial.TrialState.FAIL,
}


class Draws:
    """The parameters to try, each drawn while the trials before it run, from the results of those before that.

    So drawing takes none of a worker's time. `trials` is what the sampler counts on, `most` how many there are at most.
    `known` are the trials of an earlier process: the draw after them is the one that it would have made.
    """

    def __init__(
        self,
        parameters: ParameterSpace,
        *,
        trials: int,
        most: int,
        seed: Sequence[int],
        sampler: SamplerName,
        hints: Sequence[Mapping[str, Value]],
        known: Sequence[TrialRecord],
    ) -> None:
        require(sampler)
        self._parameters, self._trials, self._most = parameters, trials, most
        self._seed, self._sampler = seed, sampler
        self._given = _given(parameters, hints)
        self._space = distributions(parameters)
        self._study = new_study()
        self._tried = [dict(trial.parameters) for trial in known]
        self._next: _Draw | None = None
        self._is_ahead = False
        self._untold: list[tuple[optuna.Trial, TrialRecord]] = []
        for trial in known[:-1]:
            _add(self._study, self._space, parameters, trial)
        if known:
            self.tell(self._ask(known[-1].parameters), known[-1])

    @property
    def taken(self) -> int:
        """How many have been taken, `known` ones included."""
        return len(self._tried)

    def take(self) -> _Draw | None:
        """The next draw, which runs from now on; None if there are enough, or nothing new is drawn."""
        self.look_ahead()
        draw = self._next
        if draw is not None:
            _, parameters = draw
            self._tried.append(parameters)
            self._next, self._is_ahead = None, False
        return draw

    def look_ahead(self) -> None:
        """Draw the next parameters, unless that was done."""
        if not self._is_ahead:
            self._is_ahead = True
            self._tell_study()
            self._next = self._drawn() if len(self._tried) < self._most else None

    def tell(self, draw: optuna.Trial, trial: TrialRecord) -> None:
        """How a running trial ended; the next draw does not know it, whether it was made ahead or not."""
        self.look_ahead()
        self._untold.append((draw, trial))

    def _tell_study(self) -> None:
        for draw, trial in self._untold:
            for step, value in _early_look(trial).items():
                draw.report(value, step)
            self._study.tell(draw, trial.value, state=_STATES[trial.state])
        self._untold.clear()

    def _drawn(self) -> _Draw | None:
        number = len(self._tried)
        if number < len(self._given) and self._given[number] not in self._tried:
            return self._ask(self._given[number]), self._given[number]
        first = int(
            number < len(self._given)
        )  # a hint that was tried counts as a draw that repeated an old one
        for repeats in range(first, _MOST_REPEATS):
            self._study.sampler = sampler_of(
                self._sampler,
                self._parameters,
                trials=self._trials,
                seed=self._seed,
                number=number,
                repeats=repeats,
            )
            draw = self._study.ask(self._space)
            parameters = self._parameters.complete(draw.params)
            if parameters not in self._tried:
                return draw, parameters
            self._study.tell(draw, state=optuna.trial.TrialState.FAIL)
        return None

    def _ask(self, parameters: Mapping[str, Value]) -> optuna.Trial:
        """A running trial of given parameters."""
        self._study.enqueue_trial(as_drawn(self._parameters, parameters))
        return self._study.ask(self._space)


def _given(parameters: ParameterSpace, hints: Sequence[Mapping[str, Value]]) -> list[dict[str, Value]]:
    """The settings that are tried before any is drawn: the defaults, then the hints."""
    given = [parameters.defaults()]
    for hint in hints:
        fitted = parameters.defaults() | _fitted(parameters, hint)
        if fitted not in given:
            given.append(fitted)
    return given[: 1 + HINTS_TRIED]


def _fitted(parameters: ParameterSpace, hint: Mapping[str, Value]) -> dict[str, Value]:
    """What of a hint makes sense here: numbers moved into range and onto the grid, choices that exist."""
    fitted: dict[str, Value] = {}
    for name in set(hint) & set(parameters):
        parameter, value = parameters[name], hint[name]
        if isinstance(parameter, CategoricalParameter):
            with contextlib.suppress(ValueError):
                fitted[name] = parameter.admit(value)
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            fitted[name] = nearest(parameter, value)
    return fitted


def _add(study: optuna.Study, space: Distributions, parameters: ParameterSpace, trial: TrialRecord) -> None:
    """A trial of an earlier process, as if it had been asked for in this one."""
    study.add_trial(
        optuna.trial.create_trial(
            params=as_drawn(parameters, trial.parameters),
            distributions=space,
            value=trial.value,
            intermediate_values=_early_look(trial),
            state=_STATES[trial.state],
        )
    )


def _early_look(trial: TrialRecord) -> dict[int, float]:
    """What a trial reported on the way, by step."""
    early = trial.early_value
    return {} if early is None or not math.isfinite(early) else {_EARLY: early}

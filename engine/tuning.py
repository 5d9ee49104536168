"""Micro-search: Optuna chooses a program's parameters by its fitness on the training rows.

Tuning is a coroutine: it yields requests for a worker and is sent the answers, so that one thread can drive many
programs on many workers. While a trial runs, the next one's parameters are drawn, from the results of the trials before
it. The sampler is reseeded from (seed, trial number) before every draw: a study rebuilt from the trials in the store
goes on exactly as if it had never stopped.

A trial is first scored on every fourth training date. Once there are enough trials to compare with, it is pruned unless
it is in the upper half there; a trial that goes on is scored on all dates, so that looking early biases no score. Dates
spread over the years are needed, for the best parameters of a period are hardly those of its beginning:
`benchmarks/pruning.py` measures it.

The best of many trials may be a needle that only these rows have. Neighbours of the best, run in full after it is
chosen, tell how far its fitness depends on the exact parameters; they never take its place.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import optuna

from backtest.scoring import learned_direction
from engine.requests import Answer, Request
from engine.robustness import neighbours, plateau
from engine.samplers import (
    STARTUP_TRIALS,
    Distributions,
    SamplerName,
    as_drawn,
    distributions,
    nearest,
    new_study,
    require,
    sampler_of,
)
from factors.errors import ProgramError
from factors.parameters import CategoricalParameter, ParameterSpace, Value
from factors.program import Program
from knowledge_base.records import TrialRecord, TrialState

__all__ = ["KEPT_PERCENT", "STARTUP_TRIALS", "Distributions", "Tuned", "distributions", "tune"]

KEPT_PERCENT = 50.0
HINTS_TRIED = 3
NEIGHBOUR = "neighbour of the best"  # how the message of such a trial begins
_MOST_REPEATS = 20
_EARLY = 0  # the pruner's one step
_Draw: TypeAlias = "tuple[optuna.Trial, dict[str, Value]]"
_STATES = {
    "complete": optuna.trial.TrialState.COMPLETE,
    "pruned": optuna.trial.TrialState.PRUNED,
    "failed": optuna.trial.TrialState.FAIL,
}


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The best parameters of a program and the sign with which it predicts, both learnt on the training rows.

    `plateau` is the neighbours' mean fitness as a share of the best's, NaN if none was looked at; it takes no part in
    comparisons, for NaN equals nothing.
    """

    parameters: Mapping[str, Value]
    direction: int
    fitness: float
    plateau: float = field(default=math.nan, compare=False)


def tune(
    program: Program,
    *,
    trials: int,
    seed: Sequence[int],
    known: Sequence[TrialRecord],
    record: Callable[[TrialRecord], None],
    sampler: SamplerName = "tpe",
    hints: Sequence[Mapping[str, Value]] = (),
    neighbours_tried: int = 0,
    patience: int | None = None,
    noise: float = 0.0,
) -> Generator[Request, Answer, Tuned | None]:
    """Run the trials that are still missing, record each, and return the best; None if none has a fitness.

    The first trial is the program's defaults, the next are the first `HINTS_TRIED` distinct `hints`: parameters that
    did well elsewhere, fitted into this space. Parameters that were tried before are not run again; a space with
    fewer points than `trials` ends early, and so does a study in which `patience` trials in a row (at least 1; None
    is no limit) brought no value more than `noise` above the best before them. A program error inside a trial is a
    failed trial, unless it is the first one: then it is raised.

    Then `neighbours_tried` neighbours of the best are run in full and recorded after the others.
    """
    history = list(known)
    drawn = [trial for trial in history if not trial.message.startswith(NEIGHBOUR)]
    draws = _Draws(program.parameters, trials=trials, seed=seed, sampler=sampler, hints=hints, known=drawn)
    while draws.next is not None and not _stalled(drawn, patience, noise):
        draw, parameters = draws.take()
        trial = yield from _run(
            program, parameters, number=len(history), draw=draw, meanwhile=draws.look_ahead
        )
        record(trial)
        history.append(trial)
        drawn.append(trial)
        draws.tell(trial)
    best = _best(drawn)
    if best is None:
        return None
    around = []
    for parameters in neighbours(program.parameters, best.parameters, count=neighbours_tried, seed=seed):
        neighbour = next((trial for trial in history if trial.parameters == parameters), None)
        if neighbour is None:
            neighbour = yield from _run(program, parameters, number=len(history), draw=None)
            record(neighbour)
            history.append(neighbour)
        around.append(_agreeing_fitness(neighbour, best.direction))
    return replace(best, plateau=plateau(best.fitness, around))


class _Draws:
    """The parameters to try, each drawn while the trial before it runs, from the results of those before that.

    So drawing takes none of a worker's time. `known` are the trials of an earlier process: the draw after them is the
    one that it would have made.
    """

    def __init__(
        self,
        parameters: ParameterSpace,
        *,
        trials: int,
        seed: Sequence[int],
        sampler: SamplerName,
        hints: Sequence[Mapping[str, Value]],
        known: Sequence[TrialRecord],
    ) -> None:
        require(sampler)
        self._parameters, self._trials, self._seed, self._sampler = parameters, trials, seed, sampler
        self._given = _given(parameters, hints)
        self._space = distributions(parameters)
        self._study = new_study(
            optuna.pruners.PercentilePruner(KEPT_PERCENT, n_startup_trials=STARTUP_TRIALS)
        )
        self._tried = [dict(trial.parameters) for trial in known]
        self._running: optuna.Trial | None = None
        self.next: _Draw | None = None
        for trial in known[:-1]:
            _add(self._study, self._space, parameters, trial)
        if known:
            self._running = self._ask(self._tried[-1])
            early = known[-1].early_value
            if early is not None and math.isfinite(early):
                self._running.report(early, step=_EARLY)
        self._is_ahead = False
        self.look_ahead()
        if known:
            self.tell(known[-1])

    def take(self) -> _Draw:
        """The next draw; it is running from now on."""
        assert self.next is not None  # noqa: S101 (the caller looked)
        draw, parameters = self.next
        self._running, self.next, self._is_ahead = draw, None, False
        self._tried.append(parameters)
        return draw, parameters

    def look_ahead(self) -> None:
        """Draw the next parameters, unless that was done; none if there are enough, or nothing new is drawn."""
        if not self._is_ahead:
            self._is_ahead = True
            self.next = self._drawn() if len(self._tried) < self._trials else None

    def tell(self, trial: TrialRecord) -> None:
        """How the running trial ended."""
        self.look_ahead()
        if self._running is not None:
            self._study.tell(self._running, trial.value, state=_STATES[trial.state])

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


def _run(
    program: Program,
    parameters: dict[str, Value],
    *,
    number: int,
    draw: optuna.Trial | None,
    meanwhile: Callable[[], None] = lambda: None,
) -> Generator[Request, Answer, TrialRecord]:
    """One trial; one that was not drawn is a neighbour of the best, which is never pruned."""
    started_s = time.perf_counter()
    early: float | None = None
    fitness = math.nan
    notes = [] if draw else [NEIGHBOUR]
    state: TrialState = "failed"
    asked = {"source": program.source, "parameters": parameters}
    try:
        if draw:
            early = (yield Request("glance", asked, meanwhile))["fitness"]
            if early is not None and math.isfinite(early):
                draw.report(abs(early), step=_EARLY)
        if draw and draw.should_prune():
            state = "pruned"
        else:
            fitness = (yield Request("trial", asked))["fitness"]
            if math.isfinite(fitness):
                state = "complete"
            else:
                notes.append("fitness is undefined: too few stocks with an opinion on too many days")
    except ProgramError as error:
        if number == 0:
            raise
        notes.append(f"{type(error).__name__}: {error}")
    complete = state == "complete"
    return TrialRecord(
        number=number,
        parameters=parameters,
        state=state,
        value=abs(fitness) if complete else None,
        early_value=None if early is None else abs(early),
        direction=learned_direction(fitness) if complete else None,
        duration_ms=(time.perf_counter() - started_s) * 1e3,
        message="; ".join(notes),
    )


def _best(history: Sequence[TrialRecord]) -> Tuned | None:
    scored = [trial for trial in history if trial.value is not None and trial.direction is not None]
    if not scored:
        return None
    best = max(scored, key=lambda trial: (trial.value, -trial.number))
    return Tuned(parameters=best.parameters, direction=best.direction, fitness=best.value)  # type: ignore[arg-type]


def _stalled(drawn: Sequence[TrialRecord], patience: int | None, noise: float) -> bool:
    """Whether the last `patience` trials all failed to exceed the best before them by more than `noise`."""
    best, since = -math.inf, 0
    for trial in drawn:
        value = -math.inf if trial.value is None else trial.value
        since = 0 if value > best + noise else since + 1
        best = max(best, value)
    return patience is not None and since >= patience


def _agreeing_fitness(trial: TrialRecord, direction: int) -> float:
    """A trial's fitness, negative if it predicts with the other sign; a pruned one's early value; 0 if it failed."""
    if trial.value is not None and trial.direction is not None:
        return trial.value * trial.direction * direction
    return trial.early_value or 0.0 if trial.state == "pruned" else 0.0


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
    early = trial.early_value
    study.add_trial(
        optuna.trial.create_trial(
            params=as_drawn(parameters, trial.parameters),
            distributions=space,
            value=trial.value,
            intermediate_values={} if early is None or not math.isfinite(early) else {_EARLY: early},
            state=_STATES[trial.state],
        )
    )

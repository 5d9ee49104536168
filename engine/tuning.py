"""Micro-search: Optuna chooses a program's parameters by its fitness on the training rows.

Tuning is a coroutine: it yields requests for a worker and is sent the answers, so that one thread can drive many
programs on many workers. The sampler is reseeded from (seed, trial number) before every draw: a study rebuilt from
the trials in the store goes on exactly as if it had never stopped.

A trial is first scored on every fourth training date. Once there are enough trials to compare with, it is pruned unless
it is in the upper half there; a trial that goes on is scored on all dates, so that looking early biases no score. Dates
spread over the years are needed, for the best parameters of a period are hardly those of its beginning:
`benchmarks/pruning.py` measures it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import optuna

from backtest.scoring import learned_direction
from engine.requests import Answer, Request
from factors.errors import ProgramError
from factors.parameters import CategoricalParameter, FloatParameter, ParameterSpace, Value
from factors.program import Program
from knowledge_base.records import TrialRecord, TrialState

Distributions: TypeAlias = dict[str, optuna.distributions.BaseDistribution]

STARTUP_TRIALS = 6
KEPT_PERCENT = 50.0
_MOST_REPEATS = 20
_EARLY = 0  # the pruner's one step
_STATES = {
    "complete": optuna.trial.TrialState.COMPLETE,
    "pruned": optuna.trial.TrialState.PRUNED,
    "failed": optuna.trial.TrialState.FAIL,
}


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The best parameters of a program and the sign with which it predicts, both learnt on the training rows."""

    parameters: Mapping[str, Value]
    direction: int
    fitness: float


def tune(
    program: Program,
    *,
    trials: int,
    seed: Sequence[int],
    known: Sequence[TrialRecord],
    record: Callable[[TrialRecord], None],
) -> Generator[Request, Answer, Tuned | None]:
    """Run the trials that are still missing, record each, and return the best; None if none has a fitness.

    The first trial is the program's defaults. Parameters that were tried before are not run again; a space with
    fewer points than `trials` ends early. A program error inside a trial is a failed trial, unless it is the
    first one: then it is raised.
    """
    space = distributions(program.parameters)
    study = _study()
    history = list(known)
    for trial in history:
        _add(study, space, trial)
    repeats = 0
    while len(history) < trials and repeats < _MOST_REPEATS:
        draw = _ask(
            study,
            space,
            program.parameters,
            [*seed, len(history), repeats],
            first=not history,
            at_random=repeats > 0,
        )
        parameters = program.parameters.complete(draw.params)
        if any(trial.parameters == parameters for trial in history):
            study.tell(draw, state=optuna.trial.TrialState.FAIL)
            repeats += 1
            continue
        repeats = 0
        trial = yield from _run(program, parameters, number=len(history), draw=draw)
        record(trial)
        history.append(trial)
        study.tell(draw, trial.value, state=_STATES[trial.state])
    return _best(history)


def _run(
    program: Program, parameters: dict[str, Value], *, number: int, draw: optuna.Trial
) -> Generator[Request, Answer, TrialRecord]:
    started_s = time.perf_counter()
    early: float | None = None
    fitness, message = math.nan, ""
    state: TrialState = "failed"
    asked = {"source": program.source, "parameters": parameters}
    try:
        early = (yield Request("glance", asked))["fitness"]
        if early is not None and math.isfinite(early):
            draw.report(abs(early), step=_EARLY)
        if draw.should_prune():
            state = "pruned"
        else:
            fitness = (yield Request("trial", asked))["fitness"]
            if math.isfinite(fitness):
                state = "complete"
            else:
                message = "fitness is undefined: too few stocks with an opinion on too many days"
    except ProgramError as error:
        if number == 0:
            raise
        message = f"{type(error).__name__}: {error}"
    complete = state == "complete"
    return TrialRecord(
        number=number,
        parameters=parameters,
        state=state,
        value=abs(fitness) if complete else None,
        early_value=None if early is None else abs(early),
        direction=learned_direction(fitness) if complete else None,
        duration_ms=(time.perf_counter() - started_s) * 1e3,
        message=message,
    )


def _best(history: Sequence[TrialRecord]) -> Tuned | None:
    scored = [trial for trial in history if trial.value is not None and trial.direction is not None]
    if not scored:
        return None
    best = max(scored, key=lambda trial: (trial.value, -trial.number))
    return Tuned(parameters=best.parameters, direction=best.direction, fitness=best.value)  # type: ignore[arg-type]


def _study() -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    pruner = optuna.pruners.PercentilePruner(KEPT_PERCENT, n_startup_trials=STARTUP_TRIALS)
    return optuna.create_study(direction="maximize", sampler=_sampler([0]), pruner=pruner)


def _sampler(seed: Sequence[int], *, at_random: bool = False) -> optuna.samplers.BaseSampler:
    state = int(np.random.SeedSequence(seed).generate_state(1)[0])
    if at_random:
        return optuna.samplers.RandomSampler(seed=state)
    return optuna.samplers.TPESampler(n_startup_trials=STARTUP_TRIALS, multivariate=True, seed=state)


def _ask(
    study: optuna.Study,
    space: Distributions,
    parameters: ParameterSpace,
    seed: Sequence[int],
    *,
    first: bool,
    at_random: bool,
) -> optuna.Trial:
    """The defaults first; a draw where the last one repeated an old trial is a random one, which likely does not."""
    if first:
        study.enqueue_trial(parameters.defaults())
    else:
        study.sampler = _sampler(seed, at_random=at_random)
    return study.ask(space)


def _add(study: optuna.Study, space: Distributions, trial: TrialRecord) -> None:
    """A trial of an earlier session, as if it had been asked for in this one."""
    early = trial.early_value
    study.add_trial(
        optuna.trial.create_trial(
            params=dict(trial.parameters),
            distributions=space,
            value=trial.value,
            intermediate_values={} if early is None or not math.isfinite(early) else {_EARLY: early},
            state=_STATES[trial.state],
        )
    )


def distributions(parameters: ParameterSpace) -> Distributions:
    """The parameter space in Optuna's terms."""
    return {name: _distribution(parameter) for name, parameter in parameters.items()}


def _distribution(parameter: Any) -> optuna.distributions.BaseDistribution:
    if isinstance(parameter, CategoricalParameter):
        return optuna.distributions.CategoricalDistribution(parameter.choices)
    kind = (
        optuna.distributions.FloatDistribution
        if isinstance(parameter, FloatParameter)
        else optuna.distributions.IntDistribution
    )
    return kind(parameter.low, parameter.high, log=parameter.log, step=parameter.step)

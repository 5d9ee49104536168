"""Micro-search: Optuna chooses a program's parameters by its fitness on the training rows.

Tuning is a coroutine: it yields requests for a worker and is sent the answers, so that one thread can drive many
programs on many workers. While a trial runs, the next one's parameters are drawn, from the results of the trials before
it. The sampler is reseeded from (seed, trial number) before every draw: a study rebuilt from the trials in the store
goes on exactly as if it had never stopped.

How many trials there are depends on how the best of them compares with the run's other programs: `engine.allotment`.

The first trial decides whether a program is worth others; workers with nothing else to do may take some of those. Then
several run at once: none is drawn twice (TPE and GP keep away from the running ones), and they end in any order. The
result of a trial depends on its parameters alone; which are drawn, and pruned, depends on what has ended before.

A trial is first scored on every fourth training date. Once there are enough trials to compare with, it is pruned unless
it is in the upper half there; a trial that goes on is scored on all dates, so that looking early biases no score. Dates
spread over the years are needed, for the best parameters of a period are hardly those of its beginning:
`benchmarks/pruning.py` measures it.

The best of many trials may be a needle that only these rows have. Neighbours of the best, run in full after it is
chosen, tell how far its fitness depends on the exact parameters; they never take its place.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import optuna

from backtest.scoring import learned_direction
from engine.allotment import MOST, allotted
from engine.draws import Draws
from engine.requests import Answer, Part, Request, Share, Wait, in_parts, nothing
from engine.robustness import neighbours, plateau
from engine.samplers import STARTUP_TRIALS, SamplerName
from factors.errors import ProgramError
from factors.parameters import Value
from factors.program import Program
from knowledge_base.records import TrialRecord, TrialState

KEPT_PERCENT = 50.0
NEIGHBOUR = "neighbour of the best"  # how the message of such a trial begins


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
    horizons_days: Sequence[int] | None = None,
    surpassing: Callable[[float], float | None] | None = None,
) -> Generator[Request | Wait, Answer, Tuned | None]:
    """Run the trials that are still missing, record each, and return the best; None if none has a fitness.

    Fitness is that over `horizons_days`, None = all that the worker has. `trials` is the usual number; what share of
    other programs is `surpassing` a fitness makes it fewer or more, see `engine.allotment`; None leaves it.

    The first trial is the program's defaults, the next are the first `HINTS_TRIED` distinct `hints`: parameters that
    did well elsewhere, fitted into this space. Parameters that were tried before are not run again; a space with
    fewer points than `trials` ends early, and so does a study in which `patience` trials in a row (at least 1; None
    is no limit) brought no value more than `noise` above the best before them. A program error inside a trial is a
    failed trial, unless it is the first one: then it is raised.

    Then `neighbours_tried` neighbours of the best are run in full and recorded after the others.
    """
    asked = {"source": program.source, "horizons_days": horizons_days}
    runner = _Runner(asked, known, record)
    drawn = [trial for trial in known if not trial.message.startswith(NEIGHBOUR)]
    most = trials if surpassing is None else round(MOST * trials)
    draws = Draws(
        program.parameters, trials=trials, most=most, seed=seed, sampler=sampler, hints=hints, known=drawn
    )

    def is_enough() -> bool:
        best = _best(drawn)
        fitness = best.fitness if best else 0.0
        allowed = trials if surpassing is None else allotted(trials, len(drawn), surpassing(fitness))
        return draws.taken >= allowed or _stalled(drawn, patience, noise)

    def next_drawn(share: Share) -> Part | None:
        draw = None if is_enough() else draws.take()
        return None if draw is None else run_drawn(*draw, share if drawn else nothing)

    def run_drawn(draw: optuna.Trial, parameters: dict[str, Value], share: Share) -> Part:
        trial = yield from runner.run(
            parameters, floor=early_floor(drawn), meanwhile=draws.look_ahead, share=share
        )
        drawn.append(trial)
        draws.tell(draw, trial)

    yield from in_parts(next_drawn)
    best = _best(drawn)
    if best is None:
        return None
    around = neighbours(program.parameters, best.parameters, count=neighbours_tried, seed=seed)
    untried = iter([parameters for parameters in around if not runner.has_run(parameters)])

    def next_neighbour(share: Share) -> Part | None:
        parameters = next(untried, None)
        return None if parameters is None else runner.run(parameters, share=share)

    yield from in_parts(next_neighbour)
    fitness = [_agreeing_fitness(runner.trial(parameters), best.direction) for parameters in around]
    return replace(best, plateau=plateau(best.fitness, fitness))


class _Runner:
    """Runs a program's trials: numbered in the order in which they begin, recorded in that in which they end.

    `asked` is what the requests of all of them say.
    """

    def __init__(
        self, asked: Mapping[str, Any], known: Sequence[TrialRecord], record: Callable[[TrialRecord], None]
    ) -> None:
        self._asked, self._record = asked, record
        self._ended = list(known)
        self._numbers = itertools.count(1 + max((trial.number for trial in known), default=-1))

    def has_run(self, parameters: Mapping[str, Value]) -> bool:
        """Whether a trial of these parameters has ended."""
        return any(trial.parameters == parameters for trial in self._ended)

    def trial(self, parameters: Mapping[str, Value]) -> TrialRecord:
        """The first trial of these parameters that ended."""
        return next(trial for trial in self._ended if trial.parameters == parameters)

    def run(
        self,
        parameters: dict[str, Value],
        *,
        floor: float | None = None,
        meanwhile: Callable[[], None] = nothing,
        share: Share = nothing,
    ) -> Generator[Request, Answer, TrialRecord]:
        """Run one trial, which has a number from now on, and record it.

        One without a `floor` is a neighbour of the best, which is never pruned.
        """
        number = next(self._numbers)
        asked = {**self._asked, "parameters": parameters, "floor": floor}
        trial = yield from _run(Request("trial", asked, meanwhile, share), number)
        self._record(trial)
        self._ended.append(trial)
        return trial


def _run(request: Request, number: int) -> Generator[Request, Answer, TrialRecord]:
    """One trial."""
    started_s = time.perf_counter()
    early: float | None = None
    value: float | None = None
    direction: int | None = None
    notes = [NEIGHBOUR] if request.arguments["floor"] is None else []
    state: TrialState = "failed"
    try:
        answer = yield request
        early, fitness = answer["early"], answer["fitness"]
        if fitness is None:
            state = "pruned"
        elif math.isfinite(fitness):
            state, value, direction = "complete", abs(fitness), learned_direction(fitness)
        else:
            notes.append("fitness is undefined: too few stocks with an opinion on too many days")
    except ProgramError as error:
        if number == 0:
            raise
        notes.append(f"{type(error).__name__}: {error}")
    return TrialRecord(
        number=number,
        parameters=request.arguments["parameters"],
        state=state,
        value=value,
        early_value=None if early is None else abs(early),
        direction=direction,
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


def early_floor(drawn: Sequence[TrialRecord]) -> float:
    """What the next trial's early value must reach, or it is pruned; 0 while too few trials are complete.

    The complete trials' median, as of Optuna's `PercentilePruner`. It is known before a trial begins, so that
    the worker itself can prune.
    """
    complete = [trial for trial in drawn if trial.state == "complete"]
    early = [trial.early_value for trial in complete if trial.early_value is not None]
    known = [value for value in early if math.isfinite(value)]
    return (
        float(np.percentile(known, 100.0 - KEPT_PERCENT))
        if known and len(complete) >= STARTUP_TRIALS
        else 0.0
    )


def _agreeing_fitness(trial: TrialRecord, direction: int) -> float:
    """A trial's fitness, negative if it predicts with the other sign; a pruned one's early value; 0 if it failed."""
    if trial.value is not None and trial.direction is not None:
        return trial.value * trial.direction * direction
    return trial.early_value or 0.0 if trial.state == "pruned" else 0.0

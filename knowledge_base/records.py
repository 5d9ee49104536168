"""What goes into the store and comes out of it: plain frozen values, no rows, no connection.

Metrics are floats; NaN = undefined. A value that is not finite is stored as missing and read back as NaN
(`TrialRecord.value`: None). Times are UTC. Parameters, configurations and results are JSON-like mappings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Json: TypeAlias = Mapping[str, Any]
RunStatus: TypeAlias = Literal["running", "stopped", "finished"]
ProgramStatus: TypeAlias = Literal["tuning", "scored", "failed"]
Wish: TypeAlias = Literal["stop", "pause"]
TrialState: TypeAlias = Literal["complete", "pruned", "failed"]

TRAIN, VALIDATION = "train", "validation"
"""The splits that the briefing reads; a scorecard may name any other."""


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """A run about to begin. `panel` is the summary of the market it sees: its hash, dates, symbols, audit."""

    name: str
    seed: int
    config: Json
    panel: Json
    splits: Json
    horizons_days: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class RunRecord(NewRun):
    """A run as the store knows it; the counters are those last given to `advance_run`.

    `holder` is the process that works on it, until `held_until` unless it says so again; see `knowledge_base.holding`.
    """

    id: int
    status: RunStatus
    iterations_done: int
    trials_done: int
    elapsed_seconds: float
    result: Json | None
    holder: str | None
    held_until: datetime | None
    wish: Wish | None
    package_version: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Revision:
    """An earlier text of a program, and why it was changed."""

    source: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class NewProgram:
    """A program about to be tuned.

    fingerprint  equal for programs that mean the same; unique within a run
    origin       "seed", or the name of the proposer
    tags         themes and parts, by which successes and failures are counted
    parent_ids   programs it was made from, most important first
    complexity   nodes, depth, operators, parameters of its text
    similarity   share of its text that it has in common with the most similar program of the run, `similar_to`
    revisions    its texts before this one, the first first
    """

    fingerprint: str
    name: str
    source: str
    idea: str
    origin: str
    tags: tuple[str, ...] = ()
    iteration: int
    parent_ids: tuple[int, ...] = ()
    complexity: Json | None = None
    similarity: float | None = None
    similar_to: int | None = None
    revisions: tuple[Revision, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """One evaluation of a program on the train split.

    number       0, 1, 2, … within the program
    value        the score that is maximised; None = undefined, or never computed
    early_value  the same on some of the training days, by which hopeless trials are pruned; None = no look
    direction    +1 or -1, the sign that the trial gave to the signal; None if it never got so far
    """

    number: int
    parameters: Json
    state: TrialState
    value: float | None = None
    early_value: float | None = None
    direction: int | None = None
    duration_ms: float
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class HorizonRecord:
    """Scores at one horizon: averages over `days` days, and the daily series (days,) they come from."""

    horizon_days: int
    ic: float
    icir: float
    rank_ic: float
    rank_icir: float
    days: int
    daily_ic: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)
    daily_rank_ic: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class ScoreRecord:
    """The scorecard of one program on one split; `ar`, `sharpe`, `mdd` are those of its portfolio."""

    split: str
    fitness: float
    coverage: float
    turnover: float
    rank_autocorrelation: float
    ar: float
    sharpe: float
    mdd: float
    horizons: tuple[HorizonRecord, ...]


@dataclass(frozen=True, kw_only=True)
class FailureRecord:
    """A program, or the attempt at one, that came to nothing, and why.

    stage  what was being done, such as "propose", "compile" or "tune"
    kind   the exception's class name
    facts  what can be counted of it, such as the first offending date and the size of the difference
    origin "seed", or the name of the proposer
    """

    run_id: int
    program_id: int | None = None
    iteration: int
    stage: str
    kind: str
    message: str
    source: str = ""
    facts: Json | None = None
    origin: str | None = None


@dataclass(frozen=True, kw_only=True)
class ProgramRecord(NewProgram):
    """A program with everything recorded about it; `parameters` and `direction` are the best found.

    `audits` are the look-ahead audits that it passed, each with its parameters, its cuts and the largest difference;
    `reward` is what the search goes by, `reward_terms` what it is made of; `tuning` tells how sure the parameters are;
    `lesson` is what was learnt from it.
    """

    id: int
    run_id: int
    status: ProgramStatus
    parameters: Json | None
    direction: int | None
    cluster: int | None
    audits: list[Json] | None
    reward: float | None
    reward_terms: Json | None
    tuning: Json | None
    lesson: str | None
    trial_count: int
    scores: tuple[ScoreRecord, ...]
    failures: tuple[FailureRecord, ...]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class RunCounts:
    """How much a run holds: `failed` counts programs, not failure records."""

    programs: int
    scored: int
    failed: int
    trials: int

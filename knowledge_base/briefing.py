"""What a proposer is told before it proposes: what worked, what failed, what has been tried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Row, func, null, select

from knowledge_base.calls import spent_usd
from knowledge_base.reading import ordered
from knowledge_base.records import TRAIN, VALIDATION, Json, RunCounts
from knowledge_base.runs import count_run
from knowledge_base.tables import Failure, Program, ProgramParent, ProgramTag, Run, Scorecard

HEAD_LINES = 40
"""How much of a failed program's source is shown."""

SHOWN = ("fitness", "ic", "icir", "rank_ic", "rank_icir", "sharpe", "turnover", "coverage")
"""The metrics of an elite."""


_TRAIN, _VALIDATION = (Scorecard.__table__.alias(split) for split in (TRAIN, VALIDATION))
_ELITES = (  # composed once: that takes longer than asking the database
    select(
        *(Program.id, Program.name, Program.source, Program.idea, Program.parameters, Program.direction),
        *(Program.complexity, Program.similarity, Program.reward, Program.lesson),
        *(_TRAIN.c[name].label(f"train_{name}") for name in SHOWN),
        *(_VALIDATION.c[name].label(f"validation_{name}") for name in SHOWN),
    )
    .join(_VALIDATION, (_VALIDATION.c.program_id == Program.id) & (_VALIDATION.c.split == VALIDATION))
    .outerjoin(_TRAIN, (_TRAIN.c.program_id == Program.id) & (_TRAIN.c.split == TRAIN))
    .order_by(Program.reward.desc(), Program.id)
)


@dataclass(frozen=True, kw_only=True)
class Elite:
    """A good program; metrics by name, such as "rank_icir" (averaged over horizons), where defined.

    `complexity` and `similarity` are those of `NewProgram`; `reward` is what the search goes by,
    `lesson` what was learnt from it.
    """

    id: int
    name: str
    source: str
    idea: str
    tags: tuple[str, ...] = ()
    parameters: Json = field(default_factory=dict)
    direction: int = 1
    train_fitness: float | None = None
    validation_fitness: float | None = None
    train_metrics: Mapping[str, float] = field(default_factory=dict)
    validation_metrics: Mapping[str, float] = field(default_factory=dict)
    parent_ids: tuple[int, ...] = ()
    complexity: Json = field(default_factory=dict)
    similarity: float | None = None
    reward: float | None = None
    lesson: str | None = None


@dataclass(frozen=True, kw_only=True)
class FailureNote:
    """A recent failure; `source_head` is the beginning of the program's text."""

    iteration: int
    stage: str
    kind: str
    message: str
    source_head: str = ""


@dataclass(frozen=True, kw_only=True)
class ThemeRecord:
    """How programs with one tag fared; the rewards are validation fitness, None if no program has one."""

    tries: int
    failures: int
    mean_reward: float | None
    best_reward: float | None


@dataclass(frozen=True, kw_only=True)
class Briefing:
    """All that a proposer may know of a run.

    iteration           iterations done so far
    elites              the best programs on validation, distinct as signals, the best first
    failures            the latest failures, the newest first
    tried_fingerprints  of every program of the run, whatever became of it
    themes              for each tag, how its programs fared
    current             the program that the search wants changed; None = begin something new
    chain               how `current` came about: the programs from the beginning to it, itself included
    paths               other such chains, successful and unlike it
    likeness            mean rank correlation of the signals of two programs named here, the lower id first
    rewards             for each origin those of its programs, None for one that failed
    spent_usd           what language models cost so far
    emphasis            themes that this part of the search concentrates on
    horizons_days       the horizons that alone count in this part of the search; all if empty
    """

    iteration: int
    elites: tuple[Elite, ...] = ()
    failures: tuple[FailureNote, ...] = ()
    tried_fingerprints: Set[str] = frozenset()
    themes: Mapping[str, ThemeRecord] = field(default_factory=dict)
    current: Elite | None = None
    chain: tuple[Elite, ...] = ()
    paths: tuple[tuple[Elite, ...], ...] = ()
    likeness: Mapping[tuple[int, int], float] = field(default_factory=dict)
    rewards: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    spent_usd: float = 0.0
    emphasis: tuple[str, ...] = ()
    horizons_days: tuple[int, ...] = ()
    counts: RunCounts = field(default_factory=lambda: RunCounts(programs=0, scored=0, failed=0, trials=0))

    @property
    def programs(self) -> tuple[Elite, ...]:
        """Every program that is told of, once."""
        told = [*self.elites, *([self.current] if self.current else []), *self.chain, *chain(*self.paths)]
        return tuple({elite.id: elite for elite in told}.values())

    def correlation(self, one: Elite, other: Elite) -> float | None:
        """Mean rank correlation of what two programs predict, each with its direction; None if it is not known."""
        if one.id == other.id:
            return 1.0
        alike = self.likeness.get((min(one.id, other.id), max(one.id, other.id)))
        return None if alike is None else alike * one.direction * other.direction


def build_briefing(connection: Connection, run_id: int, *, elites: int, failures: int) -> Briefing:
    """Read the briefing of a run; see `Store.briefing`."""
    counts = count_run(connection, run_id)
    return Briefing(
        iteration=connection.execute(select(Run.iterations_done).where(Run.id == run_id)).scalar_one(),
        elites=best_elites(connection, run_id, elites),
        failures=_failures(connection, run_id, failures),
        tried_fingerprints=_fingerprints(connection, run_id),
        themes=_themes(connection, run_id),
        rewards=_rewards(connection, run_id),
        spent_usd=spent_usd(connection, run_id),
        counts=counts,
    )


def best_elites(connection: Connection, run_id: int, limit: int) -> tuple[Elite, ...]:
    """Return the best programs of a run by reward, one for each cluster of alike signals."""
    return read_elites(connection, _best(connection, run_id, limit))


def read_elites(connection: Connection, program_ids: Collection[int]) -> tuple[Elite, ...]:
    """Return the scored ones of these programs, the best reward first."""
    rows = connection.execute(_ELITES.where(Program.id.in_(program_ids))).all()
    ids = [row.id for row in rows]
    tags = ordered(connection, ProgramTag, ProgramTag.tag, ids)
    parents = ordered(connection, ProgramParent, ProgramParent.parent_id, ids)
    return tuple(_elite(row, tags[row.id], parents[row.id]) for row in rows)


def _best(connection: Connection, run_id: int, limit: int) -> list[int]:
    rewarded = (Program.run_id == run_id, Program.status == "scored", Program.reward.is_not(None))
    ordered_ids = (
        select(Program.id, Program.cluster).where(*rewarded).order_by(Program.reward.desc(), Program.id)
    )
    best: dict[int, int] = {}
    for row in connection.execute(ordered_ids):
        best.setdefault(-row.id if row.cluster is None else row.cluster, row.id)
        if len(best) == limit:
            break
    return list(best.values())


def _elite(row: Row[Any], tags: tuple[str, ...], parents: tuple[int, ...]) -> Elite:
    return Elite(
        id=row.id,
        name=row.name,
        source=row.source,
        idea=row.idea,
        tags=tags,
        parameters=row.parameters,
        direction=row.direction,
        train_fitness=row.train_fitness,
        validation_fitness=row.validation_fitness,
        train_metrics=_metrics(row, TRAIN),
        validation_metrics=_metrics(row, VALIDATION),
        parent_ids=parents,
        complexity=row.complexity or {},
        similarity=row.similarity,
        reward=row.reward,
        lesson=row.lesson,
    )


def _metrics(row: Row[Any], split: str) -> dict[str, float]:
    values = {name: getattr(row, f"{split}_{name}") for name in SHOWN}
    return {name: value for name, value in values.items() if value is not None}


def _failures(connection: Connection, run_id: int, limit: int) -> tuple[FailureNote, ...]:
    columns = (Failure.iteration, Failure.stage, Failure.kind, Failure.message, Failure.source)
    latest = select(*columns).where(Failure.run_id == run_id).order_by(Failure.id.desc()).limit(limit)
    return tuple(
        FailureNote(
            iteration=row.iteration,
            stage=row.stage,
            kind=row.kind,
            message=row.message,
            source_head="\n".join(row.source.splitlines()[:HEAD_LINES]),
        )
        for row in connection.execute(latest)
    )


def _rewards(connection: Connection, run_id: int) -> dict[str, tuple[float | None, ...]]:
    """Return the rewards by origin: of the programs, then None for each attempt that was no program at all."""
    programs = select(Program.origin, Program.reward).where(
        Program.run_id == run_id, Program.status != "tuning"
    )
    attempts = select(Failure.origin, null()).where(
        Failure.run_id == run_id, Failure.program_id.is_(None), Failure.origin.is_not(None)
    )
    found: dict[str, list[float | None]] = defaultdict(list)
    for statement in (programs.order_by(Program.id), attempts.order_by(Failure.id)):
        for origin, reward in connection.execute(statement):
            found[origin].append(reward)
    return {origin: tuple(rewards) for origin, rewards in found.items()}


def has_fingerprint(connection: Connection, run_id: int, fingerprint: str) -> bool:
    """Return whether a program of the run has this logic."""
    same = select(Program.id).where(Program.run_id == run_id, Program.fingerprint == fingerprint).limit(1)
    return connection.execute(same).first() is not None


def _fingerprints(connection: Connection, run_id: int) -> frozenset[str]:
    """Return all fingerprints, joined by the database: rows would take most of a briefing's time."""
    joined = select(func.aggregate_strings(Program.fingerprint, "\n")).where(Program.run_id == run_id)
    return frozenset((connection.execute(joined).scalar_one() or "").split("\n")) - {""}


def _themes(connection: Connection, run_id: int) -> dict[str, ThemeRecord]:
    statement = (
        select(
            ProgramTag.tag,
            func.count(),
            func.sum(ProgramTag.failed),
            func.avg(ProgramTag.reward),
            func.max(ProgramTag.reward),
        )
        .where(ProgramTag.run_id == run_id)
        .group_by(ProgramTag.tag)
        .order_by(ProgramTag.tag)
    )
    return {
        tag: ThemeRecord(tries=tries, failures=failures, mean_reward=mean, best_reward=best)
        for tag, tries, failures, mean, best in connection.execute(statement)
    }

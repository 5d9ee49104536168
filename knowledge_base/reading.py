"""Programs read back, with everything recorded about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from knowledge_base.columns import undefined_as_nan
from knowledge_base.errors import StoreError
from knowledge_base.records import (
    FailureRecord,
    HorizonRecord,
    ProgramRecord,
    Revision,
    ScoreRecord,
    TrialRecord,
)
from knowledge_base.tables import (
    Failure,
    HorizonScore,
    Program,
    ProgramParent,
    ProgramRevision,
    ProgramTag,
    Scorecard,
    TreeNode,
    Trial,
)


def read_program(connection: Connection, program_id: int) -> ProgramRecord:
    """Return one program; `StoreError` with the known ids if there is none."""
    found = _programs(connection, Program.id == program_id)
    if not found:
        low, high = connection.execute(select(func.min(Program.id), func.max(Program.id))).one()
        known = f"between {low} and {high}" if high else "none yet: the store is empty"
        raise StoreError(f"a program's id must be in the store, got {program_id}: its ids are {known}.")
    return found[0]


def read_unfinished(connection: Connection, run_id: int) -> list[tuple[ProgramRecord, list[TrialRecord]]]:
    """Return the run's programs still tuning, the oldest first, each with its trials in order."""
    programs = _programs(connection, (Program.run_id == run_id) & (Program.status == "tuning"))
    return [(program, read_trials(connection, program.id)) for program in programs]


def read_sources(connection: Connection, run_id: int) -> list[tuple[int, str]]:
    """Return id and text of the run's programs, the oldest first."""
    chosen = select(Program.id, Program.source).where(Program.run_id == run_id).order_by(Program.id)
    return [(row.id, row.source) for row in connection.execute(chosen)]


def read_samples(connection: Connection, run_id: int) -> dict[str, int]:
    """Return for each sample of values in the audits of the run's scored programs the first that gave it."""
    chosen = select(Program.id, Program.audits).where(Program.run_id == run_id, Program.status == "scored")
    samples: dict[str, int] = {}
    for row in connection.execute(chosen.order_by(Program.id)):
        samples.setdefault(((row.audits or [{}])[0]).get("sample", ""), row.id)
    samples.pop("", None)
    return samples


def read_tree(connection: Connection, run_id: int, island: int) -> list[tuple[int, int | None, float | None]]:
    """Return program, parent and reward of the nodes of an island's tree, in order; no reward for a failure."""
    chosen = select(TreeNode.program_id, TreeNode.parent_id, Program.reward).join(
        Program, Program.id == TreeNode.program_id
    )
    rows = connection.execute(
        chosen.where(TreeNode.run_id == run_id, TreeNode.island == island).order_by(TreeNode.id)
    )
    return [(row.program_id, row.parent_id, row.reward) for row in rows]


def read_trials(connection: Connection, program_id: int) -> list[TrialRecord]:
    """Return the program's trials in order."""
    columns = (
        Trial.number,
        Trial.parameters,
        Trial.state,
        Trial.value,
        Trial.early_value,
        Trial.direction,
        Trial.duration_ms,
        Trial.message,
    )
    rows = connection.execute(select(*columns).where(Trial.program_id == program_id).order_by(Trial.number))
    return [
        TrialRecord(**{**row._asdict(), "duration_ms": undefined_as_nan(row.duration_ms)}) for row in rows
    ]


def ordered(
    connection: Connection, table: type[ProgramTag] | type[ProgramParent], value: Any, ids: Sequence[int]
) -> dict[int, tuple[Any, ...]]:
    """Return the tags or parents of each program in `ids`, in their order."""
    chosen = select(table.program_id, value).where(table.program_id.in_(ids))
    found: dict[int, list[Any]] = defaultdict(list)
    for program_id, item in connection.execute(chosen.order_by(table.program_id, table.position)):
        found[program_id].append(item)
    return {program_id: tuple(found[program_id]) for program_id in ids}


def _programs(connection: Connection, where: ColumnElement[bool]) -> list[ProgramRecord]:
    rows = connection.execute(select(Program.__table__).where(where).order_by(Program.id)).all()
    ids = [row.id for row in rows]
    tags = ordered(connection, ProgramTag, ProgramTag.tag, ids)
    parents = ordered(connection, ProgramParent, ProgramParent.parent_id, ids)
    return [
        ProgramRecord(
            **row._asdict(),
            tags=tags[row.id],
            parent_ids=parents[row.id],
            trial_count=_trial_count(connection, row.id),
            scores=_scores(connection, row.id),
            failures=_failures(connection, row.id),
            revisions=_revisions(connection, row.id),
        )
        for row in rows
    ]


def _trial_count(connection: Connection, program_id: int) -> int:
    statement = select(func.count()).select_from(Trial).where(Trial.program_id == program_id)
    return connection.execute(statement).scalar_one()


def _scores(connection: Connection, program_id: int) -> tuple[ScoreRecord, ...]:
    cards = select(Scorecard.__table__).where(Scorecard.program_id == program_id).order_by(Scorecard.id)
    return tuple(_score(connection, row) for row in connection.execute(cards).all())


def _score(connection: Connection, row: Row[Any]) -> ScoreRecord:
    metrics = ("fitness", "coverage", "turnover", "rank_autocorrelation", "ar", "sharpe", "mdd")
    horizons = select(HorizonScore.__table__).where(HorizonScore.scorecard_id == row.id)
    found = connection.execute(horizons.order_by(HorizonScore.horizon_days))
    return ScoreRecord(
        split=row.split,
        horizons=tuple(map(_horizon, found)),
        **{name: undefined_as_nan(getattr(row, name)) for name in metrics},
    )


def _horizon(row: Row[Any]) -> HorizonRecord:
    metrics = ("ic", "icir", "rank_ic", "rank_icir")
    return HorizonRecord(
        horizon_days=row.horizon_days,
        days=row.days,
        daily_ic=row.daily_ic,
        daily_rank_ic=row.daily_rank_ic,
        **{name: undefined_as_nan(getattr(row, name)) for name in metrics},
    )


def _failures(connection: Connection, program_id: int) -> tuple[FailureRecord, ...]:
    columns = (
        Failure.run_id,
        Failure.program_id,
        Failure.iteration,
        Failure.stage,
        Failure.kind,
        Failure.message,
        Failure.source,
        Failure.facts,
        Failure.origin,
    )
    rows = connection.execute(select(*columns).where(Failure.program_id == program_id).order_by(Failure.id))
    return tuple(FailureRecord(**row._asdict()) for row in rows)


def _revisions(connection: Connection, program_id: int) -> tuple[Revision, ...]:
    chosen = select(ProgramRevision.source, ProgramRevision.reason)
    rows = connection.execute(
        chosen.where(ProgramRevision.program_id == program_id).order_by(ProgramRevision.number)
    )
    return tuple(Revision(source=row.source, reason=row.reason) for row in rows)

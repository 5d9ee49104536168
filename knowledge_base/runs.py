"""Runs: begun, advanced, finished, found again."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, get_args

from sqlalchemy import Connection, Row, func, insert, select, update

from knowledge_base.columns import undefined_as_nan
from knowledge_base.errors import StoreError
from knowledge_base.records import NewRun, RunCounts, RunRecord, RunStatus
from knowledge_base.tables import Failure, Program, Run, Trial

MOST_NAMES = 20
"""How many known names an error lists."""


def insert_run(connection: Connection, run: NewRun) -> RunRecord:
    """Store a new run as running."""
    statement = insert(Run).values(
        name=run.name,
        seed=run.seed,
        config=run.config,
        panel=run.panel,
        splits=run.splits,
        horizons_days=run.horizons_days,
        package_version=version("factorengine"),
    )
    connection.execute(statement)
    return run_named(connection, run.name)


def find_run(connection: Connection, name: str) -> RunRecord | None:
    """Return the run of that name, if there is one."""
    row = connection.execute(select(Run.__table__).where(Run.name == name)).one_or_none()
    return None if row is None else _run_record(row)


def run_named(connection: Connection, name: str) -> RunRecord:
    """Return the run of that name; `StoreError` with the known names if there is none."""
    found = find_run(connection, name)
    if found is None:
        raise StoreError(f"a run's name must be one of {known_runs(connection)}, got {name!r}.")
    return found


def all_runs(connection: Connection) -> tuple[RunRecord, ...]:
    """Return every run, the oldest first."""
    return tuple(map(_run_record, connection.execute(select(Run.__table__).order_by(Run.id))))


def require_run(connection: Connection, run_id: int) -> None:
    """Raise `StoreError` unless there is a run of that id."""
    if connection.execute(select(Run.id).where(Run.id == run_id)).one_or_none() is None:
        raise _unknown(connection, run_id)


def update_run(connection: Connection, run_id: int, status: RunStatus | None, **changes: Any) -> None:
    """Set what is given; `updated_at` follows."""
    if status is not None:
        if status not in get_args(RunStatus):
            raise StoreError(
                f"a run's status must be one of {', '.join(get_args(RunStatus))}, got {status!r}."
            )
        changes["status"] = status
    if not connection.execute(update(Run).where(Run.id == run_id).values(**changes)).rowcount:
        raise _unknown(connection, run_id)


def count_run(connection: Connection, run_id: int) -> RunCounts:
    """Count what the run holds."""
    require_run(connection, run_id)
    grouped = select(Program.status, func.count()).where(Program.run_id == run_id).group_by(Program.status)
    programs: dict[str, int] = {row[0]: row[1] for row in connection.execute(grouped)}
    trials = select(func.count()).select_from(Trial).join(Program, Program.id == Trial.program_id)
    return RunCounts(
        programs=sum(programs.values()),
        scored=programs.get("scored", 0),
        failed=programs.get("failed", 0),
        trials=connection.execute(trials.where(Program.run_id == run_id)).scalar_one(),
    )


def count_failures(connection: Connection, run_id: int) -> dict[str, int]:
    """Count the run's failures by stage, the most frequent first."""
    counted = select(Failure.stage, func.count().label("n")).where(Failure.run_id == run_id)
    rows = connection.execute(counted.group_by(Failure.stage).order_by(func.count().desc(), Failure.stage))
    return {row.stage: row.n for row in rows}


def known_runs(connection: Connection) -> str:
    """Return the latest runs' names, for a message."""
    names = connection.execute(select(Run.name).order_by(Run.id.desc()).limit(MOST_NAMES + 1)).scalars().all()
    return ", ".join(map(repr, names[:MOST_NAMES])) + (", …" if len(names) > MOST_NAMES else "") or "none yet"


def _unknown(connection: Connection, run_id: int) -> StoreError:
    return StoreError(
        f"a run's id must be in the store, got {run_id}: its runs are {known_runs(connection)}."
    )


def _run_record(row: Row[Any]) -> RunRecord:
    values = row._asdict()
    values["horizons_days"] = tuple(values["horizons_days"])
    values["elapsed_seconds"] = undefined_as_nan(values["elapsed_seconds"])
    return RunRecord(**values)

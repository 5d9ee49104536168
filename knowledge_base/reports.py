"""Research reports that were read, what they define, and the programs that came of them; seeds of other origin, too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import chain, count
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, delete, insert, select, update

from knowledge_base.errors import StoreError
from knowledge_base.records import Json
from knowledge_base.tables import Report, ReportFactor, Seed

ReportStatus: TypeAlias = Literal["reading", "read", "formulas_only", "screened_out", "too_late", "failed"]
FactorStatus: TypeAlias = Literal["program", "disputed", "skipped", "failed"]


@dataclass(frozen=True, kw_only=True)
class NewReport:
    """A report; `sha256` is its identity, `screening` what was found out before it was read in full."""

    sha256: str
    name: str
    title: str
    published: date | None
    pages: int
    status: ReportStatus
    reason: str = ""
    screening: Json | None = None


@dataclass(frozen=True, kw_only=True)
class NewReportFactor:
    """A factor of a report.

    status         program; disputed = a program that an independent reading disagrees with; skipped = it needs
                   other data; failed = no program came of it
    record         what was taken down from the report: steps with page and quote, symbols, parameters
    findings       gaps and contradictions that a second reader found, resolved ones included
    disagreements  tests written from the report that the program does not pass
    """

    name: str
    status: FactorStatus
    reason: str = ""
    source: str = ""
    pseudocode: str = ""
    record: Json | None = None
    findings: Sequence[Json] = ()
    disagreements: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ReportRecord(NewReport):
    """A report as the store knows it, with its factors."""

    id: int
    factors: tuple[NewReportFactor, ...]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewSeed:
    """A program to start searches from.

    origin      where it comes from, such as "report", "formula" or "file"
    provenance  of a report: its hash, title, pages and quotes, the record and the pseudocode
    published   the day from which the idea was public; None = not known
    """

    name: str
    source: str
    origin: str
    provenance: Json | None = None
    published: date | None = None


@dataclass(frozen=True, kw_only=True)
class SeedRecord(NewSeed):
    """A seed as the store knows it."""

    id: int
    created_at: datetime


def find_report(connection: Connection, sha256: str) -> ReportRecord | None:
    """Return the report with that content, if it was met before."""
    row = connection.execute(select(Report.__table__).where(Report.sha256 == sha256)).one_or_none()
    return None if row is None else _report(connection, row)


def all_reports(connection: Connection) -> tuple[ReportRecord, ...]:
    """Return every report, the oldest first."""
    rows = connection.execute(select(Report.__table__).order_by(Report.id)).all()
    return tuple(_report(connection, row) for row in rows)


def save_report(connection: Connection, report: NewReport) -> int:
    """Store a report, or what is new about it; return its id."""
    known = connection.execute(select(Report.id).where(Report.sha256 == report.sha256)).scalar_one_or_none()
    if known is None:
        return int(
            connection.execute(insert(Report).values(asdict(report)).returning(Report.id)).scalar_one()
        )
    connection.execute(update(Report).where(Report.id == known).values(asdict(report)))
    return known


def save_report_factor(
    connection: Connection, report_id: int, factor: NewReportFactor, seed: NewSeed | None
) -> None:
    """Store what came of a factor of a report, in place of an earlier outcome, with the seed that it became."""
    connection.execute(
        delete(ReportFactor).where(ReportFactor.report_id == report_id, ReportFactor.name == factor.name)
    )
    values = asdict(factor) | {
        "report_id": report_id,
        "findings": list(factor.findings),
        "disagreements": list(factor.disagreements),
    }
    connection.execute(insert(ReportFactor).values(values))
    if seed is not None:
        _replace_seed(connection, seed)


def _replace_seed(connection: Connection, seed: NewSeed) -> None:
    """Store a report's seed, in place of the one that the same report gave; another's keeps its name."""
    report = (seed.provenance or {}).get("sha256")
    for name in chain([seed.name], (f"{seed.name}_{number}" for number in count(2))):
        taken = connection.execute(select(Seed.id, Seed.provenance).where(Seed.name == name)).one_or_none()
        if taken is None or (taken.provenance or {}).get("sha256") == report:
            break
    if taken is not None:
        connection.execute(delete(Seed).where(Seed.id == taken.id))
    connection.execute(insert(Seed).values(asdict(seed) | {"name": name}))


def insert_seed(connection: Connection, seed: NewSeed) -> None:
    """Store a seed; its name must be new."""
    connection.execute(insert(Seed).values(asdict(seed)))


def read_seeds(connection: Connection, names: Collection[str] | None = None) -> tuple[SeedRecord, ...]:
    """Return the named seeds, or all; `StoreError` with the known names if one is missing."""
    rows = connection.execute(select(Seed.__table__).order_by(Seed.id))
    seeds = {row.name: SeedRecord(**row._asdict()) for row in rows}
    missing = [name for name in names or () if name not in seeds]
    if missing:
        known = ", ".join(seeds) or "none yet"
        raise StoreError(f"no seed of this store is called {missing[0]!r}: its seeds are {known}.")
    return tuple(seed for name, seed in seeds.items() if names is None or name in names)


def _report(connection: Connection, row: Any) -> ReportRecord:
    chosen = select(ReportFactor.__table__).where(ReportFactor.report_id == row.id).order_by(ReportFactor.id)
    factors = []
    for found in connection.execute(chosen):
        values = found._asdict()
        for key in ("id", "report_id", "created_at"):
            del values[key]
        factors.append(NewReportFactor(**values))
    return ReportRecord(**row._asdict(), factors=tuple(factors))

"""The best programs of a run or of the whole store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from knowledge_base.columns import undefined_as_nan
from knowledge_base.errors import StoreError
from knowledge_base.records import Json
from knowledge_base.runs import run_named
from knowledge_base.tables import Program, Run, Scorecard

if TYPE_CHECKING:
    import pandas as pd


MEASURES = ("fitness", "ic", "icir", "rank_ic", "rank_icir", "sharpe")
"""By what programs can be ranked, the higher the better."""

COLUMNS = ("rank", "id", "name", "run", "split", *MEASURES, "turnover", "parameters")


@dataclass(frozen=True, kw_only=True)
class RankedFactor:
    """A line of a ranking; ic, icir, rank_ic, rank_icir average the run's horizons, NaN = undefined."""

    rank: int
    id: int
    name: str
    run: str
    split: str
    fitness: float
    ic: float
    icir: float
    rank_ic: float
    rank_icir: float
    sharpe: float
    turnover: float
    parameters: Json
    direction: int
    cluster: int | None


def rank_programs(
    connection: Connection, *, run: str | None, split: str, by: str, top: int | None, distinct: bool
) -> list[RankedFactor]:
    """Return the best scored programs; see `Store.ranked`."""
    _check(connection, split=split, by=by, top=top)
    conditions = [Scorecard.split == split, Program.status == "scored"]
    if run is not None:
        conditions.append(Program.run_id == run_named(connection, run).id)
    rows = connection.execute(_query(conditions, by, None if distinct else top))
    kept = islice(_first_of_each_cluster(rows) if distinct else iter(rows), top)
    return [_factor(rank, row) for rank, row in enumerate(kept, start=1)]


def ranking_frame(factors: list[RankedFactor]) -> pd.DataFrame:
    """Return the ranking as a table with the columns `COLUMNS`."""
    import pandas as pd  # most rankings are printed

    return pd.DataFrame([asdict(factor) for factor in factors], columns=list(COLUMNS))


def _query(conditions: Sequence[ColumnElement[bool]], by: str, top: int | None) -> Select[Any]:
    """Return the lines of a ranking; the best are found first, which spares reading the other rows."""
    measure = getattr(Scorecard, by)
    order = (measure.is_(None), measure.desc(), Program.id)
    best = select(Program.id).join(Scorecard, Scorecard.program_id == Program.id).where(*conditions)
    lines = (
        select(
            *(
                Program.id,
                Program.name,
                Program.parameters,
                Program.direction,
                Program.cluster,
                Program.run_id,
            ),
            *(getattr(Scorecard, name) for name in ("split", *MEASURES, "turnover")),
            Run.name.label("run"),
        )
        .join(Scorecard, Scorecard.program_id == Program.id)
        .join(Run, Run.id == Program.run_id)
        .where(*conditions)
        .order_by(*order)
    )
    return (
        lines
        if top is None
        else lines.where(Program.id.in_(best.order_by(*order).limit(top).correlate(None)))
    )


def _first_of_each_cluster(rows: Iterable[Row[Any]]) -> Iterator[Row[Any]]:
    """Drop the rows whose cluster, within their run, a better row has shown already."""
    seen = set()
    for row in rows:
        cluster = row.run_id, row.cluster
        if row.cluster is None or cluster not in seen:
            seen.add(cluster)
            yield row


def _factor(rank: int, row: Row[Any]) -> RankedFactor:
    return RankedFactor(
        rank=rank,
        id=row.id,
        name=row.name,
        run=row.run,
        split=row.split,
        parameters=row.parameters,
        direction=row.direction,
        cluster=row.cluster,
        **{name: undefined_as_nan(getattr(row, name)) for name in (*MEASURES, "turnover")},
    )


def _check(connection: Connection, *, split: str, by: str, top: int | None) -> None:
    if by not in MEASURES:
        raise StoreError(f"programs are ranked by one of {', '.join(MEASURES)}, got {by!r}.")
    if top is not None and top < 1:
        raise StoreError(f"a ranking needs top >= 1, got {top}: leave out `top` with None for all programs.")
    if connection.execute(select(Scorecard.id).where(Scorecard.split == split).limit(1)).first() is None:
        known = sorted(connection.execute(select(Scorecard.split).distinct()).scalars())
        if known:
            raise StoreError(f"a ranking's split must be one of {', '.join(known)}, got {split!r}.")

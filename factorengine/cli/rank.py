"""`factorengine rank`: the best factors of a store."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from factorengine.cli.options import emit, examples, format_option, output_option, store_option

if TYPE_CHECKING:
    from knowledge_base.store import Store

COLUMNS = {
    "rank": "#",
    "id": "id",
    "name": "name",
    "run": "run",
    "fitness": "fitness",
    "ic": "IC",
    "icir": "ICIR",
    "rank_ic": "rank IC",
    "rank_icir": "rank ICIR",
    "sharpe": "Sharpe",
    "turnover": "turnover",
    "parameters": "parameters",
}
_KEYS = "rank id name run split fitness ic icir rank_ic rank_icir sharpe turnover parameters direction cluster".split()


@click.command(
    "rank",
    epilog=examples(
        "factorengine rank --top 10",
        "factorengine rank --run us --by sharpe --split train",
        "factorengine rank --format csv -o factors.csv",
        "factorengine rank --run us --cutoff 2012-06-30    # fitness up to that day, and after it",
    ),
)
@store_option
@click.option("--run", metavar="NAME", help="Only the factors of this run.")
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option(
    "--by",
    type=click.Choice(["fitness", "ic", "icir", "rank_ic", "rank_icir", "sharpe"]),
    default="fitness",
    show_default=True,
    help="What to rank by.",
)
@click.option(
    "--split",
    type=click.Choice(["train", "validation"]),
    default="validation",
    show_default=True,
    help="Which period.",
)
@click.option("--all", "all_", is_flag=True, help="Also factors whose signal a better one already gives.")
@click.option(
    "--cutoff",
    metavar="DAY",
    help="Also fitness up to this day and after it; `models` = what the run's language models may know of.",
)
@format_option("table", "json", "csv")
@output_option("Write to this file instead of the screen.")
def command(
    store_url: str,
    run: str | None,
    top: int,
    by: str,
    split: str,
    all_: bool,
    cutoff: str | None,
    format_: str,
    output: Path | None,
) -> None:
    """List the best factors, distinct as signals, with their scores averaged over the run's horizons."""
    from knowledge_base.store import open_store

    with open_store(store_url, create=False) as store:
        factors = store.ranking(run, split=split, by=by, top=top, distinct=not all_)
        rows = [as_row(factor) for factor in factors]
        if cutoff is not None:
            rows = [row | _around(store, row, cutoff) for row in rows]
    emit(rendered(rows, format_), output)


def _around(store: Store, row: dict[str, Any], cutoff: str) -> dict[str, Any]:
    """The fitness of a row's factor up to a day and after it."""
    from engine.cutoff import fitness_around, knowledge_cutoff
    from market.errors import ConfigError

    run = store.find_run(row["run"])
    assert run is not None  # noqa: S101 (the row was read from the same store)
    try:
        day = knowledge_cutoff(run) if cutoff == "models" else date.fromisoformat(cutoff)
    except ValueError:
        raise ConfigError(f"--cutoff is a day such as 2023-09-30, or `models`, got {cutoff!r}.") from None
    if day is None:
        raise ConfigError(
            f"the knowledge cutoff of run `{run.name}`'s models is not known: give each its knowledge_cutoff in [llm], "
            "or give --cutoff DAY."
        )
    before, after = fitness_around(store.program(row["id"]), run, row["split"], day)
    return {"cutoff": day.isoformat(), "fitness_before": plain(before), "fitness_after": plain(after)}


def as_row(factor: Any) -> dict[str, Any]:
    """A ranked factor as plain JSON values; undefined figures are null."""
    return {key: plain(getattr(factor, key)) for key in _KEYS} | {"parameters": dict(factor.parameters)}


def plain(value: Any) -> Any:
    """JSON has no NaN: undefined is null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def rendered(rows: list[dict[str, Any]], format_: str) -> str:
    """The rows as a table, JSON or CSV."""
    if format_ == "json":
        return json.dumps(rows, indent=2)
    if format_ == "csv":
        import pandas as pd

        flat = [row | {"parameters": json.dumps(row["parameters"])} for row in rows]
        return pd.DataFrame(flat, columns=list(rows[0]) if rows else _KEYS).to_csv(index=False).rstrip("\n")
    from factorengine.cli.tables import table

    columns = COLUMNS
    if rows and "cutoff" in rows[0]:
        around = {f"fitness_{side}": f"{side} {rows[0]['cutoff']}" for side in ("before", "after")}
        columns = {key: COLUMNS[key] for key in list(COLUMNS)[:5]} | around | COLUMNS
    return table(rows, columns) if rows else "no scored factors yet: run `factorengine mine`."

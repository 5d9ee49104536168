"""`factorengine rank`: the best factors of a store."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from factorengine.cli.options import emit, examples, format_option, output_option, store_option

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
@format_option("table", "json", "csv")
@output_option("Write to this file instead of the screen.")
def command(
    store_url: str,
    run: str | None,
    top: int,
    by: str,
    split: str,
    all_: bool,
    format_: str,
    output: Path | None,
) -> None:
    """List the best factors, distinct as signals, with their scores averaged over the run's horizons."""
    from knowledge_base.store import open_store

    with open_store(store_url, create=False) as store:
        factors = store.ranking(run, split=split, by=by, top=top, distinct=not all_)
    emit(rendered([as_row(factor) for factor in factors], format_), output)


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
        return pd.DataFrame(flat, columns=_KEYS).to_csv(index=False).rstrip("\n")
    from factorengine.cli.tables import table

    return table(rows, COLUMNS) if rows else "no scored factors yet: run `factorengine mine`."

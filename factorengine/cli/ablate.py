"""`factorengine ablate`: what each part of the search is worth."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from factorengine.cli.options import examples, format_option

if TYPE_CHECKING:
    from engine.ablation import Outcome

_COLUMNS = {
    "variant": "variant",
    "best_validation": "best, validation",
    "elites_validation": "elites, validation",
    "elites_test": "elites, test",
    "kept_on_test": "kept",
    "found": "planted found",
    "trials": "trials",
    "elapsed_s": "seconds",
}


@click.command(
    "ablate",
    epilog=examples(
        "factorengine ablate --what micro-search,experience --seeds 3",
        "factorengine ablate --what reward --data prices.parquet --iterations 40",
    ),
)
@click.option(
    "--what", default="micro-search,allotment,islands,experience,chance,reward", show_default=True, metavar="PART,…",
    help="Parts to leave out: micro-search, allotment, sampler, islands, experience, reward; or chance, not a search.",
)  # fmt: skip
@click.option(
    "--seeds", default=3, show_default=True, type=click.IntRange(1, 100), help="Runs of each variant."
)
@click.option("--data", metavar="PATH", help="Market data. [default: built-in market]")
@click.option(
    "--iterations", default=60, show_default=True, type=click.IntRange(1), help="Proposals of a run."
)
@click.option(
    "--trials", default=20, show_default=True, type=click.IntRange(1), help="Parameter trials of a program."
)
@click.option("--train-end", metavar="DATE", help="Last training day. [default: after 60 % of the days]")
@click.option("--valid-end", metavar="DATE", help="Last validation day. [default: after 80 %]")
@format_option("table", "json")
def command(
    what: str,
    seeds: int,
    data: str | None,
    iterations: int,
    trials: int,
    train_end: str | None,
    valid_end: str | None,
    format_: str,
) -> None:
    """Search with and without its parts over several seeds, and compare what is found.

    The elites of each run, its five best programs, are judged once on the test days, which no run can read.
    """
    from engine.ablation import summary
    from factorengine.api import ablate
    from factorengine.cli.progress import compile_once
    from factorengine.cli.tables import table

    stated = {"data": data, "train_end": train_end, "valid_end": valid_end}
    settings: dict[str, Any] = {key: value for key, value in stated.items() if value is not None}
    compile_once(quiet=format_ == "json")
    outcomes = ablate(
        [part.strip() for part in what.split(",")],
        seeds=range(1, seeds + 1),
        on_outcome=_tell,
        iterations=iterations,
        trials=trials,
        **settings,
    )
    if format_ == "json":
        rows = {"summary": summary(outcomes), "runs": [asdict(outcome) for outcome in outcomes]}
        click.echo(json.dumps(rows, indent=2))
    else:
        click.echo(table([_shown(row) for row in summary(outcomes)], _COLUMNS))


def _tell(outcome: Outcome) -> None:
    click.echo(
        f"seed {outcome.seed}, {outcome.variant}: best {outcome.best_validation:+.3f}, elites "
        f"{outcome.elites_validation:+.3f}, on test {outcome.elites_test:+.3f}, {outcome.found} planted found, "
        f"{outcome.elapsed_s:.0f} s",
        err=True,
    )


def _shown(row: dict[str, float | str]) -> dict[str, str]:
    """Each figure with its spread."""
    formats = {"found": "{:.1f} ± {:.1f}", "trials": "{:.0f} ± {:.0f}", "elapsed_s": "{:.0f} ± {:.0f}"}
    cells = {"variant": str(row["variant"]), "kept_on_test": f"{row['kept_on_test']:.0%}"}
    for name in _COLUMNS:
        if name not in cells:
            cells[name] = formats.get(name, "{:+.3f} ± {:.3f}").format(row[name], row[f"{name}_sd"])
    return cells

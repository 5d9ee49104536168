"""`factorengine evaluate`: one program on one data set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from factorengine.cli.options import (
    emit,
    examples,
    format_option,
    output_option,
    require_sandbox_option,
)

if TYPE_CHECKING:
    from engine.evaluation import Evaluation

_COLUMNS = {
    "horizon": "days ahead",
    "ic": "IC",
    "icir": "ICIR",
    "rank_ic": "rank IC",
    "rank_icir": "rank ICIR",
    "days": "days",
}


@click.command(
    "evaluate",
    epilog=examples(
        "factorengine evaluate reversal.py --data prices.parquet",
        "factorengine evaluate reversal.py --data prices.parquet --params '{\"window\": 5}' --format json",
        "factorengine evaluate reversal.py --data prices.parquet --start 2012-01-01 --values scores.parquet",
    ),
)
@click.argument("program", type=click.Path(path_type=Path), metavar="PROGRAM.py")
@click.option("--data", required=True, metavar="PATH", help="Parquet, CSV, folder of CSVs or panel folder.")
@click.option("--start", metavar="DATE", help="First day to score; earlier days are history.")
@click.option("--end", metavar="DATE", help="Last day to read.")
@click.option("--params", metavar="JSON", help="Parameter values. [default: the program's defaults]")
@click.option("--universe", default="auto", show_default=True, metavar="RULE", help="auto, all or top:N.")
@click.option(
    "--values", type=click.Path(path_type=Path), metavar="OUT.parquet", help="Write date, symbol, value."
)
@require_sandbox_option
@format_option("table", "json")
@output_option("Write the scores to this file instead of the screen.")
def command(
    program: Path,
    data: str,
    start: str | None,
    end: str | None,
    params: str | None,
    universe: str,
    values: Path | None,
    require_sandbox: bool,
    format_: str,
    output: Path | None,
) -> None:
    """Run a factor program in the sandbox, test it for look-ahead and score it.

    Rows after --end are not read, so returns that end later are unknown and left out.
    """
    from factorengine.api import evaluate
    from factorengine.cli.progress import compile_once
    from factors.program import read_program
    from market.panel import Panel

    parsed = read_program(program)
    parameters = json_parameters(params)
    parsed.parameters.complete(parameters)
    start, end = _day("--start", start), _day("--end", end)
    _check_order(start, end)
    panel = Panel.load(data, universe=universe)
    _check_overlap(panel, start, end)
    compile_once(quiet=format_ == "json")
    evaluation = evaluate(
        parsed, panel, parameters=parameters, start=start, end=end, require_sandbox=require_sandbox
    )
    if values is not None:
        _write_values(evaluation, values)
    emit(json.dumps(evaluation.to_dict(), indent=2) if format_ == "json" else _text(evaluation), output)


def json_parameters(text: str | None) -> dict[str, Any]:
    """The values of `--params`."""
    from market.errors import ConfigError

    try:
        parameters = json.loads(text) if text else {}
    except ValueError as problem:
        raise ConfigError(f"--params must be a JSON object such as '{{\"window\": 5}}': {problem}.") from None
    if not isinstance(parameters, dict):
        raise ConfigError(f"--params must be a JSON object, got {text}.")
    return parameters


def _day(option: str, text: str | None) -> str | None:
    """The stated day as YYYY-MM-DD."""
    from market.dates import as_day
    from market.errors import ConfigError, DataError

    try:
        return None if text is None else str(as_day(text))
    except DataError:
        raise ConfigError(f"{option} must be a date such as 2013-12-31, got {text!r}.") from None


def _check_order(start: str | None, end: str | None) -> None:
    from market.errors import ConfigError

    if start and end and start > end:
        raise ConfigError(f"--start {start} lies after --end {end}: swap them.")


def _check_overlap(panel: Any, start: str | None, end: str | None) -> None:
    from market.errors import DataError

    first, last = str(panel.dates[0]), str(panel.dates[-1])
    if (start and start > last) or (end and end < first):
        raise DataError(f"{start or '…'} to {end or '…'} does not overlap the data, {first} to {last}.")


def _write_values(evaluation: Evaluation, path: Path) -> None:
    from market.errors import DataError

    long = evaluation.long_frame()
    try:
        long.to_parquet(path, index=False)
    except OSError as problem:
        raise DataError(f"`{path}` cannot be written: {problem}.") from None
    click.echo(f"wrote {len(long)} values to {path}", err=True)


def _text(evaluation: Evaluation) -> str:
    from factorengine.cli.tables import audit_line, sandbox_line, shown, table

    card = evaluation.to_dict()
    rows = [{"horizon": int(days)} | scores for days, scores in card["horizons"].items()]
    names = ("fitness", "coverage", "turnover")
    figures = [f"{name} {shown(name, card[name])}" for name in names]
    figures += [f"{label} {shown(key, card['portfolio'][key])}" for key, label in
                (("ar", "return a year"), ("sharpe", "Sharpe"), ("mdd", "drawdown"))]  # fmt: skip
    dates, symbols = card["panel"]["dates"], card["panel"]["symbols"]
    return "\n".join(
        [
            f"{evaluation.program.name}: {evaluation.program.idea}",
            f"{dates} days × {symbols} symbols, scored {card['start']} to {card['end']}; "
            f"parameters: {shown('parameters', card['parameters']) or 'none'}",
            "",
            table(rows, _COLUMNS),
            "",
            ", ".join(figures),
            audit_line(card["audit"]),
            sandbox_line(evaluation.protections),
        ]
    )

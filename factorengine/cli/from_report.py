"""`factorengine seeds from-report`: research reports read in a batch, with its progress and its way to go on."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from factorengine.cli.language import language_options, language_settings
from factorengine.cli.options import (
    day_of_option,
    examples,
    format_option,
    mine_with,
    require_sandbox_option,
    store_option,
    where,
)
from factorengine.cli.tables import one_line, short_table

if TYPE_CHECKING:
    from engine.reports import Progress, ReadingSettings, ReportOutcome
    from knowledge_base.reports import ReportRecord
    from market.errors import FactorEngineError

_COLUMNS = {
    "report": "report",
    "published": "published",
    "status": "status",
    "factor": "factor",
    "outcome": "outcome",
    "reason": "reason",
}


@click.command(
    "from-report",
    epilog=examples(
        "factorengine seeds from-report report.pdf                       # offline: printed formulas only",
        "factorengine seeds from-report reports/ --published-before 2013-01-01 --model NAME --price NAME=0.5/2",
        "factorengine seeds from-report report.pdf --base-url http://127.0.0.1:8000/v1 --model NAME",
    ),
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PDF|FOLDER...")
@click.option(
    "--published-before", metavar="DAY", callback=day_of_option, help="Only reports from before this day."
)
@click.option("--again", is_flag=True, help="Read also what was read before.")
@language_options
@click.option(
    "--llm-replay", metavar="RUN", help="Give the replies of a recorded run or cassette again; ask no model."
)
@store_option
@require_sandbox_option
@format_option("table", "json")
def command(
    paths: tuple[Path, ...],
    published_before: date | None,
    again: bool,
    llm_replay: str | None,
    store_url: str,
    require_sandbox: bool,
    format_: str,
    **language: Any,
) -> int:
    """Read research reports and make programs of the factors that they define; these become seeds.

    Without --model only formulas printed in Qlib's or WorldQuant's notation are found.
    """
    from engine.config import MineConfig
    from engine.reports import ReadingSettings
    from factorengine.cli.progress import compile_once

    files = _report_files(paths)
    stated = language_settings({}, language)
    offline = not stated and llm_replay is None
    proposer = "grammar" if offline else "llm"
    config = MineConfig.of({"proposer": proposer, "llm": stated, "llm_replay": llm_replay})
    config.require_language()
    settings = ReadingSettings(
        llm=config.llm,
        published_before=published_before,
        again=again,
        offline=offline,
        require_sandbox=require_sandbox,
        llm_replay=llm_replay,
    )
    compile_once(quiet=format_ == "json")
    outcomes, stopped = _read(files, store_url, settings, quiet=format_ == "json")
    for outcome in outcomes:
        if outcome.error:
            click.echo(f"factorengine: {one_line(outcome.error)}", err=True)
    if format_ == "json":
        click.echo(json.dumps([asdict(outcome) for outcome in outcomes], indent=2, default=str))
    elif any(outcome.report for outcome in outcomes):
        click.echo(_summary(outcomes, store_url, offline=offline))
    if isinstance(stopped, KeyboardInterrupt):
        click.echo("factorengine: interrupted; the same command goes on from here.", err=True)
        return 130
    if stopped is not None:
        raise stopped
    return 0 if any(outcome.report and outcome.report.status != "failed" for outcome in outcomes) else 2


def _report_files(paths: Sequence[Path]) -> list[Path]:
    """The files named, and the PDFs in the folders named, each once."""
    from market.errors import DataError

    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise DataError(f"no report at `{path}`: check the path.")
        found = sorted(path.glob("*.[pP][dD][fF]")) if path.is_dir() else [path]
        if not found:
            raise DataError(f"the folder `{path}` has no reports (*.pdf): name another one.")
        files += found
    return list(dict.fromkeys(files))


def _read(
    files: Sequence[Path], store_url: str, settings: ReadingSettings, *, quiet: bool
) -> tuple[list[ReportOutcome], KeyboardInterrupt | FactorEngineError | None]:
    """What came of the reports, and what ended the reading early, if anything did."""
    from engine.reports import read_reports
    from knowledge_base.store import open_store
    from market.errors import FactorEngineError

    outcomes: list[ReportOutcome] = []
    try:
        with open_store(store_url) as store, _progress(len(files), quiet=quiet) as show:
            outcomes.extend(read_reports(files, store, settings, on_progress=show))
    except (KeyboardInterrupt, FactorEngineError) as stopped:
        return outcomes, stopped
    return outcomes, None


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """A callback that shows on standard error what is being done: on a terminal a bar, else lines."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        doing = TextColumn("{task.fields[doing]}", markup=False)
        with Bar(
            TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), doing,
            console=Console(stderr=True), transient=True,
        ) as bar:  # fmt: skip
            task = bar.add_task("reports", total=total, doing="starting")
            yield lambda state: bar.update(task, completed=state.number - 1, doing=_doing(state))
    else:
        yield lambda state: click.echo(f"{state.number}/{total}  {_doing(state)}", err=True)


def _doing(state: Progress) -> str:
    return one_line(f"{state.report}: {state.doing}" + (f" ({state.note})" if state.note else ""))


def _summary(outcomes: Sequence[ReportOutcome], store_url: str, *, offline: bool) -> str:
    """The table, what was not done, and what to type next."""
    known = [(outcome.path, outcome.report) for outcome in outcomes if outcome.report]
    rows = [row for _, report in known for row in _report_rows(report)]
    lines = [short_table(rows, _COLUMNS), ""]
    if offline:
        lines += ["offline: only printed formulas are looked for; --model NAME reads the text, too", ""]
    lines.append("next:")
    if any(row["outcome"] == "program" for row in rows):
        lines.append(f"  {mine_with('own', store_url)}")
    path, _ = known[0]
    return "\n".join([*lines, f"  factorengine report-card {quote(str(path))}{where(store_url)}"])


def _report_rows(report: ReportRecord) -> list[dict[str, Any]]:
    """A row a factor, or one for a report without any."""
    head = {"report": report.name, "published": report.published, "status": report.status}
    if not report.factors:
        return [head | {"factor": None, "outcome": None, "reason": report.reason}]
    return [
        head | {"factor": factor.name, "outcome": factor.status, "reason": factor.reason}
        for factor in report.factors
    ]

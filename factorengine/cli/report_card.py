"""`factorengine report-card`: a research report beside what was taken from it, as one page of HTML."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from factorengine.cli.options import emit, examples, output_option, require_sandbox_option, store_option


@click.command(
    "report-card",
    epilog=examples(
        "factorengine report-card report.pdf                # writes report.html here",
        "factorengine report-card report.pdf -o card.html --store factors.db",
    ),
)
@click.argument("report", type=click.Path(path_type=Path), metavar="REPORT.pdf")
@store_option
@output_option("Write to this file. [default: the report's name with .html, in this folder]")
@require_sandbox_option
def command(report: Path, store_url: str, output: Path | None, require_sandbox: bool) -> None:
    """Show a report that was read: its text, the sentences that were used, and the factors made of them."""
    from agents.reports.reading import read_document
    from factorengine.report_card import report_card
    from knowledge_base.errors import StoreError
    from knowledge_base.store import open_store

    document = read_document(report, require_sandbox=require_sandbox)
    with open_store(store_url, create=False) as store:
        known = store.find_report(document.sha256)
    if known is None:
        raise StoreError(
            f"`{report}` was not read into this store: run `factorengine seeds from-report {quote(str(report))}` first."
        )
    emit(report_card(document, known), output or Path(f"{report.stem}.html"))

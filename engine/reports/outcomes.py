"""What the store keeps of a report: pure functions of what was found in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from agents.reports.document import Document
from agents.reports.expressions import PrintedFormula
from agents.reports.records import Extraction, Finding, Screening, Sketch
from factors.program import slug
from knowledge_base.reports import NewReport, NewReportFactor, NewSeed, ReportStatus


def report_record(
    document: Document, screening: Screening, status: ReportStatus, reason: str = ""
) -> NewReport:
    """A report as the store keeps it."""
    return NewReport(
        sha256=document.sha256,
        name=document.name,
        title=screening.title or document.title or document.name,
        published=screening.published,
        pages=len(document.pages),
        status=status,
        reason=reason,
        screening=screening.model_dump(mode="json"),
    )


def unsuitable(screening: Screening) -> str:
    """Why a report is of no use; empty if it is useful."""
    if screening.is_factor_report and screening.factors:
        return ""
    return f"it defines no factor: {screening.reason}"


def too_late(screening: Screening, published_before: date | None) -> str:
    """Why a report is left out by its day of publication; empty if it is not."""
    if published_before is None:
        return ""
    if screening.published is None:
        return f"its day of publication is not known, only reports before {published_before} are asked for"
    if screening.published >= published_before:
        return (
            f"it was published on {screening.published}, only reports before {published_before} are asked for"
        )
    return ""


def skipped(
    sketch: Sketch,
    lacking: Sequence[str],
    extraction: Extraction | None = None,
    findings: Sequence[Finding] = (),
) -> NewReportFactor:
    """A factor that needs what the engine does not have."""
    return NewReportFactor(
        name=sketch.name,
        status="skipped",
        reason=f"it needs data that are not there: {', '.join(lacking)}",
        record=None if extraction is None else extraction.model_dump(mode="json"),
        findings=[finding.model_dump(mode="json") for finding in findings],
    )


def seed_of(factor: NewReportFactor, document: Document, screening: Screening) -> NewSeed:
    """The program as a seed, with everything that leads back to the report."""
    name = slug(factor.name)
    if factor.name.startswith("formula "):
        name = f"{slug(Path(document.name).stem)}_{name}"
    return NewSeed(
        name=name,
        source=factor.source,
        origin="report",
        published=screening.published,
        provenance={
            "sha256": document.sha256,
            "report": document.name,
            "title": screening.title or document.title,
            "published": None if screening.published is None else screening.published.isoformat(),
            "factor": factor.name,
            "record": factor.record,
            "pseudocode": factor.pseudocode,
        },
    )


def printed(formula: PrintedFormula, number: int, trouble: str) -> NewReportFactor:
    """A formula that the report prints; `trouble` is why its program does not run."""
    step = {"text": "", "formula": formula.formula, "page": formula.page, "quote": formula.line}
    return NewReportFactor(
        name=f"formula {number}",
        status="skipped" if formula.missing else "failed" if trouble else "program",
        reason=formula.missing or trouble,
        source=formula.source,
        record={"core_idea": formula.formula, "steps": [step]},
    )

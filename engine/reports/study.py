"""One report with a language model: screened, taken down, checked, written, run, mended, tested by another reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from agents.errors import UnusableReplyError
from agents.language import LanguageMentor, Problem
from agents.llm.client import LanguageClient
from agents.reports.document import Document
from agents.reports.instructions import addressed_sentences
from agents.reports.readers import ReportReaders
from agents.reports.records import Examination, Extraction, Finding, Screening, Sketch, is_there
from engine.evaluation import check, trial_market
from engine.fidelity import disagreements
from engine.reports.outcomes import report_record, seed_of, skipped, too_late, unsuitable
from factors.errors import ProgramError
from factors.program import Program
from knowledge_base.reports import NewReportFactor, NewSeed, ReportRecord, ReportStatus
from knowledge_base.store import Store

_ROUNDS = 2  # of verification and revision
_SEED = 17


@dataclass
class Study:
    """One report, with a language model."""

    store: Store
    client: LanguageClient
    document: Document
    tell: Callable[[str], None]
    published_before: date | None = None
    again: bool = False
    require_sandbox: bool = False

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(_SEED)
        self.readers = ReportReaders(self.client, self.rng)
        self.mentor = LanguageMentor(self.client)

    def go(self, known: ReportRecord | None) -> None:
        """Screen the report, then study each factor that has no outcome yet."""
        begun = known is not None and known.status in {"reading", "too_late"} and not self.again
        done = {factor.name for factor in known.factors} if known is not None and begun else set()
        if known is not None and begun and known.screening is not None:
            screening = Screening.model_validate(known.screening)
        else:
            self.tell("screening")
            try:
                screening = self._screened()
            except UnusableReplyError as error:
                screening = Screening(is_factor_report=False, title=self.document.title)
                self.store.save_report(report_record(self.document, screening, "failed", str(error)))
                return
        outcomes: list[tuple[ReportStatus, str]] = [
            ("screened_out", unsuitable(screening)),
            ("too_late", too_late(screening, self.published_before)),
        ]
        for status, reason in outcomes:
            if reason:
                self.store.save_report(report_record(self.document, screening, status, reason))
                return
        report_id = self.store.save_report(report_record(self.document, screening, "reading"))
        for sketch in screening.factors:
            if sketch.name not in done:
                self.store.save_report_factor(report_id, *self._studied(sketch, screening))
        self.store.save_report(report_record(self.document, screening, "read"))

    def _screened(self) -> Screening:
        """The screener's judgement; instructions are looked for without it, too."""
        screening = self.readers.screen(self.document)
        addressed = dict.fromkeys((*screening.instructions, *addressed_sentences(self.document)))
        changes: dict[str, Any] = {"instructions": tuple(addressed)}
        if screening.published is None:
            changes["published"] = self.document.created
        return screening.model_copy(update=changes)

    def _studied(self, sketch: Sketch, screening: Screening) -> tuple[NewReportFactor, NewSeed | None]:
        """What comes of one factor, and the seed that it becomes."""
        if sketch.lacking:
            return skipped(sketch, sketch.lacking), None
        try:
            self.tell(f"{sketch.name}: taking down")
            extraction, findings = self._verified(sketch)
            lacking = [need for need in extraction.data if not is_there(need)]
            if lacking:
                return skipped(sketch, lacking, extraction, findings), None
            self.tell(f"{sketch.name}: pseudocode")
            pseudocode = self.readers.pseudocode(extraction)
            self.tell(f"{sketch.name}: program")
            source = self.readers.synthesize(extraction, pseudocode)
            self.tell(f"{sketch.name}: tests from another reading")
            examination = self.readers.examine(self.document, sketch, extraction)
        except UnusableReplyError as error:
            return NewReportFactor(name=sketch.name, status="failed", reason=str(error)), None
        self.tell(f"{sketch.name}: running")
        program, problem, disagreed = self._made_to_work(source, examination)
        doubts = [*disagreed, *(f"{f.kind}: {f.what}" for f in findings if not f.resolved)]
        factor = NewReportFactor(
            name=sketch.name,
            status="failed" if problem else "disputed" if doubts else "program",
            reason=problem or "; ".join(doubts),
            source=program,
            pseudocode=pseudocode,
            record=extraction.model_dump(mode="json"),
            findings=[finding.model_dump(mode="json") for finding in findings],
            disagreements=disagreed,
        )
        seed = seed_of(factor, self.document, screening) if factor.status == "program" else None
        return factor, seed

    def _verified(self, sketch: Sketch) -> tuple[Extraction, list[Finding]]:
        """The factor taken down, checked by a second reader and revised where that found something."""
        extraction, heard = self.readers.take_down(self.document, sketch)
        settled: list[Finding] = []
        for round_ in range(_ROUNDS):
            self.tell(f"{sketch.name}: checking")
            findings = self.readers.verify(self.document, extraction)
            open_ones = [finding for finding in findings if not finding.resolved]
            if not open_ones or round_ == _ROUNDS - 1:
                break
            settled += [finding.model_copy(update={"resolved": True}) for finding in open_ones]
            self.tell(f"{sketch.name}: revising")
            extraction, heard = self.readers.revise(self.document, heard, open_ones)
        again = {(finding.kind, finding.page) for finding in findings}
        return extraction, [*(f for f in settled if (f.kind, f.page) not in again), *findings]

    def _made_to_work(self, source: str, examination: Examination) -> tuple[str, str, list[str]]:
        """The program after as many corrections as are allowed: its text, why it fails, what disagrees with it."""
        for attempt in range(self.mentor.corrections + 1):
            stage, problem, disagreed = self._tried(source, examination)
            if not stage or attempt == self.mentor.corrections:
                break
            self.tell(f"mending: {stage}")
            mended = self.mentor.correct(
                Problem(source=source, stage=stage, message=problem or "\n".join(disagreed), iteration=0),
                self.rng,
            )
            if mended is None:
                break
            source = mended
        return source, problem, disagreed

    def _tried(self, source: str, examination: Examination) -> tuple[str, str, list[str]]:
        """The stage at which a program stops, and why: an error, or tests that it does not pass."""
        try:
            program = Program.parse(source)
            check(program, trial_market(), require_sandbox=self.require_sandbox)
        except ProgramError as error:
            return error.stage, str(error), []
        disagreed = disagreements(program, examination, require_sandbox=self.require_sandbox)
        return ("fidelity" if disagreed else ""), "", disagreed

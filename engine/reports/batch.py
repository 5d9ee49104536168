"""Reports read one after the other, each once, by its content.

What is done is in the store after every factor, so that a batch that was stopped goes on where it was. Without a
language model only formulas that a report prints in a known notation become programs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from agents.llm.client import LanguageClient
from agents.llm.settings import LanguageConfig
from agents.reports.document import Document
from agents.reports.errors import ReportError
from agents.reports.expressions import PrintedFormula, printed_formulas
from agents.reports.instructions import addressed_sentences
from agents.reports.reading import read_document
from agents.reports.records import Screening
from engine.evaluation import check, trial_market
from engine.reports.outcomes import printed, report_record, seed_of, too_late
from engine.reports.study import Study
from engine.staff import endpoint_of
from factors.errors import ProgramError
from factors.program import Program
from knowledge_base.reports import ReportRecord, ReportStatus
from knowledge_base.store import Store

_FINAL = ("read", "screened_out")
_OFFLINE = "without a language model only printed formulas are read"


@dataclass(frozen=True, kw_only=True)
class ReadingSettings:
    """How reports are read.

    offline           without a language model
    published_before  reports of that day or later, or of an unknown day, are left out
    again             read also what was read before
    """

    llm: LanguageConfig = field(default_factory=lambda: LanguageConfig.model_validate({}))
    offline: bool = False
    published_before: date | None = None
    again: bool = False
    require_sandbox: bool = False
    llm_replay: str | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What is being done: with report `number` of `total`, from 1; `note` is what a person should know."""

    report: str
    number: int
    total: int
    doing: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportOutcome:
    """What came of a file: the report as the store knows it, or why it could not be read."""

    path: Path
    report: ReportRecord | None
    error: str = ""
    was_known: bool = False


def read_reports(
    paths: Sequence[Path],
    store: Store,
    settings: ReadingSettings,
    *,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[ReportOutcome]:
    """Read reports one after the other; each is in the store when its outcome is given.

    Raises `ConfigError` if a language model is needed and cannot be asked, and `LLMError` if its endpoint refuses, is
    away for too long, or the budget is used up: the same call goes on there later.
    """
    if settings.offline:
        yield from _Reading(store, settings, None, on_progress).all(paths)
        return
    settings.llm.require_models()
    if settings.llm_replay is None:
        settings.llm.require_access()
    account = batch_account(paths)
    store.abandon_calls(account)
    endpoint = endpoint_of(settings.llm, settings.llm_replay, store, account)
    client = LanguageClient(
        endpoint, store, settings.llm, account=account, replayed=settings.llm_replay is not None
    )
    with closing(client):
        yield from _Reading(store, settings, client, on_progress).all(paths)


def batch_account(paths: Sequence[Path]) -> str:
    """The account that pays for the calls of a batch: the same for the same files, so that it goes on."""
    names = "\n".join(sorted(str(path.resolve()) for path in paths))
    return f"reports {hashlib.sha256(names.encode()).hexdigest()[:12]}"


@dataclass
class _Reading:
    store: Store
    settings: ReadingSettings
    client: LanguageClient | None
    on_progress: Callable[[Progress], None]

    def all(self, paths: Sequence[Path]) -> Iterator[ReportOutcome]:
        """The outcome of each file."""
        for number, path in enumerate(paths, start=1):

            def tell(doing: str, number: int = number, path: Path = path) -> None:
                note = self.client.note if self.client else ""
                self.on_progress(
                    Progress(report=path.name, number=number, total=len(paths), doing=doing, note=note)
                )

            tell("reading the file")
            try:
                document = read_document(path, require_sandbox=self.settings.require_sandbox)
            except ReportError as error:
                yield ReportOutcome(path=path, report=None, error=str(error))
                continue
            yield self._outcome(path, document, tell)

    def _outcome(self, path: Path, document: Document, tell: Callable[[str], None]) -> ReportOutcome:
        known = self.store.find_report(document.sha256)
        final = _FINAL if self.client else (*_FINAL, "formulas_only")
        if known is not None and known.status in final and not self.settings.again:
            return ReportOutcome(path=path, report=known, was_known=True)
        if self.client is None:
            self._read_offline(document, tell)
        else:
            Study(
                self.store,
                self.client,
                document,
                tell,
                published_before=self.settings.published_before,
                again=self.settings.again,
                require_sandbox=self.settings.require_sandbox,
            ).go(known)
        return ReportOutcome(path=path, report=self.store.find_report(document.sha256))

    def _read_offline(self, document: Document, tell: Callable[[str], None]) -> None:
        """Programs of the formulas that the report prints."""
        tell("looking for formulas")
        screening = Screening(
            is_factor_report=False,
            reason=_OFFLINE,
            title=document.title,
            published=document.created,
            instructions=addressed_sentences(document),
        )
        late = too_late(screening, self.settings.published_before)
        formulas = () if late else printed_formulas(document)
        found = (
            f"{len(formulas)} printed formulas; {_OFFLINE}, its text and other formulas are not understood"
        )
        status: ReportStatus = "too_late" if late else "formulas_only"
        report_id = self.store.save_report(report_record(document, screening, status, late or found))
        for number, formula in enumerate(formulas, start=1):
            factor = printed(formula, number, self._trouble(formula))
            seed = seed_of(factor, document, screening) if factor.status == "program" else None
            self.store.save_report_factor(report_id, factor, seed)

    def _trouble(self, formula: PrintedFormula) -> str:
        """Why a formula's program does not run; empty if it does, or if there is none."""
        if formula.source:
            try:
                check(
                    Program.parse(formula.source),
                    trial_market(),
                    require_sandbox=self.settings.require_sandbox,
                )
            except ProgramError as error:
                return str(error)
        return ""

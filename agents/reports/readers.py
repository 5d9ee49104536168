"""The agents that read a report: one screens, one takes down, one checks, one writes, one tests from its own view."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from agents.language.conversation import converse
from agents.language.writing import programmer
from agents.llm.client import Ask, LanguageClient
from agents.llm.tokens import about_tokens
from agents.prompts import prompt, quoted
from agents.replies import ReplyError, read_idea, read_json
from agents.reports.document import Document
from agents.reports.records import (
    Examination,
    Extraction,
    Finding,
    Screening,
    Sketch,
    Step,
    Verification,
)

R = TypeVar("R", Screening, Extraction, Verification, Examination)
_SHOWN_ERRORS = 4
_LATER_DAY = re.compile(r"_\{?[^{}]{0,20}\bt\s*\+\s*(?!0)[1-9kjsh]")
_MOST_PSEUDOCODE = 20_000


@dataclass(frozen=True)
class ReportReaders:
    """All of them, around one client. Each raises `UnusableReplyError` and the client's errors."""

    client: LanguageClient
    rng: np.random.Generator

    def screen(self, document: Document) -> Screening:
        """Whether the report defines factors, and which."""
        return self._record("screener", "screen", Screening, report=self._report(document, ()))

    def take_down(self, document: Document, sketch: Sketch) -> tuple[Extraction, Ask]:
        """A factor of the report, every quote of which is in it; and the conversation, for `revise`."""
        chosen = prompt("read")
        text = chosen.render(name=sketch.name, report=self._report(document, sketch.pages))
        ask = self._ask("reader", chosen.version, text)
        return converse(self.client, ask, lambda reply: _located(_parsed(reply, Extraction), document))

    def revise(self, document: Document, heard: Ask, findings: Sequence[Finding]) -> tuple[Extraction, Ask]:
        """The factor taken down again, in view of what a second reader found."""
        chosen = prompt("revise")
        text = chosen.render(findings=quoted("findings", _json([f.model_dump() for f in findings])))
        ask = replace(heard, prompt=chosen.version, messages=[*heard.messages, _from_user(text)])
        return converse(self.client, ask, lambda reply: _located(_parsed(reply, Extraction), document))

    def verify(self, document: Document, extraction: Extraction) -> tuple[Finding, ...]:
        """What a second reader, and a look at the formulas, find in a record."""
        pages = tuple(sorted({step.page for step in extraction.steps}))
        verification = self._record(
            "verifier",
            "verify",
            Verification,
            report=self._report(document, pages),
            record=quoted("record", record_text(extraction)),
        )
        return (*verification.findings, *_later_days(extraction))

    def pseudocode(self, extraction: Extraction) -> str:
        """The factor as an algorithm in LaTeX's style."""
        chosen = prompt("pseudocode")
        ask = self._ask(
            "pseudocode", chosen.version, chosen.render(record=quoted("record", record_text(extraction)))
        )
        text, _ = converse(self.client, ask, _pseudocode)
        return text

    def synthesize(self, extraction: Extraction, pseudocode: str) -> str:
        """The factor as a program; not yet run."""
        chosen = prompt("synthesize")
        text = chosen.render(
            record=quoted("record", record_text(extraction)), pseudocode=quoted("pseudocode", pseudocode)
        )
        ask = self._ask("synthesizer", chosen.version, text, system=programmer("synthesizer"))
        source, _ = converse(self.client, ask, lambda reply: read_idea(reply, base=None).source)
        return source

    def examine(self, document: Document, sketch: Sketch, extraction: Extraction) -> Examination:
        """Tests of the program from the report alone: of the record it shows the parameters' names only."""
        parameters = "; ".join(
            f"{choice.name} ({choice.symbol or 'no symbol'}, {choice.type}, {choice.low:g} to {choice.high:g}, "
            f"by default {choice.default:g})"
            for choice in extraction.parameters
        )
        chosen = prompt("examine")
        text = chosen.render(
            name=sketch.name,
            report=self._report(document, sketch.pages),
            parameters=quoted("parameters", parameters or "none"),
        )

        def read(reply: str) -> Examination:
            return _within_ranges(_parsed(reply, Examination), extraction)

        examination, _ = converse(self.client, self._ask("examiner", chosen.version, text), read)
        return examination

    def _record(self, role: str, name: str, kind: type[R], **values: str) -> R:
        chosen = prompt(name)
        ask = self._ask(role, chosen.version, chosen.render(**values))
        record, _ = converse(self.client, ask, lambda reply: _parsed(reply, kind))
        return record

    def _ask(self, role: str, version: str, text: str, system: str | None = None) -> Ask:
        messages = [
            {"role": "system", "content": system or prompt("reader").render(role=role)},
            _from_user(text),
        ]
        model = self.client.settings.choose(self.rng)
        return Ask(role=role, prompt=version, messages=messages, model=model)

    def _report(self, document: Document, pages: Sequence[int]) -> str:
        """The report as far as it fits: the pages in question and those beside them, then from the beginning."""
        wanted = {number for page in pages for number in (page - 1, page, page + 1)}
        order = sorted(document.pages, key=lambda page: (page.number not in wanted, page.number))
        left, shown = self.client.settings.max_prompt_tokens, []
        for page in order:
            size = about_tokens(page.rendering())
            if size <= left:
                left -= size
                shown.append(page)
        omitted = len(document.pages) - len(shown)
        text = "\n".join(page.rendering() for page in sorted(shown, key=lambda page: page.number))
        note = f"\n[{omitted} further pages are left out for brevity]" if omitted else ""
        return quoted("report", f"{document.title}\n\n{text}{note}")


def record_text(extraction: Extraction) -> str:
    """A record as the agents see it."""
    return _json(extraction.model_dump(mode="json"))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _from_user(text: str) -> Mapping[str, str]:
    return {"role": "user", "content": text}


def _parsed(reply: str, kind: type[R]) -> R:
    """The JSON of a reply as a record; `ReplyError` names the fields that are wrong."""
    try:
        return kind.model_validate(read_json(reply))
    except ValidationError as problem:
        errors = [
            f"{'.'.join(map(str, error['loc'])) or 'the object'}: {error['msg'].removeprefix('Value error, ')}"
            for error in problem.errors()
        ]
        more = f" (and {len(errors) - _SHOWN_ERRORS} more)" if len(errors) > _SHOWN_ERRORS else ""
        raise ReplyError(
            f"the JSON object is not as asked for: {'; '.join(errors[:_SHOWN_ERRORS])}{more}."
        ) from None


def _located(extraction: Extraction, document: Document) -> Extraction:
    """The record with the pages on which its quotes are; `ReplyError` for a quote that the report does not have."""
    steps: list[Step] = []
    for number, step in enumerate(extraction.steps, start=1):
        page = document.find(step.quote)
        if page is None:
            raise ReplyError(
                f"the quote of step {number} does not occur in the report: {step.quote[:200]!r}. Quote to the letter."
            )
        steps.append(step.model_copy(update={"page": page}))
    names = [choice.name for choice in extraction.parameters]
    if len(set(names)) != len(names):
        raise ReplyError(f"each parameter needs a name of its own, got {', '.join(names)}.")
    return extraction.model_copy(update={"steps": tuple(steps)})


def _later_days(extraction: Extraction) -> list[Finding]:
    """Formulas that speak of a later day."""
    return [
        Finding(
            kind="look_ahead",
            what=f"the formula of step {number} has a later day: {step.formula[:200]}",
            page=step.page,
            quote=step.quote,
        )
        for number, step in enumerate(extraction.steps, start=1)
        if _LATER_DAY.search(step.formula)
    ]


def _pseudocode(reply: str) -> str:
    text = re.sub(r"^```\w*\n?|\n?```$", "", reply.strip()).strip()
    if not text:
        raise ReplyError("the pseudocode is empty.")
    if len(text) > _MOST_PSEUDOCODE:
        raise ReplyError(f"pseudocode has at most {_MOST_PSEUDOCODE} characters, got {len(text)}.")
    return text


def _within_ranges(examination: Examination, extraction: Extraction) -> Examination:
    """The tests; `ReplyError` for a parameter that is unknown or out of range."""
    choices = {choice.name: choice for choice in extraction.parameters}
    for example in examination.examples:
        for name, value in example.parameters.items():
            if name not in choices:
                raise ReplyError(f"the parameters are {', '.join(choices) or 'none'}, got {name!r}.")
            low, high = choices[name].low, choices[name].high
            if not low <= value <= high:
                raise ReplyError(f"{name} must lie in [{low:g}, {high:g}], got {value:g}.")
    return examination

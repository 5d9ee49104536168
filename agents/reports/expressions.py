"""Formulas in Qlib's or WorldQuant's notation that a report prints: programs without any language model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agents.reports.document import Document
from factors.errors import ProgramError
from factors.formulas import FormulaError, read_formula, write_program
from factors.formulas.errors import MissingDataError
from factors.program import Program

_START = re.compile(
    r"-?\s*(?:\d+\s*\*\s*)?[A-Za-z][A-Za-z_0-9]{1,30}\(|\$(?:open|high|low|close|volume|vwap)\b"
)
_FIELD = re.compile(r"\$?\b(?:open|high|low|close|volume|vwap|returns|adv\d+)\b")
_MOST_CHARACTERS, _MOST_FOUND = 600, 100


@dataclass(frozen=True, kw_only=True)
class PrintedFormula:
    """A formula of a report, the line that it stands in, and the program that it means; or why there is none."""

    formula: str
    page: int
    line: str
    source: str = ""
    missing: str = ""


def printed_formulas(document: Document) -> tuple[PrintedFormula, ...]:
    """The formulas that can be read, each once, in their order."""
    found: dict[str, PrintedFormula] = {}
    for page in document.pages:
        for line in page.text.splitlines():
            for formula in _formulas(line):
                if len(found) < _MOST_FOUND:
                    found.setdefault(formula, _read(formula, page.number, line.strip(), document))
    return tuple(found.values())


def _formulas(line: str) -> Iterator[str]:
    """The longest readable formulas of a line, from left to right."""
    place = 0
    while match := _START.search(line, place):
        formula = _longest(line[match.start() : match.start() + _MOST_CHARACTERS])
        if formula:
            yield formula
        place = match.start() + len(formula) if formula else match.end()


def _longest(text: str) -> str:
    """The longest beginning of a text that is a formula with a call and a field; empty if none is."""
    ends = [match.end() for match in re.finditer(r"\)", text)]
    for end in reversed(ends[:60]):
        candidate = text[:end].strip()
        if candidate.count("(") != candidate.count(")") or not _FIELD.search(candidate):
            continue
        try:
            read_formula(candidate)
        except MissingDataError:
            return candidate
        except FormulaError:
            continue
        return candidate
    return ""


def _read(formula: str, page: int, line: str, document: Document) -> PrintedFormula:
    title = document.title or document.name
    try:
        source = write_program(read_formula(formula), source=f"{title}, page {page}")
        Program.parse(source)
    except (FormulaError, ProgramError) as problem:
        return PrintedFormula(formula=formula, page=page, line=line, missing=str(problem))
    return PrintedFormula(formula=formula, page=page, line=line, source=source)

"""A research report beside what was taken from it, as one page of HTML without scripts or outside resources.

The report and all that was made of it are strangers' text: the template escapes it, and the page's policy forbids the
browser to run or load anything, should that fail.
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, TypeAlias

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from agents.reports.document import Document, Page
from knowledge_base.reports import ReportRecord

_CELL_MARK = " | "  # between the cells of a table in a page's text
_OUTCOMES = {
    "program": "became a program",
    "disputed": "disputed: another reading disagrees with the program",
    "skipped": "skipped",
    "failed": "failed",
}
Line: TypeAlias = "tuple[Piece, ...]"


@dataclass(frozen=True, kw_only=True)
class Note:
    """A step that was taken from a passage, or a finding on it; `page` is None if the report has no such text."""

    number: int
    factor: str
    finding: str
    is_resolved: bool
    text: str
    formula: str
    quote: str
    page: int | None


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Where a note's passage stands in the text of one page."""

    page: int
    start: int
    stop: int
    note: Note


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Text with the same notes on all of it; `begins` are those whose passage begins here."""

    text: str
    notes: tuple[Note, ...]
    begins: tuple[Note, ...]


@dataclass(frozen=True, kw_only=True)
class Block:
    """The lines of a paragraph, or the rows of a table."""

    lines: tuple[Line, ...] = ()
    rows: tuple[tuple[Line, ...], ...] = ()


def report_card(document: Document, report: ReportRecord) -> str:
    """Return the page: the report's text with the quoted passages marked, and every factor with its record."""
    notes = _notes(document, report)
    marks = [mark for note in notes for mark in _marks(document, note)]
    style = _environment().get_template("report_card.css").render()
    return (
        _environment()
        .get_template("report_card.html")
        .render(
            report=report,
            screening=report.screening or {},
            pages=[(page, _blocks(page, marks), _noted(page, notes)) for page in document.pages],
            factors=[
                (factor, [note for note in notes if note.factor == factor.name]) for factor in report.factors
            ],
            outcomes=_OUTCOMES,
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("factorengine"),
        autoescape=True,
        finalize=_legible,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _legible(value: object) -> object:
    """Text without controls, marks that turn its direction and halves of characters; finished HTML as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(
        letter if letter.isprintable() or letter == "\n" else " " if letter.isspace() else ""
        for letter in value
    )


def _notes(document: Document, report: ReportRecord) -> list[Note]:
    """The steps and findings of every factor, numbered."""
    parts = [
        (factor.name, part)
        for factor in report.factors
        for part in (*(factor.record or {}).get("steps", ()), *factor.findings)
    ]
    return [
        Note(
            number=number,
            factor=factor,
            finding=part.get("kind", ""),
            is_resolved=part.get("resolved", False),
            text=part.get("what") or part.get("text", ""),
            formula=part.get("formula", ""),
            quote=part.get("quote", ""),
            page=_page_of(document, part),
        )
        for number, (factor, part) in enumerate(parts, start=1)
    ]


def _page_of(document: Document, part: Mapping[str, Any]) -> int | None:
    """The page that is stated, if the passage is on it, else the first that has it."""
    quote = part.get("quote", "")
    stated = [page for page in document.pages if page.number == part.get("page")]
    if stated and _has(stated[0].text, quote):
        return stated[0].number
    return document.find(quote)


def _has(text: str, quote: str) -> bool:
    page = Page(number=1, text=text)
    return Document(name="", sha256="", pages=(page,)).find(quote) is not None


def _marks(document: Document, note: Note) -> Iterator[Mark]:
    """Where the passage stands, also on the next page if it runs over."""
    if note.page is None:
        return
    pages = document.pages[note.page - 1 : note.page + 1]
    text = "\n".join(page.text for page in pages)
    if not _has(text, note.quote):
        return
    start, stop = _place(text, note.quote)
    for page in pages:
        if start < len(page.text) and stop > 0:
            yield Mark(page=page.number, start=max(start, 0), stop=min(stop, len(page.text)), note=note)
        start, stop = start - len(page.text) - 1, stop - len(page.text) - 1


def _place(text: str, quote: str) -> tuple[int, int]:
    """Where a passage begins and ends: the shortest beginning of the text that has it, and the shortest end of that."""
    stop = bisect_left(range(len(text)), True, key=lambda stop: _has(text[:stop], quote))
    start = bisect_left(range(stop), True, key=lambda start: not _has(text[start:stop], quote)) - 1
    return max(start, 0), stop


def _noted(page: Page, notes: Iterable[Note]) -> list[Note]:
    return [note for note in notes if note.page == page.number]


def _blocks(page: Page, marks: Iterable[Mark]) -> list[Block]:
    """The page's paragraphs in order, with the lines that repeat a table's rows as a table."""
    here = [mark for mark in marks if mark.page == page.number]
    lines, tables = list(_lines(page.text)), list(page.tables)
    blocks = [Block()]
    while lines:
        table = next((table for table in tables if _stands_at(table, lines)), None)
        if table is not None:
            tables.remove(table)
            blocks += [Block(rows=tuple(_cells(*line, here) for line in lines[: len(table)])), Block()]
            del lines[: len(table)]
            continue
        start, text = lines.pop(0)
        if text:
            blocks[-1] = Block(lines=(*blocks[-1].lines, _pieces(start, text, here)))
        else:
            blocks.append(Block())
    return [block for block in blocks if block.lines or block.rows]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _stands_at(table: Sequence[Sequence[str]], lines: Sequence[tuple[int, str]]) -> bool:
    said = [text.split(_CELL_MARK) for _, text in lines[: len(table)]]
    return [[cell.strip() for cell in row] for row in said] == [list(row) for row in table]


def _cells(start: int, text: str, marks: Sequence[Mark]) -> tuple[Line, ...]:
    cells = []
    for cell in text.split(_CELL_MARK):
        cells.append(_pieces(start, cell, marks))
        start += len(cell) + len(_CELL_MARK)
    return tuple(cells)


def _pieces(start: int, text: str, marks: Sequence[Mark]) -> Line:
    """A stretch of a page's text, divided where a passage begins or ends."""
    stop = start + len(text)
    edges = {edge for mark in marks for edge in (mark.start, mark.stop) if start < edge < stop}
    return tuple(
        Piece(
            text=text[left - start : right - start],
            notes=tuple(mark.note for mark in marks if mark.start <= left and right <= mark.stop),
            begins=tuple(mark.note for mark in marks if mark.start == left),
        )
        for left, right in pairwise([start, *sorted(edges), stop])
    )

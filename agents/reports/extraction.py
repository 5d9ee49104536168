"""The service that opens a PDF: runs in the sandbox, because the file is a stranger's and the parser is native code.

It answers with plain values, which the host checks. A file that cannot be read is an answer, too:
{"refused": what was found and the remedy}.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from agents.reports.errors import ReportError
from agents.reports.formulas import linearised
from agents.reports.layout import blocks_of
from agents.reports.marks import Frame, drawing_of, glyphs_of
from agents.reports.runs import runs_of
from agents.reports.tables import tables_of
from agents.reports.tidying import Sheet, texts_of

_DAMAGED = "is damaged and cannot be opened: download it again, or print it to a new PDF"
_ACROSS = 0.6  # of the page's width, from which a line ends the columns above it
_LOCKED = "is encrypted: save a copy without its password"
_REASONS = {pdfium.raw.FPDF_ERR_PASSWORD: _LOCKED, pdfium.raw.FPDF_ERR_SECURITY: _LOCKED}


class Extractor:
    """Reads one file at a time. Scripts, attachments, forms and links of a PDF are never looked at."""

    def __init__(self, pages: int, page_characters: int, characters: int) -> None:
        self._pages = pages
        self._page_characters = page_characters
        self._characters = characters

    def read(self, path: str, sha256: str) -> dict[str, Any]:
        """Return the pages of the file, provided that it is still the one that the host has hashed."""
        try:
            return self._read(Path(path).read_bytes(), sha256)
        except ReportError as error:
            return {"refused": str(error)}
        except pdfium.PdfiumError as error:
            return {"refused": _REASONS.get(error.err_code, _DAMAGED)}

    def _read(self, content: bytes, sha256: str) -> dict[str, Any]:
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ReportError("changed while it was read: read it again when it is complete")
        document = pdfium.PdfDocument(content)
        if len(document) > self._pages:
            raise ReportError(f"has {len(document):,} pages, at most {self._pages} are read: split it")
        sheets = list(self._sheets(document))
        return {
            "title": document.get_metadata_value("Title"),
            "created": document.get_metadata_value("CreationDate"),
            "pages": list(_pages(sheets)),
        }

    def _sheets(self, document: Any) -> Iterator[Sheet]:
        left = self._characters
        for number, page in enumerate(document, start=1):
            textpage = page.get_textpage()
            characters = textpage.count_chars()
            left -= characters
            if characters > self._page_characters or left < 0:
                raise ReportError(
                    f"has {characters:,} characters on page {number}, at most {self._page_characters:,} on a page "
                    f"and {self._characters:,} in all are read: split it, or leave that page out"
                )
            yield _sheet(page, textpage)
            textpage.close()
            page.close()


def _sheet(page: Any, textpage: Any) -> Sheet:
    frame = Frame.of(page)
    drawing = drawing_of(page, frame)
    runs = runs_of(glyphs_of(textpage, frame))
    tables = tables_of(runs, (*drawing.lines, *drawing.edges))
    in_tables = {run.order for table in tables for run in table.runs}
    loose = [run for run in runs if run.order not in in_tables]
    across = [line for line in drawing.lines if line.width > _ACROSS * frame.shown.width]
    blocks = blocks_of(linearised(loose, drawing.lines), tables, across)
    return Sheet(blocks=tuple(blocks), height=frame.shown.height, pictures=drawing.pictures)


def _pages(sheets: list[Sheet]) -> Iterator[dict[str, Any]]:
    for sheet, text in zip(sheets, texts_of(sheets), strict=True):
        tables = [block.table for block in sheet.blocks if block.table is not None]
        yield {"text": text, "tables": tables, "pictures": sheet.pictures}

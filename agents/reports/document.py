r"""A research report as text: pages in reading order, tables as rows of cells, and a search for quotes.

Formulas are written in one line as TeX does it: `x_{i,t}` and `v^{2}` for what is set lower or higher, `\frac{a}{b}`,
`\sqrt{x}`, `∑_{k=1}^{K}`. Nothing inside a picture is read, formulas included; `Page.pictures` counts them.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import accumulate

Table = tuple[tuple[str, ...], ...]
"""Rows of cells, the heading first; every row has the same number of cells."""

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63"
_SINGLE_QUOTES, _DOUBLE_QUOTES = "\u2018\u2019\u201a\u2032", "\u201c\u201d\u201e\u2033"
_STOP = "\u3002"  # of Chinese; NFKC leaves it as it is
_ALIKE = str.maketrans(
    dict.fromkeys(_DASHES, "-")
    | dict.fromkeys(_SINGLE_QUOTES, "'")
    | dict.fromkeys(_DOUBLE_QUOTES, '"')
    | {_STOP: "."}
)
_UNSEEN = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff_^{}|]+")  # and the marks of formulas and cells
_HYPHEN_IN_WORD = re.compile(r"(?<=[^\W\d])-(?=[^\W\d])")


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page: `number` from 1, `text` with its tables in place as rows of `cell | cell`."""

    number: int
    text: str
    tables: tuple[Table, ...] = ()
    pictures: int = 0

    @property
    def is_scanned(self) -> bool:
        """Whether the page is pictures without text."""
        return self.pictures > 0 and not self.text

    def rendering(self) -> str:
        """The page as plain text for a reader, with its number and a word on the pictures that are left out."""
        unread = f"\n[pictures on this page, not read: {self.pictures}]" if self.pictures else ""
        return f"[page {self.number}]\n{self.text}{unread}\n"


@dataclass(frozen=True, kw_only=True)
class Document:
    """One report. `title` and `created` are what the file says of itself, and may be absent or wrong."""

    name: str
    sha256: str
    pages: tuple[Page, ...]
    title: str = ""
    created: date | None = None

    def find(self, quote: str) -> int | None:
        """The page on which a quoted passage begins, or None if it is not in the report.

        Line breaks, hyphens within words, full-width forms, case and formula marks do not matter; every letter,
        digit, sign and stop does. A passage may run over to the next page.
        """
        wanted = _comparable(quote)
        text, starts = self._searchable
        place = text.find(wanted) if any(map(str.isalnum, wanted)) else -1
        return None if place < 0 else self.pages[bisect_right(starts, place) - 1].number

    def rendering(self) -> str:
        """All pages as plain text for a reader."""
        return "\n".join(page.rendering() for page in self.pages)

    @cached_property
    def _searchable(self) -> tuple[str, list[int]]:
        """All text in the form in which quotes are compared, and where in it each page begins."""
        texts = [_comparable(page.text) for page in self.pages]
        return "".join(texts), list(accumulate(map(len, texts), initial=0))[:-1]


def _comparable(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(_ALIKE).casefold()
    return _HYPHEN_IN_WORD.sub("", _UNSEEN.sub("", folded))

"""What a page's lines need to be read as prose: running heads dropped, divided words joined, dot leaders cut."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agents.reports.layout import Block
from agents.reports.marks import Run

_MARGIN = 0.1  # of the page's height, above and below, where running heads stand
_LEADERS = re.compile(r"(?:\s*[.…·]){5,}\s*")
_DIVIDED = re.compile(r"\b(\w+)[-\u00ad]\n(\w+)[ \n]?")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A page's blocks in reading order, its height and the pictures on it."""

    blocks: tuple[Block, ...]
    height: float
    pictures: int


def texts_of(sheets: Sequence[Sheet]) -> list[str]:
    """The text of each page: paragraphs with an empty line between them."""
    pages = ["\n\n".join(_text(block) for block in sheet.blocks) for sheet in _without_running_heads(sheets)]
    words = {word.casefold() for page in pages for word in _WORD.findall(page)}
    return [_DIVIDED.sub(lambda divided: _joined(divided, words), page) for page in pages]


def _text(block: Block) -> str:
    return "\n".join(_LEADERS.sub(" … ", line.text) for line in block.lines)


def _joined(divided: re.Match[str], words: set[str]) -> str:
    """One word without the hyphen if the document has it so elsewhere; else the hyphen may be the word's own."""
    before, after = divided.groups()
    hyphen = "" if (before + after).casefold() in words else "-"
    return f"{before}{hyphen}{after}\n"


def _without_running_heads(sheets: Sequence[Sheet]) -> Iterator[Sheet]:
    """Lines in the margins that come again on at least half of the pages stay only where they come first."""
    counts = Counter(key for sheet in sheets for key in {_key(run) for run in _margin_lines(sheet)})
    repeated = {key for key, count in counts.items() if count > 1 and 2 * count >= len(sheets)}
    seen: set[str] = set()
    for sheet in sheets:
        found = {key: run.order for run in _margin_lines(sheet) if (key := _key(run)) in repeated}
        dropped = {order for key, order in found.items() if key in seen}
        seen |= found.keys()
        yield replace(sheet, blocks=tuple(_remaining(sheet.blocks, dropped)))


def _margin_lines(sheet: Sheet) -> Iterator[Run]:
    margin = _MARGIN * sheet.height
    for block in sheet.blocks:
        for line in block.lines if block.table is None else ():
            if line.box.bottom < margin or line.box.top > sheet.height - margin:
                yield line


def _key(line: Run) -> str:
    return re.sub(r"\d+", "#", "".join(line.text.split()))


def _remaining(blocks: Sequence[Block], dropped: set[int]) -> Iterator[Block]:
    for block in blocks:
        lines = tuple(line for line in block.lines if line.order not in dropped)
        if lines:
            yield replace(block, lines=lines)

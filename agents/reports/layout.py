"""Reading order: lines from runs, paragraphs from lines, and columns before rows where a page has columns.

Within a paragraph the file's own order is kept, which is the writer's; between paragraphs the place decides.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from agents.reports.document import Table
from agents.reports.marks import Box, Run, around
from agents.reports.runs import merged
from agents.reports.tables import Found

_EQUATION_NUMBER = re.compile(r"\(\w{1,4}(\.\w{1,3})?\)")
_LEAST_GUTTER = 6.0  # points between two columns
_PROSE = 25  # characters from which a piece of a line may be a column's
_LEAST_COLUMN = 100.0  # points; an equation's number or a date in the margin is no column
_LEAST_ROWS = 2  # in which a gutter shows
_COLUMN_GAP = 1.5  # between two columns' lines, in font sizes
_PARAGRAPH_GAP = 0.65  # between two paragraphs, in heights of the line above
_MAX_DEPTH = 50


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph or a table: its lines in order, with its place."""

    lines: tuple[Run, ...]
    box: Box
    table: Table | None = None

    @property
    def order(self) -> int:
        """Its place in the file's order."""
        return self.lines[0].order


def blocks_of(runs: Sequence[Run], tables: Sequence[Found], separators: Sequence[Box]) -> list[Block]:
    """The tables of a page and the text outside them, in reading order; a column ends at a separator."""
    blocks = [_paragraph(lines) for lines in _paragraphs(_lines(runs))]
    zones: dict[int, list[Block]] = defaultdict(list)
    for block in [*blocks, *map(_block_of_table, tables)]:
        zones[sum(line.top < block.box.middle for line in separators)].append(block)
    return [block for number in sorted(zones) for block in _ordered(zones[number], 0)]


def _block_of_table(found: Found) -> Block:
    lines = tuple(merged(found.runs, " | ".join(row)) for row in found.rows)
    return Block(lines=lines, box=found.box, table=found.rows)


def _lines(runs: Sequence[Run]) -> list[Run]:
    """Runs that follow each other to the right on one height, joined."""
    gutters = _gutters(runs)
    lines = list(runs[:1])
    for last, run in pairwise(runs):
        if _goes_on(last, run) and not _is_divided(last, run, gutters):
            lines[-1] = merged([lines[-1], run], f"{lines[-1].text} {run.text}")
        else:
            lines.append(run)
    return lines


def _goes_on(last: Run, run: Run) -> bool:
    beside = last.box.overlap_down(run.box) > 0.5
    return beside and run.box.left > last.box.right - 0.3 * last.size


def _gutters(runs: Sequence[Run]) -> list[tuple[float, float]]:
    """White space between two long pieces of text on one height: the space between two columns, row by row."""
    return [
        (last.box.right, run.box.left)
        for last, run in pairwise(runs)
        if _goes_on(last, run)
        and run.box.left - last.box.right > _COLUMN_GAP * last.size
        and min(len(last.text), len(run.text)) >= _PROSE
    ]


def _is_divided(last: Run, run: Run, gutters: Iterable[tuple[float, float]]) -> bool:
    if run.box.left - last.box.right < _COLUMN_GAP * last.size or _EQUATION_NUMBER.fullmatch(run.text):
        return False
    return sum(last.box.right <= right and left <= run.box.left for left, right in gutters) >= _LEAST_ROWS


def _paragraphs(lines: Iterable[Run]) -> Iterator[list[Run]]:
    paragraph: list[Run] = []
    for line in lines:
        if paragraph and not _follows(paragraph[-1], line):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _follows(above: Run, line: Run) -> bool:
    gap = line.box.top - above.box.bottom
    beside = min(above.box.right, line.box.right) - max(above.box.left, line.box.left)
    return beside > 0 and -0.5 * line.box.height < gap < _PARAGRAPH_GAP * min(above.size, line.size)


def _paragraph(lines: Sequence[Run]) -> Block:
    return Block(lines=tuple(lines), box=_box_of(lines))


def _box_of(parts: Sequence[Run] | Sequence[Block]) -> Box:
    return around([part.box for part in parts])


def _ordered(blocks: Sequence[Block], depth: int) -> list[Block]:
    """Blocks in reading order: band by band from the top, and column by column within a band."""
    for parts in (_columnar(_split(blocks, _down, 0.0)), _split(blocks, _across, _LEAST_GUTTER)):
        if len(parts) > 1 and depth < _MAX_DEPTH:
            return [block for part in parts for block in _ordered(part, depth + 1)]
    return sorted(blocks, key=lambda block: block.order)


def _columnar(bands: Sequence[list[Block]]) -> list[list[Block]]:
    """Neighbouring bands as one where the same white space divides them into columns."""
    joined: list[list[Block]] = []
    for band in bands:
        either = _has_columns(band) or (bool(joined) and _has_columns(joined[-1]))
        if joined and either and _has_wide_columns([*joined[-1], *band]):
            joined[-1] += band
        else:
            joined.append(list(band))
    return joined


def _has_columns(blocks: Sequence[Block]) -> bool:
    return len(_split(blocks, _across, _LEAST_GUTTER)) > 1


def _has_wide_columns(blocks: Sequence[Block]) -> bool:
    columns = _split(blocks, _across, _LEAST_GUTTER)
    return len(columns) > 1 and all(_box_of(column).width > _LEAST_COLUMN for column in columns)


def _across(box: Box) -> tuple[float, float]:
    return box.left, box.right


def _down(box: Box) -> tuple[float, float]:
    return box.top, box.bottom


def _split(
    blocks: Sequence[Block], extent: Callable[[Box], tuple[float, float]], gap: float
) -> list[list[Block]]:
    """Groups of blocks with white space of more than `gap` between them along one direction."""
    groups: list[list[Block]] = []
    end = 0.0
    for block in sorted(blocks, key=lambda block: extent(block.box)[0]):
        start, stop = extent(block.box)
        if groups and start < end + gap:
            groups[-1].append(block)
            end = max(end, stop)
        else:
            groups.append([block])
            end = stop
    return groups

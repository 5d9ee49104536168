"""Tables found by their horizontal rules: cells stand beside each other between rules of one length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from agents.reports.document import Table
from agents.reports.marks import Box, Run, around

_SAME_EDGE = 3.0  # points between the ends of two rules of one table
_LEAST_WIDTH = 50.0  # points of a table
_COLUMN_GAP = 3.0  # points without text between two columns
_ROW_HEIGHT = 3.5  # of a single row with wrapped cells, in font sizes
_TABULAR = 0.6  # fraction of a table's lines that hold more than one cell


@dataclass(frozen=True, kw_only=True)
class Found:
    """A table with its place and the runs that it consists of."""

    rows: Table
    box: Box
    runs: tuple[Run, ...]


def tables_of(runs: Sequence[Run], rules: Iterable[Box]) -> list[Found]:
    """The tables of a page."""
    tables: list[Found] = []
    left = list(runs)
    for edges in sorted(_ladders(rules), key=len, reverse=True):
        found = list(_between(edges, left))
        used = {run.order for table in found for run in table.runs}
        left = [run for run in left if run.order not in used]
        tables += found
    return tables


def _ladders(rules: Iterable[Box]) -> Iterable[list[Box]]:
    """Rules of the same length below each other, from the top."""
    ladders: dict[tuple[int, int], list[Box]] = {}
    for rule in sorted(rules, key=lambda rule: rule.top):
        left, right = round(rule.left / _SAME_EDGE), round(rule.right / _SAME_EDGE)
        near = [(left + i, right + j) for i in (0, -1, 1) for j in (0, -1, 1)]
        if rule.width > _LEAST_WIDTH:
            ladders.setdefault(next((key for key in near if key in ladders), near[0]), []).append(rule)
    return ladders.values()


def _between(edges: Sequence[Box], runs: Sequence[Run]) -> Iterator[Found]:
    """The tables between these rules: neighbouring bands that hold several columns."""
    bands: list[list[list[Run]]] = []
    for upper, lower in pairwise(edges):
        lines = _lines([run for run in runs if _is_within(run.box, upper, lower)])
        if _is_tabular(lines):
            bands.append(lines)
        elif lines or lower.top - upper.bottom > _SAME_EDGE:
            yield from _table(bands)
            bands = []
    yield from _table(bands)


def _is_within(box: Box, upper: Box, lower: Box) -> bool:
    return upper.top < box.middle < lower.bottom and upper.left - _SAME_EDGE < box.left < upper.right


def _lines(runs: Iterable[Run]) -> list[list[Run]]:
    """Runs side by side, from the top; each line from the left."""
    lines: list[list[Run]] = []
    for run in sorted(runs, key=lambda run: run.box.top):
        if lines and lines[-1][0].box.overlap_down(run.box) > 0.5:
            lines[-1].append(run)
        else:
            lines.append([run])
    return [sorted(line, key=lambda run: run.box.left) for line in lines]


def _is_tabular(lines: Sequence[Sequence[Run]]) -> bool:
    several = sum(len(line) > 1 for line in lines)
    if not several:
        return False
    height = lines[-1][0].box.bottom - lines[0][0].box.top
    return several >= _TABULAR * len(lines) or height < _ROW_HEIGHT * lines[0][0].size


def _table(bands: Sequence[Sequence[Sequence[Run]]]) -> Iterator[Found]:
    runs = [run for band in bands for line in band for run in line]
    columns = _columns(runs)
    if len(bands) > 1 and len(columns) > 1:
        rows = tuple(row for band in bands for row in _rows(band, columns))
        yield Found(rows=rows, box=around([run.box for run in runs]), runs=tuple(runs))


def _columns(runs: Iterable[Run]) -> list[tuple[float, float]]:
    """Stretches of the width that hold text in some row, divided by white space through all of them."""
    columns: list[tuple[float, float]] = []
    for box in sorted((run.box for run in runs), key=lambda box: box.left):
        if columns and box.left < columns[-1][1] + _COLUMN_GAP:
            columns[-1] = (columns[-1][0], max(columns[-1][1], box.right))
        else:
            columns.append((box.left, box.right))
    return columns


def _rows(band: Sequence[Sequence[Run]], columns: Sequence[tuple[float, float]]) -> Iterator[tuple[str, ...]]:
    """One row a line, or a single row if only one line begins in the first column: the others are wrapped cells."""
    begun = sum(line[0].box.left < columns[0][1] for line in band)
    lines = band if begun > 1 else [[run for line in band for run in line]]
    for line in lines:
        yield tuple(
            " ".join(run.text for run in line if left <= run.box.left < right) for left, right in columns
        )

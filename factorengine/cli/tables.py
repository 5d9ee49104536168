"""Tables for people; the numbers are the library's."""

from __future__ import annotations

import io
import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from factors.sandbox import Protection

NUMBERS = {
    "fitness": "{:+.4f}",
    "fitness_before": "{:+.4f}",
    "fitness_after": "{:+.4f}",
    "ic": "{:+.4f}",
    "icir": "{:+.3f}",
    "rank_ic": "{:+.4f}",
    "rank_icir": "{:+.3f}",
    "sharpe": "{:+.2f}",
    "turnover": "{:.1%}",
    "coverage": "{:.1%}",
    "ar": "{:+.1%}",
    "mdd": "{:.1%}",
    "correlation": "{:+.2f}",
    "attainable_rank_ic": "{:+.4f}",
    "usd": "{:.4f}",
    "latency_s": "{:.1f}",
}
_COUNTS = frozenset({"rank", "id", "days", "horizon", "calls", "tokens"})
_FEWEST, _UNBOUNDED = 20, 1000
_CELL = 60  # characters of a long text on a terminal


def shown(name: str, value: Any) -> str:
    """One cell: numbers in their column's format, an en dash where undefined."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_short(item)}" for key, item in value.items())
    return NUMBERS[name].format(value) if name in NUMBERS else str(value)


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """Render `rows`; `columns` maps keys to headings. On a terminal long parameters are cut short, in a file not."""
    grid = Table(header_style="bold", box=None, pad_edge=False)
    cells = {key: [shown(key, row.get(key)) for row in rows] for key in columns}
    for key, heading in columns.items():
        numeric = key in NUMBERS or key in _COUNTS
        grid.add_column(heading, justify="right" if numeric else "left", no_wrap=True)
    if "parameters" in cells and sys.stdout.isatty():
        others = sum(max(map(len, [columns[key], *cells[key]])) + 2 for key in columns if key != "parameters")
        room = max(_FEWEST, shutil.get_terminal_size().columns - others)
        cells["parameters"] = [_cut(text, room) for text in cells["parameters"]]
    for row in zip(*cells.values(), strict=True):
        grid.add_row(*row)
    text = io.StringIO()
    Console(file=text, width=_UNBOUNDED, highlight=False, markup=False).print(grid)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def short_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """As `table`, for texts that may be long or a stranger's: on one line each, cut short on a terminal."""
    most = _CELL if sys.stdout.isatty() else sys.maxsize
    cells = [{key: _cut(one_line(shown(key, row[key])), most) for key in columns} for row in rows]
    return table(cells, columns) if rows else ""


def one_line(text: str) -> str:
    """A stranger's text in one line that a terminal shows as it is."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def sandbox_line(protections: Sequence[Protection]) -> str:
    """Which walls stand around program text, and which are missing and why."""
    standing = ", ".join(wall.name for wall in protections if not wall.missing)
    missing = "; ".join(f"{wall.name} is missing ({wall.missing})" for wall in protections if wall.missing)
    return f"sandbox: {standing or 'nothing'}; {missing}" if missing else f"sandbox: all on ({standing})"


def audit_line(audit: Mapping[str, Any]) -> str:
    """A passed audit in one line."""
    cut, _, end = audit["cut_dates"]
    largest = audit["largest_difference"]
    return (
        f"audit: passed; no earlier value moved when the days after {cut} or {audit['single_days']} single days were "
        f"altered, or the data ended on {end}" + (f" (rounding: {largest:.1e})" if largest else "")
    )


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

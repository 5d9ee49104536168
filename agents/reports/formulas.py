"""Formulas in one line, as TeX writes them: sums with their limits, fractions and roots, from where their parts stand.

Innermost first: sums, then lines from the shortest to the longest, so that a nested one is already one run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from agents.reports.marks import Box, Run, around
from agents.reports.runs import merged

_Distance = Callable[[Run, float], float]
_SUMS = frozenset("∑∏Σ∫")
_NEAR = 0.6  # how far a part may stand from its line or sign, in heights of its own font
_SLACK = 3.0  # points by which a part may stick out
_UNDERLINE = 0.22  # how far below a baseline an underline may be, in heights of the font
_LEAST_FILL = 0.5  # of a fraction's line is as long as its wider part
_OFF_CENTRE = 0.15  # how far a part may stand from the middle of its line, in lengths of the line


def linearised(runs: Sequence[Run], lines: Iterable[Box]) -> list[Run]:
    """The runs with those of each sum, fraction and root joined to one, in the file's order."""
    left = list(runs)
    for sign in [run for run in runs if run.text in _SUMS]:
        _join_sum(left, sign)
    for line in sorted(lines, key=lambda box: box.width):
        inside = [run for run in left if _is_along(run.box, line)]
        if inside and not _join_root(left, inside, line):
            _join_fraction(left, inside, line)
    return sorted(left, key=lambda run: run.order)


def _join_sum(runs: list[Run], sign: Run) -> None:
    middle = (sign.box.left + sign.box.right) / 2
    limits = [
        run
        for run in runs
        if run.size < sign.size and run.box.left - _SLACK <= middle <= run.box.right + _SLACK
    ]
    below, above = _nearest(limits, sign.box.bottom, _below), _nearest(limits, sign.box.top, _above)
    marked = [f"{mark}{{{_compact(part.text)}}}" for mark, part in (("_", below), ("^", above)) if part]
    _replace(runs, [run for run in (sign, below, above) if run], sign.text + "".join(marked))


def _join_root(runs: list[Run], inside: Sequence[Run], line: Box) -> bool:
    sign = next((run for run in runs if run.text.endswith("√") and _meets(run.box, line)), None)
    if sign is None:
        return False
    depth = sign.box.bottom + _SLACK
    content = [run for run in inside if line.top - _SLACK <= run.box.top and run.box.bottom <= depth]
    radicand = _beside(content)
    after = radicand[len(radicand.rstrip(",;. ")) :]  # a comma behind the formula
    radicand = radicand.removesuffix(after)
    _replace(runs, [sign, *content], f"{sign.text[:-1]}\\sqrt{{{radicand}}}{after.strip()}")
    return True


def _join_fraction(runs: list[Run], inside: Sequence[Run], line: Box) -> None:
    above, below = _stack(inside, line.top, _above), _stack(inside, line.bottom, _below)
    if above and below and _is_filled(line, above, below) and not _is_underlined(above, line):
        _replace(runs, [*above, *below], f"\\frac{{{_beside(above)}}}{{{_beside(below)}}}")


def _is_underlined(runs: Iterable[Run], line: Box) -> bool:
    return any(abs(line.top - run.baseline) < _UNDERLINE * run.size for run in runs)


def _is_along(box: Box, line: Box) -> bool:
    return line.left - _SLACK <= box.left and box.right <= line.right + _SLACK


def _meets(sign: Box, line: Box) -> bool:
    """Whether the line goes on where the root sign ends."""
    return abs(sign.right - line.left) < _SLACK and abs(sign.top - line.top) < 2 * _SLACK


def _above(run: Run, edge: float) -> float:
    """How far a run stands above a height."""
    return edge - run.box.bottom


def _below(run: Run, edge: float) -> float:
    """How far a run stands below a height."""
    return run.box.top - edge


def _is_near(run: Run, distance: float) -> bool:
    return -_SLACK < distance < _NEAR * run.size


def _nearest(runs: Iterable[Run], edge: float, distance: _Distance) -> Run | None:
    near = [run for run in runs if _is_near(run, distance(run, edge))]
    return min(near, key=lambda run: distance(run, edge), default=None)


def _stack(runs: Sequence[Run], edge: float, distance: _Distance) -> list[Run]:
    """The runs next to an edge, with those beside them that stand further off because they are less tall."""
    near = [run for run in runs if _is_near(run, distance(run, edge))]
    return [
        run
        for run in runs
        if distance(run, edge) > -_SLACK and any(run.box.overlap_down(other.box) > 0.5 for other in near)
    ]


def _is_filled(line: Box, *parts: Sequence[Run]) -> bool:
    """Whether a line is as long as a fraction's, and its parts are centred: else it underlines or divides text."""
    boxes = [around([run.box for run in part]) for part in parts]
    off = [abs(box.left + box.right - line.left - line.right) / 2 for box in boxes]
    fill = max(box.width for box in boxes)
    return fill > _LEAST_FILL * line.width and max(off) < _OFF_CENTRE * line.width + 1


def _replace(runs: list[Run], parts: Sequence[Run], text: str) -> None:
    if len(parts) > 1:
        used = {part.order for part in parts}
        runs[:] = [run for run in runs if run.order not in used]
        runs.append(merged(parts, text))


def _beside(parts: Sequence[Run]) -> str:
    return " ".join(run.text for run in sorted(parts, key=lambda run: run.box.left))


def _compact(text: str) -> str:
    return text.replace(" ", "")

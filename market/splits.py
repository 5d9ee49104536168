"""Splits that the source forgot to adjust for: found, and repaired where the evidence is strong.

A split rescales a price overnight by a simple ratio r (1/2 for two-for-one, 10 for a reverse one-for-ten) and
the day goes on as if nothing had happened. Strong evidence, all of:

    open[t] / close[t-1]  within 3 % of r       close[t] / close[t-1]  within 8 % of r
    close[t] / open[t]    within 8 % of 1       trade on t-1: the last day with a quote
    volume[t], in shares or rescaled by r, at most 4 times its median over the 20 days before

Then prices before t are multiplied by r and volumes divided by it; every return but the one into t stays
as it was. Weak evidence (6 % and 10 %, or a ratio of 3:2) is only listed.

The thresholds come from the 516 moves beyond -28 % / +45 % in nine years of 954 US stocks. The volume rule
keeps news out: crashes that happen to open near a half trade 10 to 40 times their usual volume, splits 1 to 5
times in shares. The ratio 3:2 is never repaired, because the moves near it there were takeover bids,
spin-offs and the crash of 2008.

A price that is wrong by such a ratio for a few days shows as two breaks that cancel: with ratios r and 1/r at
most 10 days apart, a strong break confirms a weak one. A strong break that anything else undoes within those
days (back within 20 %) is only listed: repairing one end of a mistake would spread it over all earlier days.
Jumps beyond tenfold that are no break are listed too.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from market.arrays import FloatArray
from market.audit import EXAMPLES, Finding
from market.grid import Grid

_WHOLE = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100)
RATIOS = tuple(sorted(Fraction(1, n) for n in _WHOLE)) + tuple(Fraction(n) for n in _WHOLE)
WEAK_RATIOS = (*RATIOS, Fraction(2, 3), Fraction(3, 2))
SMALLEST_MOVE = 0.35  # |log(close[t] / close[t-1])|: below it no ratio can match
VOLUME_DAYS = 20
LONGEST_GAP = 5  # missing days between the last quote and t
MOST_VOLUME = 4.0
PAIR_DAYS = 10
UNDONE = 0.2
IMPLAUSIBLE = np.log(10.0)


@dataclass(frozen=True)
class Break:
    """A jump of symbol column `column` overnight into row `row` by `ratio`."""

    row: int
    column: int
    ratio: Fraction


def repair_splits(grid: Grid, *, repair: bool = True) -> None:
    """Rescale strong breaks in place if `repair`, and list all of them in the grid's findings."""
    strong, weak = find_breaks(grid)
    _note_implausible(grid, strong + weak)
    if repair and strong:
        for column in {item.column for item in strong}:
            _rescale(grid, column, [item for item in strong if item.column == column])
        _note(grid, "split not adjusted", strong, "earlier prices and volumes rescaled", limit=None)
    elif strong:
        _note(grid, "split not adjusted", strong, "left as it is", limit=None)
    if weak:
        _note(grid, "jump that may be a split", weak, "left as it is", limit=EXAMPLES)


def find_breaks(grid: Grid) -> tuple[list[Break], list[Break]]:
    """Collect the breaks with strong and with weak evidence, by date."""
    close = grid.fields["close"]
    last_close = _last_quoted(close)
    with np.errstate(invalid="ignore"):
        moves = np.abs(np.log(close[1:] / last_close[:-1])) > SMALLEST_MOVE
    strong: list[Break] = []
    weak: list[Break] = []
    for row, column in np.argwhere(moves):
        found = _examine(grid, int(row) + 1, int(column))
        if found is not None:
            (strong if found[1] else weak).append(found[0])
    return _settle(grid, strong, weak)


def _last_quoted(close: FloatArray) -> FloatArray:
    """Return the close of the last day with one, at most `LONGEST_GAP` days back, (T, N)."""
    rows = np.arange(len(close))[:, None]
    quoted = np.maximum.accumulate(np.where(np.isfinite(close), rows, -1))
    last = np.take_along_axis(close, np.maximum(quoted, 0), axis=0)
    return np.where((quoted >= 0) & (rows - quoted <= LONGEST_GAP), last, np.nan)


def _settle(grid: Grid, strong: list[Break], weak: list[Break]) -> tuple[list[Break], list[Break]]:
    """Promote weak breaks that cancel a strong one, demote strong ones that something else cancels."""
    promoted = [item for item in weak if item.ratio in RATIOS and _partner(item, strong)]
    candidates = strong + promoted
    kept = [item for item in candidates if _partner(item, candidates) or not _undone(grid, item)]
    rest = [item for item in strong + weak if item not in kept]
    return sorted(kept, key=_place), sorted(rest, key=_place)


def _place(item: Break) -> tuple[int, int]:
    return item.row, item.column


def _partner(item: Break, others: list[Break]) -> bool:
    """Whether one of `others` cancels `item`."""
    return any(
        other.column == item.column
        and other.ratio == 1 / item.ratio
        and 0 < abs(other.row - item.row) <= PAIR_DAYS
        for other in others
    )


def _undone(grid: Grid, item: Break) -> bool:
    """Whether the price soon returns to its level before the break, or just came from its level after it."""
    close = grid.fields["close"][:, item.column]
    before = _last_quoted(close[: item.row, None])[-1, 0]
    after = close[item.row]
    later = close[item.row + 1 : item.row + 1 + PAIR_DAYS]
    earlier = close[max(0, item.row - 1 - PAIR_DAYS) : item.row - 1]
    returns = np.abs(np.log(np.concatenate([later / before, earlier / after])))
    return bool((returns < UNDONE).any())


def _examine(grid: Grid, row: int, column: int) -> tuple[Break, bool] | None:
    """Judge one cell: its break and whether the evidence is strong; None without evidence."""
    closes = grid.fields["close"][: row + 1, column]
    last = row - 1 - int(np.argmax(np.isfinite(closes[-2::-1])))
    before, close = closes[last], closes[row]
    opened = grid.fields["open"][row, column]
    volumes = grid.fields["volume"][max(0, row - VOLUME_DAYS) : row + 1, column]
    traded = grid.fields["volume"][last, column] > 0  # without a trade the last close is stale
    usual = np.nanmedian(volumes[:-1]) if traded else 0.0
    if not np.isfinite(opened) or not np.isfinite(volumes[-1]) or usual == 0.0:
        return None
    gap, move, day = np.log(opened / before), np.log(close / before), np.log(close / opened)
    ratio = min(WEAK_RATIOS, key=lambda r: abs(gap - np.log(float(r))))
    gap_error, move_error = abs(gap - np.log(float(ratio))), abs(move - np.log(float(ratio)))
    activity = volumes[-1] * min(float(ratio), 1.0) / usual
    if gap_error > 0.06 or move_error > 0.10 or activity > MOST_VOLUME:
        return None
    strong = ratio in RATIOS and gap_error <= 0.03 and move_error <= 0.08 and abs(day) <= 0.08
    return Break(row, column, ratio), strong


def _note_implausible(grid: Grid, explained: list[Break]) -> None:
    close, jumps = grid.fields["close"], np.zeros(grid.fields["close"].shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        jumps[1:] = np.abs(np.log(close[1:] / close[:-1])) > IMPLAUSIBLE
    for item in explained:
        jumps[item.row, item.column] = False
    grid.note("jump beyond tenfold", jumps, "left as it is: check the data")


def _rescale(grid: Grid, column: int, breaks: list[Break]) -> None:
    factor, stop = Fraction(1), None
    for item in sorted(breaks, key=lambda item: -item.row):
        _scale(grid, slice(item.row, stop), column, factor)
        factor, stop = factor * item.ratio, item.row
    _scale(grid, slice(0, stop), column, factor)


def _scale(grid: Grid, rows: slice, column: int, factor: Fraction) -> None:
    if factor == 1:
        return
    for name, values in grid.fields.items():
        part: FloatArray = values[rows, column]
        part *= float(1 / factor if name == "volume" else factor)


def _note(grid: Grid, kind: str, breaks: list[Break], action: str, *, limit: int | None) -> None:
    shown = tuple(f"{grid.symbols[b.column]} {grid.dates[b.row]} x{b.ratio}" for b in breaks[:limit])
    grid.findings.append(Finding(kind, len(breaks), action, shown))

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
spin-offs and the crash of 2008. A price that is wrong by such a ratio for a few days shows as two breaks that
cancel.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

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


@dataclass(frozen=True)
class Break:
    """A jump of symbol column `column` overnight into row `row` by `ratio`."""

    row: int
    column: int
    ratio: Fraction


def repair_splits(grid: Grid, *, repair: bool = True) -> None:
    """Rescale strong breaks in place if `repair`, and list all of them in the grid's findings."""
    strong, weak = find_breaks(grid)
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
    last_close = pd.DataFrame(close).ffill(limit=LONGEST_GAP).to_numpy()
    with np.errstate(invalid="ignore"):
        moves = np.abs(np.log(close[1:] / last_close[:-1])) > SMALLEST_MOVE
    strong: list[Break] = []
    weak: list[Break] = []
    for row, column in np.argwhere(moves):
        found = _examine(grid, int(row) + 1, int(column))
        if found is not None:
            (strong if found[1] else weak).append(found[0])
    return strong, weak


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

"""The audit of every candidate: a value at day t may depend on rows up to t only, and on nothing else.

A program is run on the panel and on two variants of it, in which everything that must not matter is different at once.
In one the days after a cut are altered at random. The other ends early, and single days in it are altered: a program
whose memory is shorter than the days between them must return to its old values before the next. In both the stocks are
in another order. Values before the altered days must be the same, up to `RELATIVE_TOLERANCE` of the row's largest.

So two more evaluations pass a sound program; only a suspect one is run again, with one thing changed at a time, to tell
look-ahead from dependence on the stocks' order and from results that differ between two runs. In another order sums
over stocks round differently, which a threshold may turn into another value here and there: `ORDER_TOLERANCE` is the
share of values that may. On a day on which all stocks are alike a score can be nothing but rounding: there values may
differ by `ROUNDING` times the program's largest.

The cut is where a leak shows most: before the day with the largest move of the market in the middle of the scored days.
The single days are `APART` rows apart, which is no multiple of a week or a month, so that look-ahead on some days only
is found, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import cycle, pairwise
from typing import Any, TypeAlias

import numpy as np

from factors.errors import InstabilityError, LookAheadError
from market.arrays import BoolArray, FloatArray, IntArray
from market.panel import Panel

RELATIVE_TOLERANCE = 1e-7
ORDER_TOLERANCE = 0.02
ROUNDING = 1e-14
APART = 23
BLOCK_ROWS = 64
Score: TypeAlias = Callable[[Panel], FloatArray]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The first value that changed: where, from what and to what, and the largest change of all."""

    date: str
    symbol: str
    before: float
    after: float
    largest: float

    def __str__(self) -> str:
        largest = f"; values changed by up to {self.largest:.6g}" if self.largest else ""
        return f"from {self.before:.6g} to {self.after:.6g}{largest}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; a missing value is None."""
        return {key: None if value != value else value for key, value in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class Audit:
    """A passed audit.

    cut_dates           the last days before the altered ones, and the last day of the shortened panel
    single_days         how many days were altered one by one
    largest_difference  between values that should agree: rounding
    """

    cut_dates: tuple[str, ...]
    single_days: int
    largest_difference: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self) | {"verdict": "passed", "cut_dates": list(self.cut_dates)}


def audit_causality(score: Score, panel: Panel, *, whole: FloatArray | None = None, seed: int = 0) -> Audit:
    """Audit `score`, which maps a panel to a (T, N) signal; `whole` is its signal on `panel`, if known.

    Raises `LookAheadError` or `InstabilityError`, naming the first date, the stock and the size of the change. A cut
    before which the signal has no opinion proves nothing, so the caller chooses a panel longer than the windows.
    """
    rng = np.random.default_rng(seed)
    whole = score(panel) if whole is None else whole
    first, cut, stop = cuts(panel, whole)
    days = range(first, stop, APART)
    variants = (
        (cut, range(cut, panel.shape[0]), panel),
        (first, days, panel.head(stop)),
    )
    largest = 0.0
    for unaltered, altered, seen in variants:
        order = rng.permutation(panel.shape[1])
        other = _put_back(score(_altered(seen, altered, order, rng)), order)
        differs = _differs(whole[: len(other)], other)
        if differs[:unaltered].any():
            _diagnose(score, panel, unaltered, order, rng)
        suspect = _suspect(np.asarray(differs.any(axis=1)), altered)
        if suspect is not None:
            _diagnose(score, panel, suspect, order, rng)
        largest = max(largest, _largest(whole[:unaltered], other[:unaltered]))
    dates = (str(panel.dates[cut - 1]), str(panel.dates[first - 1]), str(panel.dates[stop - 1]))
    return Audit(cut_dates=dates, single_days=len(days), largest_difference=largest)


def _suspect(changed: BoolArray, altered: range) -> int | None:
    """The first altered day that was announced: the values had come back to the old ones and moved just before it."""
    for before, day in pairwise(altered):
        between = changed[before + 1 : day]
        if between.size and between[-1] and not between.all():
            return day
    return None


def cuts(panel: Panel, whole: FloatArray) -> tuple[int, int, int]:
    """How many rows lie before the first single day, before the cut and before the early end.

    They are counted in the days on which the program has opinions: a fifth, the largest move of the market between two
    and seven tenths, and 17 of 20.
    """
    opinions = np.flatnonzero(np.isfinite(whole).any(axis=1))
    first, last = (opinions[0], opinions[-1]) if len(opinions) else (0, panel.shape[0] - 1)
    span = last + 1 - first
    single, early, stop = (max(1, int(first + share * span)) for share in (0.2, 0.4, 0.85))
    middle = np.abs(panel.returns[early : max(early + 1, int(first + 0.7 * span))])
    known = np.isfinite(middle).any(axis=1, keepdims=True)
    moves = np.nanmedian(np.where(known, middle, -1.0), axis=1)
    return single, early + int(np.argmax(moves)), max(stop, single + 1)


def _altered(panel: Panel, days: range, order: IntArray, rng: np.random.Generator) -> Panel:
    """The panel with its stocks in this order, other values on these days, and fewer members of the universe there.

    Each value is multiplied by a factor of its own, different for each field.
    """
    rows = slice(days.start, days.stop, days.step)
    factor = rng.uniform(0.6, 1.6, size=(len(days), panel.shape[1]))
    views = cycle((factor, factor[::-1], factor[:, ::-1], factor[::-1, ::-1], 2.2 - factor))
    fields = {}
    for (name, values), view in zip(panel.fields.items(), views, strict=False):
        fields[name] = np.take(values, order, axis=1)
        fields[name][rows] *= view
    universe = np.take(panel.universe, order, axis=1)
    universe[rows] &= rng.random(factor.shape) < 0.7
    return Panel(
        dates=panel.dates,
        symbols=tuple(panel.symbols[place] for place in order),
        fields=fields,
        universe=universe,
        tradable=np.take(panel.tradable, order, axis=1),
    )


def _put_back(values: FloatArray, order: IntArray) -> FloatArray:
    """The columns of values whose stocks are in this order, as in the panel."""
    return np.take(values, np.argsort(order), axis=1)


def _diagnose(score: Score, panel: Panel, cut: int, order: IntArray, rng: np.random.Generator) -> None:
    """Raise the error for the one thing that alone changes the program's values, if there is one."""
    whole, again = score(panel), score(panel)
    if _differs(whole, again).any():
        found = _first_difference(whole, again, panel)
        raise InstabilityError(
            f"the score of {found.symbol} on {found.date} differs between two runs on the same data ({found}): keep "
            "nothing between runs and use no randomness.",
            facts=found.to_dict(),
        )
    same = np.arange(panel.shape[1])
    for fault, seen in (
        ("moves when later days change", _altered(panel, range(cut, panel.shape[0]), same, rng)),
        ("is computed differently when later days are absent", panel.head(cut)),
    ):
        other = score(seen)[:cut]
        if _differs(whole[:cut], other).any():
            found = _first_difference(whole[:cut], other, panel)
            raise LookAheadError(
                f"the score of {found.symbol} on {found.date} {fault} ({found}): use only rows up to t, "
                "e.g. trailing windows (`ops.ts_*`) instead of statistics of the whole sample.",
                facts=found.to_dict(),
            )
    shuffled = _put_back(score(panel.columns(order)), order)
    moved = _differs(whole, shuffled) & (
        np.abs(whole - shuffled) > ROUNDING * np.nanmax(np.abs(whole), initial=0.0)
    )
    if moved.sum() > ORDER_TOLERANCE * np.isfinite(whole).sum():
        found = _first_difference(whole, shuffled, panel)
        raise InstabilityError(
            f"the score of {found.symbol} on {found.date} changes with the order of the stocks ({found}): a column's "
            "number means nothing, and a sum over stocks that is zero but for rounding decides nothing; compare stocks "
            "by value, e.g. `ops.cs_rank`.",
            facts=found.to_dict(),
        )


def _first_difference(before: FloatArray, after: FloatArray, panel: Panel) -> Difference:
    row, column = (int(place) for place in np.argwhere(_differs(before, after))[0])
    return Difference(
        date=str(panel.dates[row]),
        symbol=panel.symbols[column],
        before=float(before[row, column]),
        after=float(after[row, column]),
        largest=_largest(before, after),
    )


def _largest(before: FloatArray, after: FloatArray) -> float:
    parts = [np.nanmax(np.abs(before[rows] - after[rows]), initial=0.0) for rows in _blocks(len(before))]
    return float(max(parts, default=0.0))


def _differs(before: FloatArray, after: FloatArray) -> BoolArray:
    differs = np.empty(before.shape, dtype=np.bool_)
    for rows in _blocks(len(before)):
        old, new = before[rows], after[rows]
        scale = np.nanmax(np.abs(old), initial=0.0, axis=1, keepdims=True, where=np.isfinite(old))
        close = np.abs(old - new) <= RELATIVE_TOLERANCE * scale
        differs[rows] = ~(close | (np.isnan(old) & np.isnan(new)))
    return differs


def _blocks(rows: int) -> Iterator[slice]:
    """A few rows at a time: what is computed from all at once is memory that the system has to find."""
    return (slice(begin, begin + BLOCK_ROWS) for begin in range(0, rows, BLOCK_ROWS))

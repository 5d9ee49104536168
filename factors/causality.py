"""The audit of every candidate: a value at day t may depend on rows up to t only, and on nothing else.

A program is run on the panel and on two variants of it in which everything that must not matter is different at once:
the order of the stocks, the days after a cut (altered at random) and the number of days (one variant ends at its cut).
Values before the cut must be the same, up to `RELATIVE_TOLERANCE` of the row's largest. So two more evaluations pass a
sound program; only a suspect one is run again, with one thing changed at a time, to tell look-ahead from dependence on
the stocks' order and from results that differ between two runs. In another order sums over stocks round differently,
which a threshold may turn into another value here and there: `ORDER_TOLERANCE` is the share of values that may.

The cuts are where a leak shows most: before the day with the largest move of the market in the middle of the scored
days, and late, when long windows are full.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any, TypeAlias

import numpy as np

from factors.errors import InstabilityError, LookAheadError
from market.arrays import BoolArray, FloatArray, IntArray
from market.panel import Panel

RELATIVE_TOLERANCE = 1e-7
ORDER_TOLERANCE = 0.02
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
        return f"from {self.before:.6g} to {self.after:.6g}; at most by {self.largest:.6g}"


@dataclass(frozen=True, kw_only=True)
class Audit:
    """A passed audit: the last days before the cuts, and how much two evaluations that should agree differed."""

    cut_dates: tuple[str, ...]
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
    crash, late = cuts(panel, whole)
    largest = 0.0
    for cut, stop in ((crash, panel.shape[0]), (late, late)):
        order = rng.permutation(panel.shape[1])
        variant = with_other_future(panel.head(stop), cut, rng).columns(order)
        other = np.empty((stop, panel.shape[1]))
        other[:, order] = score(variant)
        if _differs(whole[:cut], other[:cut]).any():
            _diagnose(score, panel, cut, order, rng)
        largest = max(largest, float(np.nanmax(np.abs(whole[:cut] - other[:cut]), initial=0.0)))
    return Audit(
        cut_dates=tuple(str(panel.dates[cut - 1]) for cut in (crash, late)), largest_difference=largest
    )


def cuts(panel: Panel, whole: FloatArray) -> tuple[int, int]:
    """How many rows lie before each cut, counted so that opinions lie before both."""
    opinions = np.flatnonzero(np.isfinite(whole).any(axis=1))
    first, last = (opinions[0], opinions[-1]) if len(opinions) else (0, panel.shape[0] - 1)
    span = last + 1 - first
    early, late = (max(1, int(first + share * span)) for share in (0.4, 0.85))
    middle = np.abs(panel.returns[early : max(early + 1, int(first + 0.7 * span))])
    known = np.isfinite(middle).any(axis=1)
    moves = np.where(known, np.nanmedian(np.where(known[:, None], middle, 0.0), axis=1), -1.0)
    return early + int(np.argmax(moves)), late


def with_other_future(panel: Panel, cut: int, rng: np.random.Generator) -> Panel:
    """Multiply each value after the cut by a factor of its own, different for each field, and thin the universe."""
    factor = rng.uniform(0.6, 1.6, size=(panel.shape[0] - cut, panel.shape[1]))
    views = cycle((factor, factor[::-1], factor[:, ::-1], factor[::-1, ::-1], 2.2 - factor))
    fields = {}
    for (name, values), view in zip(panel.fields.items(), views, strict=False):
        fields[name] = np.concatenate([values[:cut], values[cut:] * view])
    universe = np.array(panel.universe)
    universe[cut:] &= rng.random(universe[cut:].shape) < 0.7
    return Panel(
        dates=panel.dates, symbols=panel.symbols, fields=fields, universe=universe, tradable=panel.tradable
    )


def _diagnose(score: Score, panel: Panel, cut: int, order: IntArray, rng: np.random.Generator) -> None:
    """Raise the error for the one thing that alone changes the program's values, if there is one."""
    whole, again = score(panel), score(panel)
    if _differs(whole, again).any():
        found = _first_difference(whole, again, panel)
        raise InstabilityError(
            f"the score of {found.symbol} on {found.date} differs between two runs on the same data ({found}): keep "
            "nothing between runs and use no randomness.",
            facts=asdict(found),
        )
    for fault, seen in (
        ("is computed differently when later days are absent", panel.head(cut)),
        ("moves when later days change", with_other_future(panel, cut, rng)),
    ):
        other = score(seen)[:cut]
        if _differs(whole[:cut], other).any():
            found = _first_difference(whole[:cut], other, panel)
            raise LookAheadError(
                f"the score of {found.symbol} on {found.date} {fault} ({found}): use only rows up to t, "
                "e.g. trailing windows (`ops.ts_*`) instead of statistics of the whole sample.",
                facts=asdict(found),
            )
    shuffled = np.empty_like(whole)
    shuffled[:, order] = score(panel.columns(order))
    if _differs(whole, shuffled).sum() > ORDER_TOLERANCE * np.isfinite(whole).sum():
        found = _first_difference(whole, shuffled, panel)
        raise InstabilityError(
            f"the score of {found.symbol} on {found.date} changes with the order of the stocks ({found}): a column's "
            "number means nothing; compare stocks by value, e.g. `ops.cs_rank`.",
            facts=asdict(found),
        )


def _first_difference(before: FloatArray, after: FloatArray, panel: Panel) -> Difference:
    row, column = np.argwhere(_differs(before, after))[0]
    changes = np.abs(before - after)
    return Difference(
        date=str(panel.dates[row]),
        symbol=panel.symbols[column],
        before=float(before[row, column]),
        after=float(after[row, column]),
        largest=float(np.nanmax(changes, initial=0.0)),
    )


def _differs(before: FloatArray, after: FloatArray) -> BoolArray:
    scale = np.nanmax(np.abs(before), initial=0.0, axis=1, keepdims=True, where=np.isfinite(before))
    close = np.abs(before - after) <= RELATIVE_TOLERANCE * scale
    both_missing = np.isnan(before) & np.isnan(after)
    return ~(close | both_missing)  # type: ignore[no-any-return]

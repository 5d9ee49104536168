"""Information coefficients: how well a signal orders the returns that followed, date by date.

IC is the Pearson and rank IC the Spearman correlation (average ranks for ties) across the names that have
both a finite signal at the close of t and a forward return. A date with fewer than `min_assets` such pairs,
or with all signals or all returns equal on them, has no coefficient: NaN. ±infinity in a signal is "no
opinion".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtest.correlation import correlate
from backtest.labels import MIN_ASSETS, Labels, RankedReturns
from backtest.ranking import CrossSection, RankedRows, rank_rows
from market.arrays import BoolArray, FloatArray, IntArray
from market.errors import DataError

BLOCK = 128  # rows ranked at a time, so that their ranks are still in cache when they are correlated


@dataclass(frozen=True, eq=False, kw_only=True)
class DailyInformation:
    """`ic` and `rank_ic` (H, R) per horizon and date; `opinions` (R,), finite signals in the universe."""

    ic: FloatArray
    rank_ic: FloatArray
    opinions: IntArray


def daily_information(
    signal: FloatArray, labels: Labels, rows: slice | IntArray = slice(None)
) -> DailyInformation:
    """Score a (T, N) signal against every horizon of the labels on the dates of `rows`, in one pass."""
    signal = labels.aligned(signal)
    dates = np.arange(*labels.bounds(rows)) if isinstance(rows, slice) else np.ascontiguousarray(rows)
    ic = np.empty((len(labels.horizons_days), len(dates)))
    rank_ic = np.empty_like(ic)
    opinions = np.empty(len(dates), dtype=np.int64)
    buffers = RankedRows.empty(BLOCK, labels.section.columns.shape[1])
    for begin in range(0, len(dates), BLOCK):
        out = slice(begin, begin + BLOCK)
        ranked = rank_rows(signal, labels.section, dates[out], buffers)
        ic[:, out], rank_ic[:, out] = _correlate(
            ranked, dates[out], labels.section, labels.returns, labels.min_assets
        )
        opinions[out] = ranked.opinions
    return DailyInformation(ic=ic, rank_ic=rank_ic, opinions=opinions)


def ic(
    signal: FloatArray, fwd: FloatArray, *, universe: BoolArray | None = None, min_assets: int = MIN_ASSETS
) -> FloatArray:
    """Pearson correlation of signal and forward return (T, N) per date, (T,); NaN as stated above."""
    return _pairwise(signal, fwd, universe, min_assets)[0]


def rank_ic(
    signal: FloatArray, fwd: FloatArray, *, universe: BoolArray | None = None, min_assets: int = MIN_ASSETS
) -> FloatArray:
    """Spearman correlation of signal and forward return (T, N) per date, (T,); NaN as stated above."""
    return _pairwise(signal, fwd, universe, min_assets)[1]


def _pairwise(
    signal: FloatArray, fwd: FloatArray, universe: BoolArray | None, min_assets: int
) -> tuple[FloatArray, FloatArray]:
    if universe is None:
        universe = np.ones(signal.shape, dtype=np.bool_)
    if not signal.shape == fwd.shape == universe.shape:
        raise DataError(
            f"signal, returns and universe must align, got {signal.shape}, {fwd.shape}, {universe.shape}: "
            "use one (dates, symbols) shape"
        )
    section, dates = CrossSection.of(universe), np.arange(len(signal))
    left = rank_rows(np.ascontiguousarray(signal, dtype=np.float64), section, dates)
    right = RankedReturns.of([np.ascontiguousarray(fwd, dtype=np.float64)], 1, section)
    both = _correlate(left, dates, section, right, min_assets)
    return both[0][0], both[1][0]


def _correlate(
    signal: RankedRows, dates: IntArray, section: CrossSection, returns: RankedReturns, min_assets: int
) -> tuple[FloatArray, FloatArray]:
    """IC and rank IC (H, R) of the signal's R rows, which are those of `dates`."""
    shape = returns.pairs.shape[1], len(dates)
    out = np.full(shape, np.nan), np.full(shape, np.nan)
    order = returns.ordering
    correlate(
        signal.values, signal.ranks, signal.opinions, dates, section.counts,
        returns.values, returns.ranks.reshape(order.names.shape), order.names, order.ties, order.first,
        returns.moments, returns.pairs, min_assets, *out,
    )  # fmt: skip
    return out

"""Information coefficients: how well a signal orders the returns that followed, date by date.

IC is the Pearson and rank IC the Spearman correlation (average ranks for ties) across the names that have
both a finite signal at the close of t and a forward return. A date with fewer than `min_assets` such pairs,
or with all signals or all returns equal on them, has no coefficient: NaN. ±infinity in a signal is "no
opinion".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from backtest.labels import MIN_ASSETS, Labels, RankedReturns
from backtest.ranking import CrossSection, RankedRows, rank_rows
from backtest.sorting import RankArray
from factors.jit import Cube, Indices, Integers, IntegerVector, Mask, Matrix, OutMatrix, device, kernel
from market.arrays import BoolArray, FloatArray, IntArray
from market.errors import DataError

BLOCK = 128  # rows ranked at a time, so that their ranks are still in cache when they are correlated
REDUCE = frozenset({"reassoc", "contract", "nsz"})  # sums may be reordered into SIMD lanes


@dataclass(frozen=True, eq=False, kw_only=True)
class DailyInformation:
    """`ic` and `rank_ic` (H, R) per horizon and date; `opinions` (R,), finite signals in the universe."""

    ic: FloatArray
    rank_ic: FloatArray
    opinions: IntArray


def daily_information(signal: FloatArray, labels: Labels, rows: slice = slice(None)) -> DailyInformation:
    """Score a (T, N) signal against every horizon of the labels on the dates of `rows`, in one pass."""
    signal = labels.aligned(signal)
    first, stop = labels.bounds(rows)
    ic = np.empty((len(labels.horizons_days), stop - first))
    rank_ic = np.empty_like(ic)
    opinions = np.empty(stop - first, dtype=np.int64)
    buffers = RankedRows.empty(BLOCK, labels.section.columns.shape[1])
    for begin in range(first, stop, BLOCK):
        end = min(begin + BLOCK, stop)
        out = slice(begin - first, end - first)
        ranked = rank_rows(signal, labels.section, begin, end, buffers)
        ic[:, out], rank_ic[:, out] = _correlate(
            ranked, labels.section.counts[begin:end], labels.returns.rows(begin, end), labels.min_assets
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
    section, rows = CrossSection.of(universe), len(signal)
    left = rank_rows(np.ascontiguousarray(signal, dtype=np.float64), section, 0, rows)
    right = RankedReturns.of([np.ascontiguousarray(fwd, dtype=np.float64)], section)
    both = _correlate(left, section.counts, right, min_assets)
    return both[0][0], both[1][0]


def _correlate(
    signal: RankedRows, counts: IntArray, returns: RankedReturns, min_assets: int
) -> tuple[FloatArray, FloatArray]:
    full = (signal.opinions == counts) & (counts >= min_assets)
    complete = np.ascontiguousarray((full[:, None] & (returns.pairs == counts[:, None])).T)
    out = np.full(complete.shape, np.nan), np.full(complete.shape, np.nan)
    ranks = returns.ranks.reshape(returns.pairs.size, returns.ranks.shape[2])
    shared = signal.values, signal.ranks, complete, counts, returns.values, ranks
    correlate_complete(*shared, returns.moments, *out)
    correlate_partial(*shared, returns.pairs, min_assets, *out)
    return out


@device
def rerank(ranks: RankArray, present: RankArray, counter: RankArray, out: RankArray) -> None:
    """Doubled average ranks within the subset where `present` > 0, from those within the whole row.

    Half a doubled average rank, rounded down, lies within the places its tie group fills: a key of its own.
    """
    n = len(ranks)
    counter[: n + 1] = 0
    for i in range(n):
        counter[np.uint64(ranks[i] >> 1)] += present[i] > 0
    below = 1
    for key in range(1, n + 1):
        names = counter[key]
        counter[key] = below + names
        below += 2 * names
    counter[0] = 0
    for i in range(n):
        out[i] = counter[np.uint64(ranks[i] >> 1)] if present[i] > 0 else 0


@device
def bounded(product: float, left: float, right: float) -> float:
    """Correlation from centred sums, within [-1, 1]; NaN if a sum of squares has underflowed."""
    if not (left > 0.0 and right > 0.0):
        return math.nan
    return min(1.0, max(-1.0, product / math.sqrt(left * right)))


@kernel(fastmath=REDUCE)
def correlate_complete(
    values: Matrix,
    ranks: Indices,
    complete: Mask,
    counts: IntegerVector,
    returns: Cube,
    return_ranks: Indices,
    return_moments: Cube,
    ic: OutMatrix,
    rank_ic: OutMatrix,
) -> None:
    """Both correlations where every name has a signal and a return: only products with the signal are summed.

    The loops stand in the kernel, not in helpers: the licence to reorder sums belongs to a kernel.
    """
    rows, horizons, _ = returns.shape
    for t in range(rows):
        n = counts[t]
        s = values[t, :n]
        p = ranks[t, :n]
        mean = 0.0
        for i in range(n):
            mean += s[i]
        mean /= max(n, 1)
        ss = 0.0
        pp = 0.0
        for i in range(n):
            ss += (s[i] - mean) * (s[i] - mean)
            pp += np.float64(p[i]) * np.float64(p[i])
        expected = n * (n + 1.0) * (n + 1.0)
        for h in range(horizons):
            if not complete[h, t]:
                continue
            f = returns[t, h, :n]
            q = return_ranks[t * horizons + h, :n]
            mean_return, ff, qq = return_moments[t, h]
            sf = 0.0
            pq = 0.0
            for i in range(n):
                sf += (s[i] - mean) * (f[i] - mean_return)
                pq += np.float64(p[i]) * np.float64(q[i])
            if pp > expected and qq > expected:
                ic[h, t] = bounded(sf, ss, ff)
                rank_ic[h, t] = bounded(pq - expected, pp - expected, qq - expected)


@kernel(fastmath=REDUCE)
def correlate_partial(
    values: Matrix,
    ranks: Indices,
    complete: Mask,
    counts: IntegerVector,
    returns: Cube,
    return_ranks: Indices,
    pairs: Integers,
    min_assets: int,
    ic: OutMatrix,
    rank_ic: OutMatrix,
) -> None:
    """Both correlations over the names that have a signal and a return, ranked anew among themselves."""
    rows, horizons, width = returns.shape
    own = np.empty(width, np.int32)
    their = np.empty(width, np.int32)
    counter = np.empty(width + 1, np.int32)
    for t in range(rows):
        m = counts[t]
        s = values[t, :m]
        for h in range(horizons):
            if complete[h, t]:
                continue
            f = returns[t, h, :m]
            p = ranks[t, :m]
            q = return_ranks[t * horizons + h, :m]
            if pairs[t, h] < m:
                rerank(p, q, counter, own)
            else:
                own[:m] = p
            rerank(q, p, counter, their)
            n = 0
            mean_s = 0.0
            mean_f = 0.0
            for i in range(m):
                n += int(own[i] > 0)
                mean_s += s[i] if own[i] > 0 else 0.0
                mean_f += f[i] if own[i] > 0 else 0.0
            if n < min_assets:
                continue
            mean_s /= n
            mean_f /= n
            ss = 0.0
            ff = 0.0
            sf = 0.0
            pp = 0.0
            qq = 0.0
            pq = 0.0
            for i in range(m):
                x = s[i] - mean_s if own[i] > 0 else 0.0
                y = f[i] - mean_f if own[i] > 0 else 0.0
                u = np.float64(own[i])
                v = np.float64(their[i])
                ss += x * x
                ff += y * y
                sf += x * y
                pp += u * u
                qq += v * v
                pq += u * v
            expected = n * (n + 1.0) * (n + 1.0)
            if pp > expected and qq > expected:
                ic[h, t] = bounded(sf, ss, ff)
                rank_ic[h, t] = bounded(pq - expected, pp - expected, qq - expected)

"""Kernel of the information coefficients: Pearson and Spearman of a signal row against H return rows.

Sums are taken about the mean. Those of doubled ranks are sums of integers far below 2^53, hence exact. What the
names of a horizon share with the horizon before, or with the whole row, is not computed anew.
"""

import math

import numpy as np

from backtest.ranking import RankArray
from factors.jit import Cube, Indices, Integers, IntegerVector, Matrix, OutMatrix, device, kernel

REDUCE = frozenset({"reassoc", "contract", "nsz"})  # sums may be reordered into SIMD lanes


@device
def list_gaps(ranks: RankArray, gaps: RankArray) -> int:
    """Fill `gaps`, one longer than `ranks`, with the places that have no rank; return how many."""
    count = 0
    for i in range(len(ranks)):
        gaps[count] = i
        count += ranks[i] == 0
    return count


@device
def rank_without(ranks: RankArray, gaps: RankArray, count: int, fewer: RankArray, out: RankArray) -> None:
    """Doubled average ranks once the names at `count` `gaps` are gone, from those within the whole row.

    A gone name lowers each rank above its own by 2 and each equal one by 1. Half a doubled average rank, rounded
    down, lies within the places its tie group fills: a key of its own.
    """
    n = len(ranks)
    fewer[: n + 1] = 0
    for g in range(count):
        fewer[np.uint64(ranks[np.uint64(gaps[g])] >> 1)] += 1
    fewer[0] = 0
    below = np.int32(0)
    for key in range(n + 1):
        gone = fewer[key]
        fewer[key] = below + gone
        below += 2 * gone
    for i in range(n):
        out[i] = ranks[i] - fewer[np.uint64(ranks[i] >> 1)]
    for g in range(count):
        out[np.uint64(gaps[g])] = 0


@device
def bounded(product: float, left: float, right: float) -> float:
    """Correlation from centred sums, within [-1, 1]; NaN if a sum of squares has underflowed."""
    if not (left > 0.0 and right > 0.0):
        return math.nan
    return min(1.0, max(-1.0, product / math.sqrt(left * right)))


@kernel(fastmath=REDUCE)
def correlate(
    values: Matrix,
    ranks: Indices,
    opinions: IntegerVector,
    dates: IntegerVector,
    counts: IntegerVector,
    returns: Cube,
    return_ranks: Indices,
    return_moments: Cube,
    pairs: Integers,
    min_assets: int,
    ic: OutMatrix,
    rank_ic: OutMatrix,
) -> None:
    """Both correlations over the names that have a signal and a return; entries without one keep their value.

    Row r of the signal belongs to row `dates[r]` of the returns.
    The loops stand in the kernel, not in helpers: the licence to reorder sums belongs to a kernel.
    """
    horizons, width = returns.shape[1:]
    gaps = np.empty(width + 1, np.int32)
    holes = np.empty(width + 1, np.int32)
    fewer = np.empty(width + 1, np.int32)
    own_ranks = np.empty(width, np.int32)
    their_ranks = np.empty(width, np.int32)
    weights = np.empty(width)
    deviations = np.empty(width)
    for r in range(len(dates)):
        t = dates[r]
        m = counts[t]
        s = values[r, :m]
        p = own_ranks[:m]
        weight = weights[:m]
        deviation = deviations[:m]
        gap_count = list_gaps(ranks[r, :m], gaps)
        stale = True
        n = 0
        ss = 0.0
        pp = 0.0
        for h in range(horizons):
            f = returns[t, h, :m]
            q = return_ranks[t * horizons + h, :m]
            missing = 0
            if pairs[t, h] < m:
                for i in range(m):
                    missing += int(ranks[r, i] > 0 and q[i] == 0)
            if missing > 0 or stale:
                if missing > 0:
                    rank_without(ranks[r, :m], holes, list_gaps(q, holes), fewer, p)
                else:
                    for i in range(m):
                        p[i] = ranks[r, i]
                stale = missing > 0
                n = opinions[r] - missing
                mean = 0.0
                pp = 0.0
                for i in range(m):
                    weight[i] = 1.0 if p[i] > 0 else 0.0
                    mean += weight[i] * s[i]
                    pp += np.float64(p[i]) * np.float64(p[i])
                mean /= max(n, 1)
                ss = 0.0
                for i in range(m):
                    deviation[i] = weight[i] * (s[i] - mean)
                    ss += deviation[i] * deviation[i]
            if n < min_assets:
                continue
            mean_return, ff, qq = return_moments[t, h]
            if n < pairs[t, h]:
                their = their_ranks[:m]
                rank_without(q, gaps, gap_count, fewer, their)
                mean_return = 0.0
                for i in range(m):
                    mean_return += weight[i] * f[i]
                mean_return /= n
                ff = 0.0
                qq = 0.0
                for i in range(m):
                    y = weight[i] * (f[i] - mean_return)
                    ff += y * y
                    qq += np.float64(their[i]) * np.float64(their[i])
                q = their
            sf = 0.0
            pq = 0.0
            for i in range(m):
                sf += deviation[i] * (f[i] - mean_return)
                pq += np.float64(p[i]) * np.float64(q[i])
            expected = n * (n + 1.0) * (n + 1.0)
            if pp > expected and qq > expected:
                ic[h, r] = bounded(sf, ss, ff)
                rank_ic[h, r] = bounded(pq - expected, pp - expected, qq - expected)

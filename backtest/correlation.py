"""Kernel of the information coefficients: Pearson and Spearman of a signal row against H return rows.

Sums are taken about the mean. Those of doubled ranks are sums of integers far below 2^53, hence exact. What the
names of a horizon share with the horizon before, or with the whole row, is not computed anew.
"""

import math

import numpy as np

from backtest.ranking import RankArray
from factors.jit import Cube, Indices, Integers, IntegerVector, Matrix, OutMatrix, device, kernel
from market.arrays import IntArray

REDUCE = frozenset({"reassoc", "contract", "nsz"})  # sums may be reordered into SIMD lanes


@device
def rank_without(ranks: RankArray, gone: RankArray, fewer: RankArray, out: RankArray) -> None:
    """Doubled average ranks once some names are gone, from those within the whole row.

    A gone name lowers each rank above its own by 2 and each equal one by 1. Half a doubled average rank, rounded
    down, lies within the places its tie group fills: a key of its own.
    """
    n = len(ranks)
    fewer[: n + 1] = 0
    for g in range(len(gone)):
        fewer[np.uint64(ranks[np.uint64(gone[g])] >> 1)] += 1
    fewer[0] = 0
    below = np.int32(0)
    for key in range(n + 1):
        here = fewer[key]
        fewer[key] = below + here
        below += 2 * here
    for i in range(n):
        out[i] = ranks[i] - fewer[np.uint64(ranks[i] >> 1)]
    for g in range(len(gone)):
        out[np.uint64(gone[g])] = 0


@device
def rank_in_order(
    ranks: RankArray, order: RankArray, ties: RankArray, places: IntArray
) -> tuple[float, float]:
    """Rank the names that have a rank anew in `order`: sums of both ranks' products and of the new ones' squares.

    All ranks are doubled averages, both sums exact. First as if there were no ties, then each run of them is put right.
    """
    n = np.int64(0)
    product = np.int64(0)
    for k in range(len(order)):
        rank = np.int64(ranks[np.uint64(order[k])])
        n += np.int64(rank > 0)
        product += rank * n
        places[k] = n
    product *= 2
    squares = 2 * n * (n + 1) * (2 * n + 1)
    for run in range(len(ties)):
        begin, stop = ties[run, 0], ties[run, 1]
        before = places[begin - 1] if begin > 0 else np.int64(0)
        tied = places[stop - 1] - before
        if tied > 1:
            squares -= tied * tied * tied - tied
            for k in range(begin, stop):
                middle = 2 * before + tied + 1
                product += np.int64(ranks[np.uint64(order[k])]) * (middle - 2 * places[k])
    return float(product), float(squares // 3)


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
    return_names: Indices,
    return_ties: Indices,
    first_ties: IntegerVector,
    return_moments: Cube,
    pairs: Integers,
    min_assets: int,
    ic: OutMatrix,
    rank_ic: OutMatrix,
) -> None:
    """Both correlations over the names that have a signal and a return; entries without one keep their value.

    Row r of the signal belongs to row `dates[r]` of the returns.
    The loops stand in the kernel, not in helpers: the licence to reorder sums belongs to a kernel. Those that sum
    write nothing: where they did, the last bit of a sum could differ with where the arrays lay in memory.
    """
    horizons, width = returns.shape[1:]
    fewer = np.empty(width + 1, np.int32)
    own_ranks = np.empty(width, np.int32)
    places = np.empty(width, np.int64)
    weights = np.empty(width)
    deviations = np.empty(width)
    for r in range(len(dates)):
        t = dates[r]
        m = counts[t]
        s = values[r, :m]
        p = own_ranks[:m]
        weight = weights[:m]
        deviation = deviations[:m]
        stale = True
        n = 0
        ss = 0.0
        pp = 0.0
        for h in range(horizons):
            f = returns[t, h, :m]
            row = t * horizons + h
            names = return_names[row]
            missing = 0
            for g in range(pairs[t, h], m):
                missing += ranks[r, np.uint64(names[g])] > 0
            if missing > 0 or stale:
                if missing > 0:
                    rank_without(ranks[r, :m], names[pairs[t, h] : m], fewer, p)
                else:
                    for i in range(m):
                        p[i] = ranks[r, i]
                stale = missing > 0
                n = opinions[r] - missing
                for i in range(m):
                    weight[i] = 1.0 if p[i] > 0 else 0.0
                mean = 0.0
                pp = 0.0
                for i in range(m):
                    mean += weight[i] * s[i]
                    pp += np.float64(p[i]) * np.float64(p[i])
                mean /= max(n, 1)
                for i in range(m):
                    deviation[i] = weight[i] * (s[i] - mean)
                ss = 0.0
                for i in range(m):
                    ss += deviation[i] * deviation[i]
            if n < min_assets:
                continue
            mean_return, ff, qq = return_moments[t, h]
            if n < pairs[t, h]:
                mean_return = 0.0
                for i in range(m):
                    mean_return += weight[i] * f[i]
                mean_return /= n
                ff = 0.0
                for i in range(m):
                    y = weight[i] * (f[i] - mean_return)
                    ff += y * y
            sf = 0.0
            for i in range(m):
                sf += deviation[i] * (f[i] - mean_return)
            pq = 0.0
            if n < pairs[t, h]:
                ties = return_ties[first_ties[row] : first_ties[row + 1]]
                pq, qq = rank_in_order(p, names[: pairs[t, h]], ties, places)
            else:
                for i in range(m):
                    pq += np.float64(p[i]) * np.float64(return_ranks[row, i])
            expected = n * (n + 1.0) * (n + 1.0)
            if pp > expected and qq > expected:
                ic[h, r] = bounded(sf, ss, ff)
                rank_ic[h, r] = bounded(pq - expected, pp - expected, qq - expected)

"""Kernels of the information coefficients: Pearson and Spearman of a signal row against H return rows.

Sums are taken about the mean. Those of doubled ranks are sums of integers far below 2^53, hence exact. Rows
on which every name has both a signal and a return take a short cut: the sums of the returns alone come from
the labels.
"""

import math

import numpy as np

from backtest.sorting import RankArray
from factors.jit import (
    Cube,
    Indices,
    Integers,
    IntegerVector,
    Mask,
    Matrix,
    OutMatrix,
    device,
    kernel,
)

REDUCE = frozenset({"reassoc", "contract", "nsz"})  # sums may be reordered into SIMD lanes


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
    opinions: IntegerVector,
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
            if opinions[t] < m:
                rerank(q, p, counter, their)
            else:
                their[:m] = q
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

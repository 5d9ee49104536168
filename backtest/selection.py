"""The best names of each date, how many of them change, and what each quantile of the signal earned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtest.labels import Labels
from backtest.ranking import RankArray, rank_rows
from factors.jit import (
    Indices,
    IntegerVector,
    Matrix,
    OutIndices,
    OutMatrix,
    OutVector,
    kernel,
)
from market.arrays import FloatArray, IntArray
from market.errors import ConfigError


@dataclass(frozen=True, eq=False, kw_only=True)
class Selection:
    """Names to hold after each date: `columns` (R, K) of the panel, of which `counts` (R,) are valid."""

    columns: RankArray
    counts: IntArray


def select_best(
    signal: FloatArray, labels: Labels, *, top_k: int, top_share: float = 1.0, rows: slice = slice(None)
) -> Selection:
    """Names with the highest signal among the universe of each date.

    A date selects min(top_k, top_share of its universe rounded down, at least one) names, or as many as
    have a finite signal if those are fewer. Among equal signals at the edge the lower column is preferred.
    """
    signal = labels.aligned(signal)
    first, stop = labels.bounds(rows)
    ranked = rank_rows(signal, labels.section, np.arange(first, stop))
    universe = labels.section.counts[first:stop]
    wanted = np.clip(np.floor(top_share * universe + 1e-9), 1, top_k).astype(np.int64)
    counts = np.minimum(wanted, ranked.opinions)
    columns = np.full((stop - first, int(counts.max(initial=0))), -1, dtype=np.int32)
    select_kernel(ranked.ranks, labels.section.columns[first:stop], counts, columns)
    return Selection(columns=columns, counts=counts)


def replacement(selection: Selection, symbols: int) -> FloatArray:
    """One-way turnover of the equal-weight selection from each date to the next, (R-1,), in [0, 1].

    ½·Σ|w[t+1] - w[t]|, which is 1 - common names / larger selection; NaN where either date selects nothing.
    """
    changed = np.full(max(len(selection.counts) - 1, 0), np.nan)
    replacement_kernel(selection.columns, selection.counts, symbols, changed)
    return changed


def quantile_returns(
    signal: FloatArray,
    labels: Labels,
    *,
    horizon_days: int,
    quantiles: int = 5,
    rows: slice = slice(None),
) -> FloatArray:
    """Mean forward return of each quantile of the signal per date, (R, quantiles), lowest signals first.

    A name of average rank r among n goes to bucket floor((r - ½)·quantiles / n), so that equal signals
    share one. NaN where a bucket has no name with a return.
    """
    if quantiles < 2:
        raise ConfigError(f"quantiles must be at least 2, got {quantiles}: use 5 or 10")
    if horizon_days not in labels.horizons_days:
        raise ConfigError(f"horizon {horizon_days} has no labels: use one of {labels.horizons_days}")
    signal = labels.aligned(signal)
    first, stop = labels.bounds(rows)
    h = labels.horizons_days.index(horizon_days)
    ranked = rank_rows(signal, labels.section, np.arange(first, stop))
    means = np.empty((stop - first, quantiles))
    quantile_kernel(
        ranked.ranks,
        ranked.opinions,
        np.ascontiguousarray(labels.returns.values[first:stop, h]),
        np.ascontiguousarray(labels.returns.ranks[first:stop, h]),
        means,
    )
    return means


@kernel
def select_kernel(ranks: Indices, columns: Indices, counts: IntegerVector, best: OutIndices) -> None:
    """Find the lowest key that is still in by counting names per rank from the top, then collect."""
    rows, width = ranks.shape
    names = np.zeros(width + 1, np.int64)
    for t in range(rows):
        names[:] = 0
        for i in range(width):
            names[np.uint64(ranks[t, i] >> 1)] += 1  # a key per tie group, see `correlation.rank_without`
        edge = width + 1
        above = 0
        while edge > 1 and above < counts[t]:
            edge -= 1
            above += names[edge]
        spare = counts[t] - (above - names[edge]) if edge <= width else 0
        k = 0
        for i in range(width):
            key = ranks[t, i] >> 1
            if key > edge or (key == edge and spare > 0):
                spare -= key == edge
                best[t, k] = columns[t, i]
                k += 1


@kernel
def replacement_kernel(best: Indices, counts: IntegerVector, symbols: int, changed: OutVector) -> None:
    """Share of the larger of two consecutive selections that the other does not have."""
    last_seen = np.full(symbols, -1, np.int64)
    for t in range(len(best)):
        common = 0
        for k in range(counts[t]):
            common += t > 0 and last_seen[best[t, k]] == t - 1
            last_seen[best[t, k]] = t
        if t > 0 and counts[t] > 0 and counts[t - 1] > 0:
            changed[t - 1] = 1.0 - common / max(counts[t], counts[t - 1])


@kernel
def quantile_kernel(
    ranks: Indices, opinions: IntegerVector, returns: Matrix, return_ranks: Indices, means: OutMatrix
) -> None:
    """Accumulate returns by bucket."""
    quantiles = means.shape[1]
    names = np.empty(quantiles, np.int64)
    for t in range(len(ranks)):
        names[:] = 0
        means[t] = 0.0
        for i in range(ranks.shape[1]):
            if ranks[t, i] > 0 and return_ranks[t, i] > 0:
                bucket = (ranks[t, i] - 1) * quantiles // (2 * opinions[t])
                names[bucket] += 1
                means[t, bucket] += returns[t, i]
        for bucket in range(quantiles):
            means[t, bucket] = means[t, bucket] / names[bucket] if names[bucket] > 0 else np.nan

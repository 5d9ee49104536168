"""Cross-sections and their ranks: the one sort that every score of a signal shares.

Names outside the universe are squeezed out first: row t of a compressed array holds the `counts[t]` names
of that day, padded to the widest day. Ranks are average ranks, doubled so that they stay integers (2 = the
lowest name alone, 0 = no opinion); sums and products of them are therefore exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from backtest.sorting import PLACES, RankArray, WordArray, sort_values
from factors.jit import (
    Indices,
    IntegerVector,
    Matrix,
    OutIndices,
    OutIntegerVector,
    OutMatrix,
    device,
    kernel,
)
from market.arrays import BoolArray, FloatArray, IntArray
from market.errors import DataError

LARGE, TINY = 1e70, 1e-70  # beyond these, products of sums of squares leave the range of float64


@dataclass(frozen=True, eq=False, kw_only=True)
class CrossSection:
    """Which columns each day has: `columns` (T, M) int32, the first `counts` (T,) of a row are valid."""

    columns: RankArray
    counts: IntArray

    @classmethod
    def of(cls, universe: BoolArray) -> CrossSection:
        """Squeeze the universe mask (T, N), ascending columns; DataError beyond 65536 names a day."""
        counts = universe.sum(axis=1, dtype=np.int64)
        if counts.max(initial=0) > PLACES:
            raise DataError(f"a universe has at most {PLACES} names a day, got {counts.max()}: narrow it")
        columns = np.zeros((len(universe), int(counts.max(initial=0))), dtype=np.int32)
        columns[np.arange(columns.shape[1]) < counts[:, None]] = np.nonzero(universe)[1]
        return cls(columns=columns, counts=counts)


@dataclass(frozen=True, eq=False, kw_only=True)
class RankedRows:
    """R compressed rows of a matrix.

    values    (R, M)  0 where there is no opinion; a row of extreme magnitude is scaled by a power of two
    ranks     (R, M)  doubled average ranks, 0 where there is no opinion
    opinions  (R,)    names with a finite value
    """

    values: FloatArray
    ranks: RankArray
    opinions: IntArray

    @classmethod
    def empty(cls, rows: int, width: int) -> RankedRows:
        """Buffers for `rank_rows` to fill."""
        return cls(
            values=np.empty((rows, width)),
            ranks=np.empty((rows, width), dtype=np.int32),
            opinions=np.empty(rows, dtype=np.int64),
        )


def rank_rows(
    matrix: FloatArray, section: CrossSection, first: int, stop: int, into: RankedRows | None = None
) -> RankedRows:
    """Rank rows [first, stop) of a C-order (T, N) matrix within each day's cross-section.

    NaN and ±infinity are "no opinion". With `into`, its first stop - first rows are overwritten and returned.
    """
    rows, width = stop - first, section.columns.shape[1]
    buffers = into or RankedRows.empty(rows, width)
    ranked = RankedRows(
        values=buffers.values[:rows], ranks=buffers.ranks[:rows], opinions=buffers.opinions[:rows]
    )
    columns, counts = section.columns[first:stop], section.counts[first:stop]
    rank_kernel(matrix[first:stop], columns, counts, ranked.values, ranked.ranks, ranked.opinions)
    return ranked


@device
def gather(
    row: FloatArray, columns: RankArray, count: int, values: FloatArray, finite: FloatArray, places: RankArray
) -> int:
    """Squeeze a day's row, list its finite values and their places; return how many."""
    n = 0
    for i in range(count):
        value = row[np.uint64(columns[i])] + 0.0  # -0 and 0 are one value
        known = value - value == 0.0
        values[i] = value if known else 0.0
        finite[n] = value
        places[n] = i
        n += known
    return n


@device
def average_ranks(ordered: FloatArray, order: WordArray, n: int, ranks: RankArray) -> None:
    """Doubled average rank of each value at its place: as if there were no ties, then the tie groups anew."""
    for i in range(n):
        ranks[np.uint64(order[i])] = 2 * (i + 1)
    end = 1
    while end < n:
        if ordered[end] != ordered[end - 1]:
            end += 1
            continue
        begin = end - 1
        while end < n and ordered[end] == ordered[begin]:
            end += 1
        for i in range(begin, end):
            ranks[np.uint64(order[i])] = begin + end + 1


@device
def magnitude_unit(low: float, high: float) -> float:
    """Power of two that brings a row of extreme magnitude near 1; 1 for any other row."""
    largest, spread = max(-low, high), high - low
    if largest > LARGE:
        return math.ldexp(1.0, -math.frexp(largest)[1])
    if 0.0 < spread < TINY:
        return math.ldexp(1.0, min(1000, -math.frexp(spread)[1]))
    return 1.0


@kernel
def rank_kernel(
    matrix: Matrix,
    columns: Indices,
    counts: IntegerVector,
    values: OutMatrix,
    ranks: OutIndices,
    opinions: OutIntegerVector,
) -> None:
    """Fill the rows of a `RankedRows`."""
    width = columns.shape[1]
    finite = np.empty(width + 1)
    places = np.empty(width + 1, np.int32)
    cells = np.empty(width, np.uint32)
    swap = np.empty(width, np.uint32)
    ordered = np.empty(width)
    order = np.empty(width, np.uint32)
    low_counts = np.empty(256, np.int32)
    high_counts = np.empty(256, np.int32)
    for t in range(len(matrix)):
        n = gather(matrix[t], columns[t], counts[t], values[t], finite, places)
        opinions[t] = n
        values[t, counts[t] :] = 0.0
        if n < width:
            ranks[t] = 0
        if n == 0:
            continue
        sort_values(finite, places, n, values[t], cells, swap, low_counts, high_counts, ordered, order)
        average_ranks(ordered, order, n, ranks[t])
        unit = magnitude_unit(ordered[0], ordered[n - 1])
        if unit != 1.0:
            values[t] *= unit

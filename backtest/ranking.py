"""Cross-sections and their ranks: the one sort that every score of a signal shares.

Names outside the universe are squeezed out first: row t of a compressed array holds the `counts[t]` names
of that day, padded to the widest day. Ranks are average ranks, doubled so that they stay integers (2 = the
lowest name alone, 0 = no opinion); sums and products of them are therefore exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from factors.jit import (
    Entries,
    Indices,
    IntegerVector,
    Matrix,
    OutEntries,
    OutIndices,
    OutIntegerVector,
    OutMatrix,
    device,
    kernel,
)
from factors.sorting import SAMPLES, Columns, pack_row, packed_rows, tied_run, unpack_row
from market.arrays import BoolArray, FloatArray, IntArray

RankArray: TypeAlias = NDArray[np.int32]

LARGE, TINY = 1e70, 1e-70  # beyond these, products of sums of squares leave the range of float64


@dataclass(frozen=True, eq=False, kw_only=True)
class CrossSection:
    """Which columns each day has: `columns` (T, M) int32, the first `counts` (T,) of a row are valid."""

    columns: RankArray
    counts: IntArray

    @classmethod
    def of(cls, universe: BoolArray) -> CrossSection:
        """Squeeze the universe mask (T, N), ascending columns."""
        counts = universe.sum(axis=1, dtype=np.int64)
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
    matrix: FloatArray, section: CrossSection, dates: IntArray, into: RankedRows | None = None
) -> RankedRows:
    """Rank the rows `dates` (R,) of a C-order (T, N) matrix within each day's cross-section.

    NaN and ±infinity are "no opinion". With `into`, its first R rows are overwritten and returned.
    """
    rows = len(dates)
    buffers = into or RankedRows.empty(rows, section.columns.shape[1])
    ranked = RankedRows(
        values=buffers.values[:rows], ranks=buffers.ranks[:rows], opinions=buffers.opinions[:rows]
    )
    packed, bits = packed_rows(rows, section.columns.shape[1])
    pack_kernel(matrix, section.columns, section.counts, dates, bits, ranked.values, packed, ranked.opinions)
    packed.sort(axis=1)
    rank_kernel(packed, bits, ranked.opinions, ranked.values, ranked.ranks)
    return ranked


@device
def average_ranks(places: Columns, n: int, ties: Columns, tied: int, ranks: RankArray) -> None:
    """Doubled average rank of each value at its place: as if there were no ties, then each run of them anew."""
    for i in range(n):
        ranks[np.uint64(places[i])] = 2 * (i + 1)
    k = 0
    while k < tied:
        begin = ties[k]
        k = tied_run(ties, tied, k)
        end = ties[k - 1] + 2
        for i in range(begin, end):
            ranks[np.uint64(places[i])] = begin + end + 1


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
def pack_kernel(
    matrix: Matrix,
    columns: Indices,
    counts: IntegerVector,
    dates: IntegerVector,
    bits: int,
    values: OutMatrix,
    packed: OutEntries,
    opinions: OutIntegerVector,
) -> None:
    """Squeeze row `dates[r]` of the matrix into row r of `values`, and pack it to be sorted."""
    sample = np.empty(SAMPLES)
    everyone = np.arange(columns.shape[1]).astype(np.uint32)
    for r in range(len(dates)):
        t = dates[r]
        m = counts[t]
        row = values[r, :m]
        for i in range(m):
            row[i] = matrix[t, np.uint64(columns[t, i])] + 0.0  # -0 and 0 are one value
        n = pack_row(row, everyone, bits, sample, packed[r])
        opinions[r] = n
        if n < columns.shape[1]:
            values[r, m:] = 0.0
            for i in range(m):
                row[i] = row[i] if abs(row[i]) < np.inf else 0.0


@kernel
def rank_kernel(
    packed: Entries, bits: int, opinions: IntegerVector, values: OutMatrix, ranks: OutIndices
) -> None:
    """Rank the sorted entries of each row, and scale the values of extreme ones."""
    width = values.shape[1]
    order = np.empty(width, np.uint32)
    ordered = np.empty(width + 1)
    ties = np.empty(width, np.uint32)
    for r in range(len(values)):
        n = opinions[r]
        if n < width:
            ranks[r] = 0
        if n == 0:
            continue
        tied = unpack_row(packed[r, :n], bits, values[r], ordered, order, ties)
        average_ranks(order, n, ties, tied, ranks[r])
        unit = magnitude_unit(ordered[0], ordered[n - 1])
        if unit != 1.0:
            values[r] *= unit

"""Rows of ranks turned round: which name stands at which place. What is left of a row is ranked anew in one walk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtest.ranking import RankArray
from factors.jit import Indices, IntegerVector, OutIndices, OutIntegerVector, kernel
from market.arrays import IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Ordering:
    """The names of R rows in ascending order.

    names  (R, M)    those with a rank, then those without
    ties   (K, 2)    first and stop place of every run of equal ranks, row by row
    first  (R + 1,)  where each row's runs begin in `ties`
    """

    names: RankArray
    ties: RankArray
    first: IntArray

    @classmethod
    def of(cls, ranks: RankArray, counts: IntArray) -> Ordering:
        """Order the first `counts` (R,) names of each row of doubled average ranks (R, M), 0 = no rank."""
        names = np.zeros_like(ranks)
        runs = np.empty(len(ranks), dtype=np.int64)
        order_rows(ranks, counts, names, runs)
        first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(runs)])
        ties = np.empty((int(first[-1]), 2), dtype=np.int32)
        list_ties(ranks, counts, names, first, ties)
        return cls(names=names, ties=ties, first=first)


@kernel
def order_rows(ranks: Indices, counts: IntegerVector, names: OutIndices, runs: OutIntegerVector) -> None:
    """Sort each row's names by counting, and count its runs of equal ranks."""
    keys = 2 * ranks.shape[1] + 1
    places = np.empty(keys + 1, np.int64)
    for r in range(len(ranks)):
        places[:] = 0
        for i in range(counts[r]):
            places[ranks[r, i] + 1] += 1
        runs[r] = 0
        ranked = counts[r] - places[1]
        places[0] = ranked  # behind all others
        places[1] = 0
        for key in range(1, keys):
            runs[r] += places[key + 1] > 1
            places[key + 1] += places[key]
        for i in range(counts[r]):
            place = places[ranks[r, i]]
            places[ranks[r, i]] += 1
            names[r, place] = i


@kernel
def list_ties(
    ranks: Indices, counts: IntegerVector, names: Indices, first: IntegerVector, ties: OutIndices
) -> None:
    """Fill the runs of each row from its ordered names."""
    for r in range(len(ranks)):
        run = first[r]
        begin = 0
        while run < first[r + 1]:
            rank = ranks[r, names[r, begin]]
            stop = begin + 1
            while stop < counts[r] and ranks[r, names[r, stop]] == rank:
                stop += 1
            if stop - begin > 1:
                ties[run, 0] = begin
                ties[run, 1] = stop
                run += 1
            begin = stop

"""How well a signal could have predicted: the information coefficients of the truth itself.

signal   (T, N)  score, NaN = no opinion
forward  (T, N)  simple return from the close of t + 1 to that of t + 1 + h, decimal; NaN = not to be earned
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.arrays import BoolArray, FloatArray
from market.synthetic.ranking import row_correlation, row_ranks

HORIZONS_DAYS = (1, 3, 5, 10)
MIN_ASSETS = 10  # days with fewer pairs have no coefficient
BLOCK_DAYS = 100  # computed together: small enough for the processor's cache


@dataclass(frozen=True, kw_only=True)
class DailyCoefficients:
    """One signal at one horizon, shape (T,); NaN where fewer than `MIN_ASSETS` names have both values.

    ic       Pearson correlation of signal and forward return over the universe
    rank_ic  Spearman correlation, ties averaged
    """

    ic: FloatArray
    rank_ic: FloatArray


def daily_coefficients(signal: FloatArray, forward: FloatArray, *, universe: BoolArray) -> DailyCoefficients:
    """Correlate each day's signal with its forward return across the universe."""
    ic, rank_ic = np.empty(len(signal)), np.empty(len(signal))
    for start in range(0, len(signal), BLOCK_DAYS):
        days = slice(start, start + BLOCK_DAYS)
        x, y = signal[days], forward[days]
        valid = universe[days] & np.isfinite(x) & np.isfinite(y)
        valid &= valid.sum(axis=1, keepdims=True) >= MIN_ASSETS
        ic[days] = row_correlation(x, y, valid)
        rank_ic[days] = row_correlation(row_ranks(x, valid), row_ranks(y, valid), valid)
    return DailyCoefficients(ic=ic, rank_ic=rank_ic)

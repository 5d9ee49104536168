"""Markets shared by the tests of the synthetic market, made once a process."""

from functools import cache

import numpy as np
import pandas as pd

from market.arrays import BoolArray, FloatArray
from market.synthetic import SyntheticConfig, SyntheticMarket, default_market, synthesize


@cache
def full(seed: int = 7) -> SyntheticMarket:
    return default_market(seed=seed)


@cache
def small(seed: int = 3, signal_strength: float = 1.0) -> SyntheticMarket:
    config = SyntheticConfig(
        dates=260,
        symbols=40,
        halts_per_year=2.0,
        late_listings=0.4,
        delistings=0.4,
        signal_strength=signal_strength,
    )
    return synthesize(config, seed=seed)


def mean_rank_correlation(left: FloatArray, right: FloatArray, universe: BoolArray) -> float:
    """Mean over days of the cross-sectional Spearman correlation, by pandas."""
    valid = universe & np.isfinite(left) & np.isfinite(right)
    x, y = (pd.DataFrame(np.where(valid, side, np.nan)).rank(axis=1) for side in (left, right))
    return float(x.corrwith(y, axis=1).mean())


def newey_west_t(values: FloatArray, *, lags: int) -> float:
    """t-statistic of the mean of a daily series whose neighbours overlap, Bartlett weights."""
    values = values[np.isfinite(values)]
    error = values - values.mean()
    covariance = [float(error[lag:] @ error[: len(error) - lag]) for lag in range(lags + 1)]
    spread = covariance[0] + 2 * sum((1 - lag / (lags + 1)) * covariance[lag] for lag in range(1, lags + 1))
    return float(values.mean() / np.sqrt(spread) * len(values))

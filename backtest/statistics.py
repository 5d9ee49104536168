"""How sure a mean IC is, and what the best of many trials of pure noise would show.

Daily ICs of an h-day horizon overlap and are therefore autocorrelated over h - 1 days; the standard error
of their mean is that of Newey and West (1987, Econometrica 55), with Bartlett weights.

A search that tries N factors will find a large |t| by luck alone. `significance_bar` is the |t| that the
best of N independent noise factors exceeds with probability alpha (Šidák), `expected_maximum` the |t| it
reaches on average.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from market.arrays import FloatArray
from market.errors import ConfigError

NORMAL = NormalDist()
FARTHEST = 40.0  # |t| beyond which a normal variable has no mass in float64
NODES = 4000


def newey_west_t(daily: FloatArray, *, lag: int) -> float:
    """t-statistic of the mean of a daily series (R,), robust to autocorrelation up to `lag` days.

    lag  at least h - 1 for the ICs of an h-day horizon; 0 gives mean / (std(ddof=0) / √n)

    NaN days are left out and their neighbours treated as adjacent. NaN where fewer than `lag` + 2 days are
    left or the series never varies.
    """
    if lag < 0:
        raise ConfigError(f"lag must be at least 0, got {lag}: use horizon_days - 1")
    known = daily[np.isfinite(daily)]
    n = len(known)
    if n < lag + 2 or known.min() == known.max():
        return math.nan
    mean = float(known.mean())
    deviation = known - mean
    variance = float(deviation @ deviation) / n
    for k in range(1, lag + 1):
        weight = 1.0 - k / (lag + 1.0)
        variance += 2.0 * weight * float(deviation[k:] @ deviation[:-k]) / n
    return mean / math.sqrt(variance / n) if variance > 0.0 else math.nan


def significance_bar(trials: int, *, alpha: float = 0.05) -> float:
    """|t| that the best of `trials` independent noise factors exceeds with probability `alpha`."""
    _check_trials(trials)
    if not 0.0 < alpha < 1.0:
        raise ConfigError(f"alpha must lie between 0 and 1, got {alpha}: use 0.05")
    single = -math.expm1(math.log1p(-alpha) / trials)
    return -NORMAL.inv_cdf(single / 2.0)


def expected_maximum(trials: int) -> float:
    """Mean of the largest |t| among `trials` independent noise factors: ∫₀^∞ 1 - (2Φ(x) - 1)^trials dx."""
    _check_trials(trials)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    edges = np.linspace(0.0, FARTHEST, NODES // 64 + 1)
    half = (edges[1] - edges[0]) / 2.0
    x = (edges[:-1, None] + half + half * nodes).ravel()
    tail = np.array([math.erfc(value / math.sqrt(2.0)) for value in x])
    with np.errstate(divide="ignore"):  # log 0 at a tail of 1 is -∞, and exp gives back 0
        exceeds = -np.expm1(trials * np.log1p(-tail))
    return float(half * (exceeds @ np.tile(weights, len(edges) - 1)))


def _check_trials(trials: int) -> None:
    if trials < 1:
        raise ConfigError(f"trials must be at least 1, got {trials}: count every factor that was scored")

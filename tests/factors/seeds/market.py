"""The small markets that seeds are compared on, and the values that other implementations computed for them.

300 days of 32 stocks. Every bar is complete: reference implementations treat gaps in ways of their own. Prices move so
much from day to day that ranks change, and few windows of ranks are constant.
"""

from functools import cache
from pathlib import Path

import numpy as np

from market.panel import Panel

DAYS, STOCKS = 300, 32
VALUES = Path(__file__).with_name("values")
ROWS = {
    "qlib": slice(64, None, 57),
    "kunquant": slice(264, None, 9),
}  # all windows are full from the first on


@cache
def small_market(*, ties: bool = True) -> Panel:
    """With ties closes are whole cents and volumes whole hundreds, else no two values are equal."""
    rng = np.random.default_rng(158)
    shape = DAYS, STOCKS
    walk, noise = rng.normal(0, 0.003, shape), rng.normal(0, 0.03, shape)
    close = 30 * np.exp(np.cumsum(walk, axis=0) + noise)
    volume = np.exp(rng.normal(12, 0.6, shape))
    if ties:
        close, volume = np.round(close, 2), np.round(volume, -2)
    open_ = close * np.exp(rng.normal(0, 0.01, shape))
    high = np.maximum(open_, close) * (1 + rng.uniform(0.001, 0.02, shape))
    low = np.minimum(open_, close) * (1 - rng.uniform(0.001, 0.02, shape))
    vwap = low + (high - low) * rng.uniform(0.2, 0.8, shape)
    return Panel(
        dates=np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-01-01") + DAYS),
        symbols=tuple(f"S{number:02}" for number in range(STOCKS)),
        fields={"open": open_, "high": high, "low": low, "close": close, "volume": volume, "vwap": vwap},
        universe=np.ones(shape, dtype=np.bool_),
        tradable=np.ones(shape, dtype=np.bool_),
    )


@cache
def stored_values(implementation: str) -> dict[str, np.ndarray]:
    """Return the reference values by formula, each (rows of `ROWS`, stocks)."""
    with np.load(VALUES / f"{implementation}.npz") as stored:
        return dict(zip(stored["names"].tolist(), stored["values"], strict=True))

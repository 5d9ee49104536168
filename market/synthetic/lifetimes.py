"""When each symbol is quoted: listings, delistings and trading halts."""

from __future__ import annotations

import numpy as np

from market.arrays import BoolArray, FloatArray, IntArray
from market.synthetic.config import SyntheticConfig

LATEST_LISTING = 0.7  # share of the dates by which every symbol has been listed
EARLIEST_DELISTING = 0.3  # share of the dates before which no symbol leaves
HALT_ENDS = 0.5  # chance that a halted symbol trades again the next day
TRADING_DAYS_A_YEAR = 252


def quoted_days(config: SyntheticConfig, rng: np.random.Generator) -> BoolArray:
    """Where a symbol has a quote, shape (T, N)."""
    days = np.arange(config.dates)[:, None]
    first, last = _listing_days(config, rng)
    return (days >= first) & (days <= last) & ~_halted(config, rng)


def eligible(config: SyntheticConfig, *, close: FloatArray, days_quoted: IntArray) -> BoolArray:
    """Whether a quoted symbol may be in the universe, as known at the close: seasoned, not a penny stock."""
    return (close >= config.minimum_price) & (days_quoted >= config.seasoning_days)


def _listing_days(config: SyntheticConfig, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    size = config.symbols
    first = np.where(
        rng.random(size) < config.late_listings,
        rng.integers(1, int(LATEST_LISTING * config.dates), size),
        0,
    )
    earliest_exit = np.maximum(first + config.seasoning_days, int(EARLIEST_DELISTING * config.dates))
    exit_day = rng.integers(np.minimum(earliest_exit, config.dates - 2), config.dates - 1)
    last = np.where(rng.random(size) < config.delistings, exit_day, config.dates - 1)
    return first, last


def _halted(config: SyntheticConfig, rng: np.random.Generator) -> BoolArray:
    shape = (config.dates, config.symbols)
    starts = rng.random(shape) < config.halts_per_year / TRADING_DAYS_A_YEAR
    goes_on = rng.random(shape) >= HALT_ENDS
    halted = starts
    for day in range(1, config.dates):
        halted[day] |= halted[day - 1] & goes_on[day]
    return halted

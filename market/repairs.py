"""Repairs of single bars: what cannot be true becomes missing; nothing is invented.

In this order, each counted in the grid's findings:

    close missing, infinite or <= 0          the whole bar is no quote
    open, high, low, vwap infinite or <= 0   that price is missing
    high < low                               both are missing (which of the two is wrong is unknown)
    open or close outside [low, high]        low or high is widened to include it (float32 rounding aside)
    volume infinite or negative              missing
    volume missing or 0                      kept, not tradable
"""

from __future__ import annotations

import numpy as np

from market.arrays import BoolArray
from market.grid import Grid

ROUNDING = 1e-6  # float32 is off by at most 6e-8 of a price, an adjusted price by a few times that


def repair_bars(grid: Grid) -> None:
    """Apply the repairs above to `grid` in place."""
    _drop_bars_without_close(grid)
    _drop_impossible_prices(grid)
    _drop_inverted_ranges(grid)
    _widen_ranges(grid)
    _drop_impossible_volumes(grid)


def tradable(grid: Grid) -> BoolArray:
    """Where an order could have been filled: a close and positive volume."""
    return np.isfinite(grid.fields["close"]) & (grid.fields["volume"] > 0)


def _drop_bars_without_close(grid: Grid) -> None:
    close = grid.fields["close"]
    no_quote = ~(np.isfinite(close) & (close > 0))
    grid.note("close missing or not positive", no_quote & grid.present, "no quote that day")
    for values in grid.fields.values():
        values[no_quote] = np.nan


def _drop_impossible_prices(grid: Grid) -> None:
    for name in ("open", "high", "low", "vwap"):
        if name in grid.fields:
            values = grid.fields[name]
            impossible = (values <= 0) | np.isinf(values)
            grid.note(f"{name} not positive", impossible, f"{name} missing that day")
            values[impossible] = np.nan


def _drop_inverted_ranges(grid: Grid) -> None:
    high, low = grid.fields["high"], grid.fields["low"]
    inverted = high < low * (1.0 - ROUNDING)
    grid.note("high below low", inverted, "high and low missing that day")
    high[inverted] = np.nan
    low[inverted] = np.nan


def _widen_ranges(grid: Grid) -> None:
    high, low = grid.fields["high"], grid.fields["low"]
    for name in ("close", "open"):
        price = grid.fields[name]
        above, below = price > high * (1.0 + ROUNDING), price < low * (1.0 - ROUNDING)
        grid.note(f"{name} outside low and high", above | below, "range widened")
        high[above] = price[above]
        low[below] = price[below]


def _drop_impossible_volumes(grid: Grid) -> None:
    volume = grid.fields["volume"]
    impossible = (volume < 0) | np.isinf(volume)
    grid.note("volume negative or infinite", impossible, "volume missing that day")
    volume[impossible] = np.nan
    quoted = np.isfinite(grid.fields["close"])
    grid.note("volume zero or missing", quoted & ~(volume > 0), "kept, not tradable that day")

"""The panel: daily bars of N symbols on T dates, aligned, immutable, identified by its content.

dates     (T,)    datetime64[D], strictly increasing
symbols   (N,)    unique tickers
fields    (T, N)  float64, C-order, read-only; `open high low close volume`, NaN = no quote
universe  (T, N)  True where the symbol belongs to the investable set, as known at the close of t
tradable  (T, N)  True where an order could have been filled that day (a quote and positive volume)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from market.arrays import BoolArray, DateArray, FloatArray

FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, eq=False, kw_only=True)
class Panel:
    """Aligned daily bars; every array is read-only."""

    dates: DateArray
    symbols: tuple[str, ...]
    fields: Mapping[str, FloatArray]
    universe: BoolArray
    tradable: BoolArray

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)."""
        return len(self.dates), len(self.symbols)

    @cached_property
    def content_hash(self) -> str:
        """Hex digest over dates, symbols, fields and masks: equal panels, equal hash."""
        raise NotImplementedError

    def frame(self, name: str) -> pd.DataFrame:
        """Field `name` as a DataFrame (dates × symbols)."""
        raise NotImplementedError

    def head(self, rows: int) -> Panel:
        """Return the first `rows` dates, as views."""
        raise NotImplementedError

    def forward_returns(self, horizon_days: int, *, entry: str = "close") -> FloatArray:
        """Simple return from entry on t+1 to the same price h days later, NaN where it could not be earned."""
        raise NotImplementedError

"""What a program sees of the market: read-only (T, N) arrays of one panel.

open high low close volume   as loaded; NaN = no quote
vwap                         the panel's vwap; without one in the data, (high + low + close) / 3
returns                      close / previous day's close - 1, decimal; NaN on the first row
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from factors.errors import ContractError
from market.arrays import FloatArray, sealed
from market.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

FIELDS = ("open", "high", "low", "close", "volume", "vwap", "returns")


class ProgramData:
    """The `data` argument of a program; one instance serves all runs on a panel."""

    __slots__ = ("__dict__", "_panel")

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    @property
    def open(self) -> FloatArray:
        """First price of the day."""
        return self._panel.fields["open"]

    @property
    def high(self) -> FloatArray:
        """Highest price of the day."""
        return self._panel.fields["high"]

    @property
    def low(self) -> FloatArray:
        """Lowest price of the day."""
        return self._panel.fields["low"]

    @property
    def close(self) -> FloatArray:
        """Last price of the day."""
        return self._panel.fields["close"]

    @property
    def volume(self) -> FloatArray:
        """Shares traded."""
        return self._panel.fields["volume"]

    @cached_property
    def vwap(self) -> FloatArray:
        """Volume-weighted average price, or the typical price in its place."""
        return sealed(self._panel.vwap)

    @cached_property
    def returns(self) -> FloatArray:
        """Simple close-to-close return."""
        return sealed(self._panel.returns)

    def frame(self, name: str) -> pd.DataFrame:
        """A field as a DataFrame (dates × symbols); a copy, so changing it changes nothing else."""
        if name not in FIELDS:
            raise ContractError(f"`data.frame` knows {', '.join(FIELDS)}, got {name!r}.")
        return self._panel.to_frame(getattr(self, name))

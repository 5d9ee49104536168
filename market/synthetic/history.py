"""The past while a market is being simulated: the only thing a planted rule may read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from market.arrays import FloatArray

MEMORY_DAYS = 160  # rows of NaN before the first day, so that a window may reach back beyond it


class History:
    """Daily rows so far, newest last; NaN where there was no quote or no market yet.

    The simulator opens a day and records its quotes; a rule may add rows of its own, to read them on later
    days. Nothing of a later day exists yet, so nothing of it can be read.
    """

    def __init__(self, dates: int, symbols: int) -> None:
        self._today = MEMORY_DAYS - 1
        self._shape = (MEMORY_DAYS + dates, symbols)
        self._rows: dict[str, FloatArray] = {}

    def open_day(self) -> None:
        """Begin the next day."""
        self._today += 1

    def record(self, rows: Mapping[str, FloatArray]) -> None:
        """Write today's row (N,) of each named series."""
        for name, row in rows.items():
            if name not in self._rows:
                self._rows[name] = np.full(self._shape, np.nan)
            self._rows[name][self._today] = row

    def last(self, name: str, days: int, *, skip: int = 0) -> FloatArray:
        """Return the `days` newest rows of a series, shape (days, N), leaving out the `skip` newest."""
        end = self._today + 1 - skip
        return self._rows[name][end - days : end]

    def returns(self, days: int) -> FloatArray:
        """Return the `days` newest simple returns from close to close, shape (days, N)."""
        close = self.last("close", days + 1)
        return close[1:] / close[:-1] - 1

    def series(self, name: str) -> FloatArray:
        """Return the whole series, shape (T, N)."""
        return self._rows[name][MEMORY_DAYS:].copy()

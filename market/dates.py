"""One reading of a date, wherever a person or a program states one."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from market.errors import DataError


def as_day(value: str | date | np.datetime64) -> np.datetime64:
    """Return `value` as datetime64[D]: an ISO 8601 day with or without dashes, a date, a time of that day.

    Raises `DataError` for anything else, NaT included.
    """
    day: np.datetime64
    try:
        if isinstance(value, np.datetime64):
            day = value.astype("datetime64[D]")
        else:
            text = value.isoformat()[:10] if isinstance(value, datetime) else str(value)
            day = np.datetime64(date.fromisoformat(text), "D")
    except ValueError:
        day = np.datetime64("NaT", "D")
    if np.isnat(day):
        raise DataError(f"a date must be written like 2012-12-31, got {str(value)!r}.")
    return day

"""The investable set, point in time: membership on day t is known at the close of t, for good."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from market.arrays import BoolArray, DateArray, FloatArray
from market.errors import ConfigError

WINDOW_DAYS = 60
MIN_PRICE = 5.0


def top_dollar_volume_universe(
    dates: DateArray,
    close: FloatArray,
    volume: FloatArray,
    *,
    count: int,
    window_days: int = WINDOW_DAYS,
    min_price: float = MIN_PRICE,
) -> BoolArray:
    """Choose the `count` symbols of highest median dollar volume (close * volume) each month, (T, N).

    The members of a month are chosen on the last date before it, from that day and the `window_days - 1`
    before: a close of at least `min_price` that day and quotes on half of the window are needed. A symbol
    without a quote on t is no member on t. Empty until the first month after half a window. Ties go to the
    earlier column.

    Raises `ConfigError` if `count` or `window_days` is below 1.
    """
    if count < 1 or window_days < 1:
        raise ConfigError(
            f"a top-N universe needs count and window_days >= 1, got {count} and {window_days}."
        )
    members = np.zeros(close.shape, dtype=bool)
    months = dates.astype("datetime64[M]")
    starts = np.flatnonzero(months[1:] != months[:-1]) + 1
    for start, stop in pairwise([*starts, len(dates)]):
        window = slice(max(0, start - window_days), start)
        dollars = close[window] * volume[window]
        enough = np.isfinite(dollars).sum(axis=0) >= (window_days + 1) // 2
        eligible = np.flatnonzero(enough & (close[start - 1] >= min_price))
        medians = np.nanmedian(dollars[:, eligible], axis=0)
        members[start:stop, eligible[np.argsort(-medians, kind="stable")[:count]]] = True
    return members & np.isfinite(close)

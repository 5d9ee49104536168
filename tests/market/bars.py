"""Long frames of daily bars, small enough to check by hand."""

import numpy as np
import pandas as pd

from market.panel import FIELDS, Panel


def plain_bars(*, dates: int = 4, symbols: tuple[str, ...] = ("AA", "BB")) -> pd.DataFrame:
    """Faultless bars: open 10, high 12, low 9, close 11, volume 100 on every day."""
    days = pd.bdate_range("2020-01-01", periods=dates).as_unit("s")
    frame = pd.DataFrame([(day, symbol) for day in days for symbol in symbols], columns=["date", "symbol"])
    return frame.assign(open=10.0, high=12.0, low=9.0, close=11.0, volume=100.0)


def long_frame(panel: Panel) -> pd.DataFrame:
    """One row per quote."""
    rows, columns = np.nonzero(np.isfinite(panel.fields["close"]))
    return pd.DataFrame(
        {
            "date": panel.dates[rows].astype("datetime64[s]"),
            "symbol": np.array(panel.symbols)[columns],
            **{name: panel.fields[name][rows, columns] for name in FIELDS},
            "in_universe": panel.universe[rows, columns],
        }
    )

"""Train, validation and test periods, apart enough that no label of one reads a price of the next.

A signal at row t is judged by prices up to row t + 1 + h. Train rows therefore stop `embargo` = h_max + 1
rows before validation begins, and validation rows as many before the test begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtest.labels import HORIZONS_DAYS
from market.arrays import DateArray
from market.dates import as_day
from market.errors import ConfigError, DataError
from market.panel import Panel

TRAIN_SHARE, VALIDATION_SHARE = 0.6, 0.2
FEWEST_ROWS = 20


@dataclass(frozen=True, kw_only=True)
class DateSplits:
    """Half-open row ranges to score; `test` may be empty.

    embargo         rows left out before each boundary
    validation_end  the row where the test period begins
    """

    train: slice
    validation: slice
    test: slice
    embargo: int
    validation_end: int


def split_dates(
    dates: DateArray,
    *,
    train_end: np.datetime64 | str | None = None,
    valid_end: np.datetime64 | str | None = None,
    train_start: np.datetime64 | str | None = None,
    horizons_days: tuple[int, ...] = HORIZONS_DAYS,
) -> DateSplits:
    """Split (T,) increasing dates; `train_end` and `valid_end` are the last days of their periods.

    Without them train takes 60 % and validation 20 % of the dates from `train_start` on. Raises ConfigError
    for dates out of order or outside the data, and for a train or validation period of fewer than 20 rows
    after the embargo.
    """
    first = 0 if train_start is None else _row_of("train_start", train_start, dates, side="left")
    usable = len(dates) - first
    if (train_end is None) != (valid_end is None):
        raise ConfigError("train_end and valid_end belong together: give both, or neither for 60/20/20")
    if train_end is None or valid_end is None:
        boundary = first + int(usable * TRAIN_SHARE)
        end = first + int(usable * (TRAIN_SHARE + VALIDATION_SHARE))
    else:
        boundary = _row_of("train_end", train_end, dates, side="right")
        end = _row_of("valid_end", valid_end, dates, side="right")
    if not first < boundary < end:
        raise ConfigError(
            f"periods must follow one another, got train_start {train_start}, train_end {train_end}, "
            f"valid_end {valid_end}: choose later ends"
        )
    embargo = max(horizons_days) + 1
    validation_stop = end - embargo if end < len(dates) else end
    _check_length("train", boundary - embargo - first, embargo)
    _check_length("validation", validation_stop - boundary, embargo)
    return DateSplits(
        train=slice(first, boundary - embargo),
        validation=slice(boundary, validation_stop),
        test=slice(end, len(dates)),
        embargo=embargo,
        validation_end=end,
    )


def mining_panel(panel: Panel, splits: DateSplits) -> Panel:
    """Return the panel that a search may see: the test period is not in it."""
    return panel.head(splits.validation_end)


def _row_of(name: str, day: np.datetime64 | str, dates: DateArray, *, side: str) -> int:
    try:
        date = as_day(day)
    except DataError as error:
        raise ConfigError(f"{name} must be a date, got {day!r}: write it as 2013-12-31") from error
    if not dates[0] <= date <= dates[-1]:
        raise ConfigError(f"{name} must lie within the data, {dates[0]} to {dates[-1]}, got {day}")
    return int(np.searchsorted(dates, date, side="left" if side == "left" else "right"))


def _check_length(name: str, rows: int, embargo: int) -> None:
    if rows < FEWEST_ROWS:
        raise ConfigError(
            f"the {name} period needs {FEWEST_ROWS} rows after an embargo of {embargo}, got {max(rows, 0)}: "
            "move its end or load more data"
        )

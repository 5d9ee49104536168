"""pandas objects to panels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from market.arrays import BoolArray, FloatArray
from market.errors import DataError
from market.grid import Grid
from market.loaders import values
from market.loaders.assemble import assemble, select
from market.loaders.bars import bars_from_table, to_grid
from market.loaders.columns import match_columns
from market.loaders.options import LoadOptions
from market.panel import Panel


def panel_from_frame(frame: pd.DataFrame, options: LoadOptions | None = None) -> Panel:
    """Make a panel of a long frame.

    Date and symbol are columns or index levels, in either order, under the aliases of
    `market.loaders.columns`; unnamed levels are told apart by their type. Raises `DataError` as `load_panel`
    does.
    """
    source, options = "the DataFrame", options or LoadOptions()
    flat = _flat(frame)
    if flat.empty:
        raise DataError(f"{source} has no rows: a panel needs daily bars of at least 2 symbols.")
    roles = match_columns([str(name) for name in flat.columns], source=source)
    flat.columns = pd.Index([str(name) for name in flat.columns])
    table = pa.table({role: pa.chunked_array([_column(flat[name])]) for role, name in roles.items()})
    return select(assemble(to_grid(bars_from_table(table, source=source)), options), options)


def panel_from_wide(frames: Mapping[str, pd.DataFrame], options: LoadOptions | None = None) -> Panel:
    """Make a panel of one frame (dates in the index, symbols in the columns) per field.

    Frames may differ in dates and symbols; what one lacks is NaN. Raises `DataError` as `load_panel` does.
    """
    source, options = "the frames", options or LoadOptions()
    roles = match_columns([str(name) for name in frames], source=source, given=("date", "symbol"))
    roles.pop("adjusted_close", None)
    aligned = {role: _labelled(frames[name], name) for role, name in roles.items()}
    dates = sorted({day for frame in aligned.values() for day in frame.index})
    symbols = sorted({symbol for frame in aligned.values() for symbol in frame.columns})
    if not dates or not symbols:
        raise DataError(f"{source} are empty: a panel needs daily bars of at least 2 symbols.")
    laid = {role: _numbers(frame, roles[role], dates, symbols) for role, frame in aligned.items()}
    member = laid.pop("in_universe", None)
    present: BoolArray = np.logical_or.reduce([np.isfinite(field) for field in laid.values()])
    grid = Grid(
        source=source,
        rows=int(present.sum()),
        dates=pd.DatetimeIndex(dates).to_numpy().astype("datetime64[D]"),
        symbols=tuple(symbols),
        fields=laid,
        present=present,
        member=None if member is None else np.nan_to_num(member) != 0,
    )
    return select(assemble(grid, options), options)


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Index levels as columns; a plain row number is dropped."""
    levels = [frame.index.get_level_values(i) for i in range(frame.index.nlevels)]
    if len(levels) == 1 and levels[0].name is None and not isinstance(levels[0], pd.DatetimeIndex):
        return frame.reset_index(drop=True)
    names = [_level_name(level) for level in levels]
    taken = [name for name in names if name in frame.columns]
    return frame.drop(columns=taken).rename_axis(index=names).reset_index()


def _level_name(level: pd.Index[Any]) -> str:
    if level.name is not None:
        return str(level.name)
    return "date" if isinstance(level, pd.DatetimeIndex) else "symbol"


def _column(series: pd.Series[Any]) -> Any:
    """Convert to Arrow; a column of mixed types becomes text, so that a wrong value can be named."""
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if pd.isna(value) else str(value) for value in series], type=pa.string())


def _labelled(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    source = f"the frame {name!r}"
    index = pa.chunked_array([_column(frame.index.to_series())])
    days = values.days(index, name="index", source=source)
    labelled = frame.set_axis(pd.DatetimeIndex(days), axis=0).set_axis(
        [str(c) for c in frame.columns], axis=1
    )
    for axis, labels in (("date", labelled.index), ("symbol", labelled.columns)):
        if not labels.is_unique:
            twice = labels[labels.duplicated()][0]
            raise DataError(
                f"{source} has the {axis} {twice} twice: a wide frame needs unique dates and symbols."
            )
    return labelled


def _numbers(frame: pd.DataFrame, name: str, dates: Iterable[Any], symbols: Iterable[str]) -> FloatArray:
    columns = {
        symbol: values.numbers(
            pa.chunked_array([_column(frame[symbol])]), name=symbol, source=f"the frame {name!r}"
        )
        for symbol in frame.columns
    }
    whole = pd.DataFrame(columns, index=frame.index, dtype=np.float64)
    return np.array(whole.reindex(index=list(dates), columns=list(symbols)).to_numpy(), order="C")

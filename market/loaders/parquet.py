"""A panel as a long Parquet file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from market.arrays import BoolArray
from market.errors import DataError
from market.panel import Panel


def write_parquet(panel: Panel, path: str | Path) -> None:
    """Write `date symbol open high low close volume [vwap] in_universe`, one row per quote, in that order.

    A date or symbol without any quote gets one empty row, so that loading the file gives the panel again.
    Missing values are nulls. Raises `DataError` if the file cannot be written.
    """
    path = Path(path)
    rows, columns = np.nonzero(_written_cells(panel))
    names = pa.array(list(panel.symbols), type=pa.string())
    table = pa.table(
        {
            "date": pa.array(panel.dates[rows], type=pa.date32()),
            "symbol": pa.DictionaryArray.from_arrays(pa.array(columns.astype(np.int32)), names),
            **{
                name: pa.array(values[rows, columns], from_pandas=True)
                for name, values in panel.fields.items()
            },
            "in_universe": pa.array(panel.universe[rows, columns]),
        }
    )
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            pq.write_table(table, draft, compression="zstd")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}.") from error


def _written_cells(panel: Panel) -> BoolArray:
    """Cells with a quote, and one cell for each date and symbol that has none."""
    cells: BoolArray = np.isfinite(panel.fields["close"])
    cells[~cells.any(axis=1), 0] = True
    cells[0, ~cells.any(axis=0)] = True
    return cells

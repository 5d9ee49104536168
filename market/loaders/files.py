"""Files to Arrow tables: only the columns that play a role, renamed to their roles.

Every CSV column is read as text, so that the symbol 000001 keeps its zeros and a ticker may be called NA.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from market.errors import DataError
from market.loaders.columns import match_columns

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".csv.gz")
_HEADER_BYTES = 1 << 16


def is_csv(path: Path) -> bool:
    """Whether the name says CSV, plain or gzipped."""
    return path.name.lower().endswith(CSV)


def read_table(path: Path, *, given: Collection[str] = ()) -> Any:
    """Read a Parquet or CSV file, columns named by role. Raises `DataError` if it cannot be read."""
    if not is_csv(path) and path.suffix.lower() not in PARQUET:
        raise DataError(f"{path} has an unknown file type: use {', '.join((*PARQUET, *CSV))} or a folder.")
    try:
        table = _read_csv(path, given) if is_csv(path) else _read_parquet(path, given)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        kind = "CSV" if is_csv(path) else "Parquet"
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} cannot be read as {kind}: {reason}.") from error
    if table.num_rows == 0:
        raise DataError(f"{path} has no rows: a panel needs daily bars of at least 2 symbols.")
    return table


def _read_parquet(path: Path, given: Collection[str]) -> Any:
    names = pq.read_schema(path).names
    roles = match_columns(names, source=str(path), given=given)
    encoded = [roles["symbol"]] if "symbol" in roles else None
    with pq.ParquetFile(path, read_dictionary=encoded) as file:
        table = file.read(columns=list(dict.fromkeys(roles.values())))
    return by_role(table, roles)


def _read_csv(path: Path, given: Collection[str]) -> Any:
    names, delimiter = _header(path)
    roles = match_columns(names, source=str(path), given=given)
    coded = pa.dictionary(pa.int32(), pa.string())
    kinds = {name: coded if role in ("date", "symbol") else pa.string() for role, name in roles.items()}
    table = pacsv.read_csv(
        path,
        parse_options=pacsv.ParseOptions(delimiter=delimiter),
        convert_options=pacsv.ConvertOptions(
            column_types=kinds, include_columns=list(kinds), strings_can_be_null=False
        ),
    )
    return by_role(table, roles)


def by_role(table: Any, roles: dict[str, str]) -> Any:
    """Keep the columns of `table` that play a role, named by it."""
    return pa.table({role: table[name] for role, name in roles.items()})


def _header(path: Path) -> tuple[list[str], str]:
    with pa.input_stream(str(path), compression="detect") as stream:
        head = stream.read(_HEADER_BYTES)
    lines = head.decode("utf-8-sig", errors="ignore").splitlines()
    if not lines or not lines[0].strip():
        raise DataError(f"{path} is empty: its first line must name the columns.")
    delimiter = max(",;\t|", key=lines[0].count)
    return next(csv.reader([lines[0]], delimiter=delimiter)), delimiter

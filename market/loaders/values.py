"""Arrow columns to NumPy: numbers, days, flags and symbols, with errors that name the first bad value."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from market.arrays import BoolArray, DateArray, FloatArray, IntArray
from market.errors import DataError

NULLS = ("", "nan", "na", "n/a", "null", "none", "-")
_DAY = re.compile(r"(\d{4})([-/]?)(\d{1,2})\2(\d{1,2})(?:[T ].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0)?")


def numbers(column: Any, *, name: str, source: str) -> FloatArray:
    """Float64 values; null and the spellings in `NULLS` become NaN, other text is a `DataError`."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if not _is_text(column.type):
        try:
            return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(f"{source}: column {name!r} holds {column.type}, expected numbers.") from error
    text = pc.utf8_trim_whitespace(column)
    blank = pc.is_in(pc.utf8_lower(text), value_set=pa.array(NULLS, type=text.type))
    text = pc.if_else(blank, pa.scalar(None, text.type), text)
    try:
        return np.asarray(pc.cast(text, pa.float64()).to_numpy())
    except pa.ArrowInvalid as error:
        row, value = _first_bad(text)
        raise DataError(
            f"{source}: column {name!r} must hold numbers, but data row {row + 1} has {value!r}: "
            "correct it or leave it empty."
        ) from error


def days(column: Any, *, name: str, source: str) -> DateArray:
    """Dates as datetime64[D]; a time of day is dropped.

    Accepts date and timestamp columns and the spellings 2007-01-31, 2007/01/31 and 20070131.
    """
    kind = column.type
    if pa.types.is_timestamp(kind):
        local = pc.local_timestamp(column) if kind.tz else column
        column = pc.cast(pc.floor_temporal(local, unit="day"), pa.date32(), safe=False)
    if pa.types.is_date(column.type):
        if column.null_count:
            raise DataError(
                f"{source}: column {name!r} lacks the date on {column.null_count} rows: drop them."
            )
        return np.asarray(pc.cast(column, pa.date32()).to_numpy()).astype("datetime64[D]")
    codes, values = _encoded(column, name=name, source=source)
    parsed = np.empty(len(values), dtype="datetime64[D]")
    for i, value in enumerate(values):
        day = _parse_day(str(value))
        if day is None:
            row = int(np.argmax(codes == i))
            raise DataError(
                f"{source}: column {name!r} must hold dates such as 2007-01-31 or 20070131, "
                f"but data row {row + 1} has {str(value)!r}."
            )
        parsed[i] = day
    return parsed[codes]


def symbol_codes(column: Any, *, name: str, source: str) -> tuple[IntArray, list[str]]:
    """Symbol of each row as an index into a sorted list of unique symbols."""
    codes, values = _encoded(column, name=name, source=source)
    names = [str(value).strip() for value in values]
    if "" in names:
        row = int(np.argmax(codes == names.index("")))
        raise DataError(
            f"{source}: column {name!r} is empty on data row {row + 1}: every row needs a symbol."
        )
    symbols = sorted(set(names))
    rank = {symbol: i for i, symbol in enumerate(symbols)}
    return np.array([rank[name] for name in names], dtype=np.int64)[codes], symbols


def flags(column: Any, *, name: str, source: str) -> BoolArray:
    """Truth values; numbers are true unless 0 or null, text may say true/false, yes/no, 1/0."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if _is_text(column.type):
        lower = pc.utf8_lower(pc.utf8_trim_whitespace(column))
        true, false = (
            pc.is_in(lower, value_set=pa.array(words, type=lower.type))
            for words in (
                ("true", "t", "yes", "y", "1", "1.0"),
                ("false", "f", "no", "n", "0", "0.0", *NULLS, None),
            )
        )
        unknown = ~np.asarray(pc.or_(true, false).to_numpy(), dtype=bool)
        if unknown.any():
            row = int(np.argmax(unknown))
            raise DataError(
                f"{source}: column {name!r} must hold true or false, but data row {row + 1} has "
                f"{column[row].as_py()!r}."
            )
        return np.asarray(true.to_numpy(), dtype=bool)
    values = numbers(column, name=name, source=source)
    truth: BoolArray = (values != 0) & ~np.isnan(values)
    return truth


def _encoded(column: Any, *, name: str, source: str) -> tuple[IntArray, list[Any]]:
    if column.null_count:
        row = int(np.argmax(np.asarray(column.is_null().to_numpy())))
        raise DataError(f"{source}: column {name!r} is empty on data row {row + 1}: fill it or drop the row.")
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column)
    merged = column.unify_dictionaries().combine_chunks()
    if isinstance(merged, pa.ChunkedArray):
        merged = merged.chunk(0) if merged.num_chunks else pa.DictionaryArray.from_arrays([], pa.array([]))
    return np.asarray(
        merged.indices.to_numpy(zero_copy_only=False), dtype=np.int64
    ), merged.dictionary.to_pylist()


@lru_cache(maxsize=1 << 15)  # a folder of files spells the same days in each
def _parse_day(text: str) -> np.datetime64 | None:
    match = _COMPACT.fullmatch(text.strip()) or _DAY.fullmatch(text.strip())
    if match is None:
        return None
    parts = [int(part) for part in match.groups() if part.isdigit()]
    try:
        return np.datetime64(date(*parts), "D")
    except ValueError:
        return None


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _first_bad(text: Any) -> tuple[int, str]:
    for row, value in enumerate(text.to_pylist()):
        if value is not None and not _is_number(value):
            return row, value
    raise AssertionError("a failed cast has a bad value")  # pragma: no cover - the two parsers disagree


def _is_number(value: str) -> bool:
    try:
        pc.cast(pa.scalar(value), pa.float64())
    except pa.ArrowInvalid:
        return False
    return True

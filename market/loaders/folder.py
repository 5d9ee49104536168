"""A folder of CSV files, one per symbol: the file's stem is the symbol."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from market.errors import DataError
from market.loaders.bars import Bars, bars_from_table, stack
from market.loaders.files import read_table


def read_folder(folder: Path, files: Sequence[Path]) -> Bars:
    """Read the rows of all files; a symbol column inside a file is not looked at."""
    symbols = [symbol_of(path) for path in files]
    twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
    if twice:
        raise DataError(f"{folder} has two files for {', '.join(twice)}: keep one of .csv and .csv.gz.")
    parts = [_read(path, symbol) for path, symbol in zip(files, symbols, strict=True)]
    return stack(parts, source=str(folder))


def symbol_of(path: Path) -> str:
    """Take the symbol from a file name."""
    name = path.name
    for suffix in (".gz", ".csv"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name


def _read(path: Path, symbol: str) -> Bars:
    return bars_from_table(read_table(path, given=("symbol",)), source=str(path), symbol=symbol)

"""Bars as a long table of NumPy columns, and their way onto the (T, N) grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from market.arrays import BoolArray, DateArray, FloatArray, IntArray
from market.audit import EXAMPLES, Finding
from market.errors import DataError
from market.grid import Grid
from market.loaders import values
from market.panel import FIELDS

PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, kw_only=True)
class Bars:
    """M rows in source order: day, symbol (an index into `symbols`), values, and membership if given."""

    source: str
    days: DateArray
    codes: IntArray
    symbols: tuple[str, ...]
    columns: dict[str, FloatArray]
    member: BoolArray | None
    findings: tuple[Finding, ...] = ()


def bars_from_table(table: Any, *, source: str, symbol: str | None = None) -> Bars:
    """Convert an Arrow table whose columns are named by role; `symbol` stands for a missing symbol column."""
    days = values.days(table["date"], name="date", source=source)
    if symbol is None:
        codes, symbols = values.symbol_codes(table["symbol"], name="symbol", source=source)
    else:
        codes, symbols = np.zeros(len(days), dtype=np.int64), [symbol]
    names = [name for name in (*FIELDS, "vwap", "adjusted_close") if name in table.column_names]
    columns = {name: values.numbers(table[name], name=name, source=source) for name in names}
    findings = _adjust(columns)
    member = None
    if "in_universe" in table.column_names:
        member = values.flags(table["in_universe"], name="in_universe", source=source)
    return Bars(
        source=source,
        days=days,
        codes=codes,
        symbols=tuple(symbols),
        columns=columns,
        member=member,
        findings=findings,
    )


def stack(parts: Sequence[Bars], *, source: str) -> Bars:
    """Join tables of one symbol each; a column that only some bring is NaN (or no member) elsewhere."""
    symbols = tuple(sorted(part.symbols[0] for part in parts))
    rank = {symbol: i for i, symbol in enumerate(symbols)}
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    member = None
    if any(part.member is not None for part in parts):
        member = np.concatenate(
            [np.zeros(len(p.days), bool) if p.member is None else p.member for p in parts]
        )
    adjusted = sum(finding.count for part in parts for finding in part.findings)
    return Bars(
        source=source,
        days=np.concatenate([part.days for part in parts]),
        codes=np.concatenate([np.full(len(part.days), rank[part.symbols[0]]) for part in parts]),
        symbols=symbols,
        columns={
            name: np.concatenate([p.columns.get(name, np.full(len(p.days), np.nan)) for p in parts])
            for name in names
        },
        member=member,
        findings=(_adjusted_finding(adjusted),) if adjusted else (),
    )


def to_grid(bars: Bars) -> Grid:
    """Lay the rows on the grid of all dates and symbols; of duplicates the last in source order stays."""
    dates, rows = _sorted_days(bars.days)
    shape = len(dates), len(bars.symbols)
    cells = rows * shape[1] + bars.codes
    counts = np.bincount(cells, minlength=shape[0] * shape[1])
    grid = Grid(
        source=bars.source,
        rows=len(cells),
        dates=dates,
        symbols=bars.symbols,
        fields={name: _scatter(cells, column, shape) for name, column in bars.columns.items()},
        present=(counts > 0).reshape(shape),
        member=None if bars.member is None else _scatter_flags(cells, bars.member, shape),
        findings=list(bars.findings),
    )
    _note_order(grid, bars)
    _note_duplicates(grid, counts)
    return grid


def _sorted_days(days: DateArray) -> tuple[DateArray, IntArray]:
    ordinals = days.astype(np.int64)
    first, last = int(ordinals.min()), int(ordinals.max())
    seen = np.zeros(last - first + 1, dtype=bool)
    seen[ordinals - first] = True
    row_of = np.cumsum(seen) - 1
    dates = (np.flatnonzero(seen) + first).astype("datetime64[D]")
    return dates, row_of[ordinals - first]


def _scatter(cells: IntArray, column: FloatArray, shape: tuple[int, int]) -> FloatArray:
    grid = np.full(shape[0] * shape[1], np.nan)
    grid[cells] = column
    return grid.reshape(shape)


def _scatter_flags(cells: IntArray, column: BoolArray, shape: tuple[int, int]) -> BoolArray:
    grid = np.zeros(shape[0] * shape[1], dtype=bool)
    grid[cells] = column
    return grid.reshape(shape)


def _note_order(grid: Grid, bars: Bars) -> None:
    """Count the rows that are dated before the previous row of their symbol."""
    days, codes = bars.days, bars.codes
    if (days[1:] >= days[:-1]).all():
        return
    if (codes[1:] < codes[:-1]).any():
        order = np.argsort(codes, kind="stable")
        days, codes = days[order], codes[order]
    backwards = int(((days[1:] < days[:-1]) & (codes[1:] == codes[:-1])).sum())
    if backwards:
        grid.findings.append(Finding("dates out of order", backwards, "sorted"))


def _note_duplicates(grid: Grid, counts: IntArray) -> None:
    repeated = np.flatnonzero(counts > 1)
    surplus = int((counts[repeated] - 1).sum())
    if not surplus:
        return
    if surplus > grid.rows / 2:
        raise DataError(
            f"{grid.source}: {surplus:,} of {grid.rows:,} rows repeat a (date, symbol): "
            "FactorEngine needs daily bars, one row per day and symbol."
        )
    width = len(grid.symbols)
    shown = tuple(f"{grid.symbols[c % width]} {grid.dates[c // width]}" for c in repeated[:EXAMPLES])
    grid.findings.append(Finding("duplicate rows", surplus, "kept the last", shown))


def _adjust(columns: dict[str, FloatArray]) -> tuple[Finding, ...]:
    """Scale the prices of each row by adjusted close / close, where a source brings both."""
    adjusted = columns.pop("adjusted_close", None)
    if adjusted is None:
        return ()
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = adjusted / columns["close"]
    usable = np.isfinite(factor) & (factor > 0)
    for name in (*PRICES, "vwap"):
        if name in columns:
            columns[name] = np.where(usable, columns[name] * factor, columns[name])
    columns["close"] = np.where(usable, adjusted, columns["close"])
    changed = int((usable & (np.abs(factor - 1.0) > 1e-9)).sum())
    return (_adjusted_finding(changed),) if changed else ()


def _adjusted_finding(count: int) -> Finding:
    return Finding("raw prices beside an adjusted close", count, "prices scaled by adjusted close / close")

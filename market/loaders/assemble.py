"""From a raw grid to a panel: repairs, splits, universe, and the checks that make a panel usable."""

from __future__ import annotations

import numpy as np

from market.arrays import BoolArray
from market.audit import AuditReport
from market.errors import DataError
from market.grid import Grid
from market.loaders.options import LoadOptions
from market.panel import Panel
from market.repairs import repair_bars, tradable
from market.splits import repair_splits
from market.universe import top_dollar_volume_universe

MIN_SYMBOLS = 2
MIN_DATES = 2


def assemble(grid: Grid, options: LoadOptions) -> Panel:
    """Repair `grid` in place and make a panel of it; `start`, `end` and `symbols` are left to `select`.

    Raises `DataError` for fewer than 2 symbols or dates, for no quote at all, and for an empty universe.
    """
    _check_size(grid)
    repair_bars(grid)
    repair_splits(grid, repair=options.repair_splits)
    if not np.isfinite(grid.fields["close"]).any():
        raise DataError(
            f"{grid.source}: no row has a positive close: check that `close` is the price column."
        )
    universe = _universe(grid, options)
    if not universe.any():
        raise DataError(
            f"{grid.source}: the universe {options.universe!r} is empty on every date: use --universe all, "
            "or mark members in the in_universe column."
        )
    return Panel(
        dates=grid.dates,
        symbols=grid.symbols,
        fields=grid.fields,
        universe=universe,
        tradable=tradable(grid),
        audit=AuditReport(source=grid.source, rows=grid.rows, findings=tuple(grid.findings)),
    )


def select(panel: Panel, options: LoadOptions) -> Panel:
    """Keep the dates and symbols that `options` asks for, and the audit of the whole source.

    Raises `DataError` for an unknown symbol, a period without data, one symbol or an empty universe.
    """
    selected = panel
    if options.symbols is not None:
        selected = _columns(selected, options.symbols)
    if options.start is not None or options.end is not None:
        selected = _period(selected, options)
    if selected is panel:
        return panel
    if not selected.universe.any():
        raise DataError(
            f"the universe is empty on the {selected.shape[0]} dates, {selected.shape[1]} symbols selected: "
            "widen the period or the symbols."
        )
    return Panel(
        dates=selected.dates,
        symbols=selected.symbols,
        fields=selected.fields,
        universe=selected.universe,
        tradable=selected.tradable,
        audit=panel.audit,
    )


def _check_size(grid: Grid) -> None:
    if len(grid.symbols) < MIN_SYMBOLS:
        raise DataError(
            f"{grid.source} holds one symbol ({', '.join(grid.symbols)}), but factors rank stocks: "
            f"a panel needs at least {MIN_SYMBOLS} symbols."
        )
    if len(grid.dates) < MIN_DATES:
        raise DataError(f"{grid.source} holds {len(grid.dates)} date: a panel needs at least {MIN_DATES}.")


def _universe(grid: Grid, options: LoadOptions) -> BoolArray:
    quoted: BoolArray = np.isfinite(grid.fields["close"])
    if options.universe_size is not None:
        return top_dollar_volume_universe(
            grid.dates, grid.fields["close"], grid.fields["volume"], count=options.universe_size
        )
    if options.universe == "auto" and grid.member is not None:
        return grid.member & quoted
    return quoted


def _columns(panel: Panel, symbols: tuple[str, ...]) -> Panel:
    position = {symbol: i for i, symbol in enumerate(panel.symbols)}
    unknown = [symbol for symbol in symbols if symbol not in position]
    if unknown:
        raise DataError(
            f"unknown symbol {', '.join(map(repr, unknown))}: the data has {len(position)} symbols, "
            f"{panel.symbols[0]!r} to {panel.symbols[-1]!r}."
        )
    if len(set(symbols)) < MIN_SYMBOLS:
        raise DataError(
            f"`symbols` names {len(set(symbols))}: factors rank stocks, name at least {MIN_SYMBOLS}."
        )
    columns = sorted({position[symbol] for symbol in symbols})
    return Panel(
        dates=panel.dates,
        symbols=tuple(panel.symbols[column] for column in columns),
        fields={name: values[:, columns] for name, values in panel.fields.items()},
        universe=panel.universe[:, columns],
        tradable=panel.tradable[:, columns],
    )


def _period(panel: Panel, options: LoadOptions) -> Panel:
    period = panel.between(options.start, options.end)
    if period.shape[0] < MIN_DATES:
        raise DataError(
            f"the period {options.start or '...'} to {options.end or '...'} has {period.shape[0]} dates: "
            f"the data covers {panel.dates[0]} to {panel.dates[-1]}: choose an overlapping period."
        )
    return period

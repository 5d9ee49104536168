"""`load_panel`: any source of daily bars, by path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from market.errors import DataError
from market.loaders.assemble import assemble, select
from market.loaders.cache import cached
from market.loaders.options import LoadOptions
from market.panel import Panel
from market.storage import is_panel_folder, open_panel


def load_panel(path: str | Path, options: LoadOptions | None = None) -> Panel:
    """Read daily bars into a panel.

    `path` is a long .parquet or .csv file (columns `date symbol open high low close volume [in_universe]
    [vwap]`, aliases in `market.loaders.columns`), a folder of CSV files named by symbol, or a panel folder.
    The parsed and audited panel is cached by content; a panel folder is opened as it is, its repairs are
    settled.

    Raises `DataError`, in one line, for whatever cannot be read, aligned or used.
    """
    path, options = Path(path), options or LoadOptions()
    if not path.exists():
        raise DataError(
            f"{path} does not exist: give a .parquet or .csv file, a folder of CSVs or a panel folder."
        )
    if is_panel_folder(path):
        return select(_settled(path, options), options)
    files, build = _folder(path, options) if path.is_dir() else _file(path, options)
    return select(cached(files, options, build), options)


# The parsers import Arrow; a panel that is in the cache does not need it.


def _file(path: Path, options: LoadOptions) -> tuple[list[Path], Callable[[], Panel]]:
    def build() -> Panel:
        from market.loaders.bars import bars_from_table, to_grid
        from market.loaders.files import read_table

        return assemble(to_grid(bars_from_table(read_table(path), source=str(path))), options)

    return [path], build


def _folder(path: Path, options: LoadOptions) -> tuple[list[Path], Callable[[], Panel]]:
    files = sorted(file for file in path.iterdir() if file.name.lower().endswith((".csv", ".csv.gz")))
    if not files:
        raise DataError(f"{path} holds neither a panel (manifest.json) nor CSV files named by symbol.")

    def build() -> Panel:
        from market.loaders.bars import to_grid
        from market.loaders.folder import read_folder

        return assemble(to_grid(read_folder(path, files)), options)

    return files, build


def _settled(path: Path, options: LoadOptions) -> Panel:
    if options.universe != "auto":
        raise DataError(
            f"{path} is a panel folder, whose universe is settled: load the original data with "
            f"universe={options.universe!r}."
        )
    return open_panel(path)

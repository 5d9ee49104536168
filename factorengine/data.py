"""Writing a panel to the place a user names: a Parquet file by its ending, else a panel folder."""

from __future__ import annotations

from pathlib import Path

from market.errors import DataError
from market.loaders.parquet import write_parquet
from market.panel import Panel


def write_panel(panel: Panel, target: Path) -> None:
    """Write `panel` as a long Parquet file or as a panel folder; `DataError` for another ending."""
    if target.suffix == ".parquet":
        write_parquet(panel, target)
    elif target.suffix:
        raise DataError(f"`{target}` must end in .parquet, or have no ending for a panel folder.")
    else:
        panel.save(target)

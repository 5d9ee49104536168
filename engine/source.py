"""Where a run's market comes from: the user's data, or the built-in market made once per machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backtest.splits import DateSplits, mining_panel, split_dates
from engine.config import MineConfig
from market.errors import DataError
from market.loaders.cache import cache_folder
from market.panel import Panel
from market.storage import laid_out
from market.synthetic import DEFAULT_SEED, PlantedFactor, default_market, read_truth, write_truth

BUILT_IN_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class MiningMarket:
    """What a run searches in.

    panel    training and validation rows only
    folder   that panel, memory-mapped, for the workers
    splits   the row ranges
    planted  the factors known to be in it; empty for real data
    origin   the data's path, or "built-in"
    """

    panel: Panel
    folder: Path
    splits: DateSplits
    planted: tuple[PlantedFactor, ...]
    origin: str

    def summary(self) -> dict[str, object]:
        """What the store keeps of the market."""
        rows, symbols = self.panel.shape
        return {
            "origin": self.origin,
            "content_hash": self.panel.content_hash,
            "dates": rows,
            "symbols": symbols,
            "start": str(self.panel.dates[0]),
            "end": str(self.panel.dates[-1]),
            "audit": None if self.panel.audit is None else self.panel.audit.to_dict(),
        }


@contextmanager
def open_market(config: MineConfig) -> Iterator[MiningMarket]:
    """Load the data, cut off the test period and lay the rest out for the workers while the context lasts."""
    panel, planted, origin = _built_in() if config.data is None else _given(config.data, config.universe)
    splits = _splits(panel, config)
    if not panel.universe[splits.train].any():
        raise DataError("the universe is empty on every training day: choose another universe or period.")
    searched = mining_panel(panel, splits)
    with laid_out(searched) as folder:
        yield MiningMarket(panel=searched, folder=folder, splits=splits, planted=planted, origin=origin)


def whole_market(config: MineConfig) -> tuple[Panel, DateSplits]:
    """The data with its test period, and the splits: for judging what a search has found, never for searching."""
    panel, _, _ = _built_in() if config.data is None else _given(config.data, config.universe)
    return panel, _splits(panel, config)


def _splits(panel: Panel, config: MineConfig) -> DateSplits:
    return split_dates(
        panel.dates,
        train_end=None if config.train_end is None else str(config.train_end),
        valid_end=None if config.valid_end is None else str(config.valid_end),
        horizons_days=config.horizons_days,
    )


def _given(path: Path, universe: str) -> tuple[Panel, tuple[PlantedFactor, ...], str]:
    return Panel.load(path, universe=universe), read_truth(path), str(path)


def _built_in() -> tuple[Panel, tuple[PlantedFactor, ...], str]:
    folder = cache_folder() / "built-in" / f"{BUILT_IN_VERSION}-{DEFAULT_SEED}"
    if not folder.exists():
        market = default_market()
        market.panel.save(folder)
        write_truth(market.planted, folder)
    return Panel.open(folder), read_truth(folder), "built-in"

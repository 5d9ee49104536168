"""Labels: everything that scoring needs and that depends on the panel alone, computed once and shared.

A signal known at the close of t is judged by the forward returns of the names that were in the universe at t.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from backtest.ordering import Ordering
from backtest.ranking import CrossSection, RankArray, RankedRows, rank_rows
from market.arrays import FloatArray, IntArray
from market.errors import ConfigError, DataError
from market.panel import Panel

HORIZONS_DAYS = (1, 3, 5, 10)
MIN_ASSETS = 10

Entry: TypeAlias = Literal["close", "open"]


@dataclass(frozen=True, eq=False, kw_only=True)
class RankedReturns:
    """Forward returns of H horizons, squeezed to a cross-section of at most M names and ranked.

    values   (T, H, M)  decimal; 0 where the return could not be earned
    ranks    (T, H, M)  doubled average rank within the date, 0 where the return is missing
    ordering            the names in the order of their returns, T * H rows
    pairs    (T, H)     names with a return
    moments  (T, H, 3)  over those names: mean, centred sum of squares, sum of squared ranks
    """

    values: FloatArray
    ranks: RankArray
    ordering: Ordering
    pairs: IntArray
    moments: FloatArray

    @classmethod
    def of(cls, forward_returns: Iterable[FloatArray], horizons: int, section: CrossSection) -> RankedReturns:
        """Rank C-order (T, N) forward returns, one array per horizon."""
        rows, width = section.columns.shape
        dates, buffers = np.arange(rows), RankedRows.empty(rows, width)
        values = np.empty((rows, horizons, width))
        ranks = np.empty(values.shape, dtype=np.int32)
        pairs = np.empty(values.shape[:2], dtype=np.int64)
        moments = np.empty((*values.shape[:2], 3))
        for h, forward in enumerate(forward_returns):
            ranked = rank_rows(forward, section, dates, buffers)
            values[:, h], ranks[:, h], pairs[:, h] = ranked.values, ranked.ranks, ranked.opinions
            moments[:, h] = _moments(ranked)
        ordering = Ordering.of(ranks.reshape(rows * horizons, width), np.repeat(section.counts, horizons))
        return cls(values=values, ranks=ranks, ordering=ordering, pairs=pairs, moments=moments)


@dataclass(frozen=True, eq=False, kw_only=True)
class Labels:
    """What the universe earned after each date, ready to be compared with a signal.

    panel         where they come from
    horizons_days H holding periods, in trading days
    entry         "close" or "open" of t+1
    min_assets    a date with fewer pairs of signal and return has no information coefficient
    section       the universe's columns on each date, M at most
    returns       forward returns of those columns, and their ranks
    """

    panel: Panel
    horizons_days: tuple[int, ...]
    entry: Entry
    min_assets: int
    section: CrossSection
    returns: RankedReturns

    @classmethod
    def of(
        cls,
        panel: Panel,
        *,
        horizons_days: tuple[int, ...] = HORIZONS_DAYS,
        entry: Entry = "close",
        min_assets: int = MIN_ASSETS,
    ) -> Labels:
        """Compute the labels of a panel.

        Raises ConfigError for horizons that are not positive and increasing, or `min_assets` below 3.
        """
        _check_settings(horizons_days, min_assets)
        section = CrossSection.of(panel.universe)
        forward = (np.ascontiguousarray(panel.forward_returns(h, entry=entry)) for h in horizons_days)
        return cls(
            panel=panel,
            horizons_days=tuple(horizons_days),
            entry=entry,
            min_assets=min_assets,
            section=section,
            returns=RankedReturns.of(forward, len(horizons_days), section),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N) of the panel, and of every signal that these labels can score."""
        return self.panel.shape

    @cached_property
    def market_returns(self) -> FloatArray:
        """Equal-weight return of the universe, (T,): of day t, over the names it had at the close of t-1.

        0 on the first day and on days without a quote.
        """
        change = self.panel.returns[1:]
        known = self.panel.universe[:-1] & np.isfinite(change)
        total, names = np.where(known, change, 0.0).sum(axis=1), known.sum(axis=1)
        return np.concatenate([np.zeros(1), total / np.maximum(names, 1)])

    def bounds(self, rows: slice) -> tuple[int, int]:
        """First and stop row of a slice of dates; DataError if it is empty or strided."""
        first, stop, step = rows.indices(self.shape[0])
        if step != 1 or stop <= first:
            raise DataError(f"rows to score must be a non-empty run of dates, got {rows} of {self.shape[0]}")
        return first, stop

    def aligned(self, signal: FloatArray) -> FloatArray:
        """Return the signal as C-order float64; DataError unless it has the panel's shape."""
        if signal.shape != self.shape:
            raise DataError(
                f"a signal must have the panel's shape {self.shape}, got {signal.shape}: "
                "return one value per date and symbol"
            )
        return np.ascontiguousarray(signal, dtype=np.float64)


def _moments(ranked: RankedRows) -> FloatArray:
    known = ranked.ranks > 0
    mean = ranked.values.sum(axis=1) / np.maximum(ranked.opinions, 1)
    deviation = np.where(known, ranked.values - mean[:, None], 0.0)
    rank_squares = np.square(ranked.ranks, dtype=np.float64)
    return np.stack([mean, np.square(deviation).sum(axis=1), rank_squares.sum(axis=1)], axis=1)


def _check_settings(horizons_days: tuple[int, ...], min_assets: int) -> None:
    ascending = all(a < b for a, b in pairwise(horizons_days))
    if not horizons_days or horizons_days[0] < 1 or not ascending:
        raise ConfigError(
            f"horizons must be positive and increasing days, got {horizons_days}: use (1, 3, 5, 10)"
        )
    if min_assets < 3:
        raise ConfigError(
            f"min_assets must be at least 3, got {min_assets}: two names always correlate by ±1"
        )

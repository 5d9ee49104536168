"""From a signal to its scores: the full card, the one number that tuning maximises, and that number early.

score           everything, once per program
combined_score  fitness alone, once per trial
early_and_full_score  fitness on a sample of the dates first, for a pruner that stops hopeless trials
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from backtest.information import daily_information, rank_ic
from backtest.labels import Labels
from backtest.portfolio import PortfolioConfig, trade
from backtest.scorecard import HorizonScore, Scorecard
from backtest.selection import replacement, select_best
from market.arrays import FloatArray, IntArray
from market.errors import ConfigError

ALL_ROWS = slice(None)
DEFAULT_PORTFOLIO = PortfolioConfig()


def score(
    signal: FloatArray,
    labels: Labels,
    *,
    rows: slice = ALL_ROWS,
    split: str = "all",
    direction: int = 1,
    portfolio: bool = True,
    config: PortfolioConfig = DEFAULT_PORTFOLIO,
) -> Scorecard:
    """Score a (T, N) signal on the dates of `rows`.

    direction  -1 reverses the signal first
    portfolio  False leaves out the traded account
    config     how it is traded; its `top_k` also defines the turnover
    """
    if direction not in (1, -1):
        raise ConfigError(f"direction must be 1 or -1, got {direction}: use learned_direction")
    signal = labels.aligned(signal) if direction == 1 else -labels.aligned(signal)
    first, stop = labels.bounds(rows)
    daily = daily_information(signal, labels, rows)
    best = select_best(signal, labels, top_k=config.top_k, top_share=config.top_share, rows=rows)
    return Scorecard(
        split=split,
        direction=direction,
        dates=labels.panel.dates[first:stop],
        horizons=_horizon_scores(labels, daily.ic, daily.rank_ic, labels.horizons_days),
        coverage=_coverage(daily.opinions, labels.section.counts[first:stop]),
        turnover=mean_of_known(replacement(best, labels.shape[1])),
        rank_autocorrelation=mean_of_known(_self_correlation(signal, labels, first, stop)),
        portfolio=trade(best, labels, config=config, rows=rows) if portfolio else None,
        daily_ic=daily.ic,
        daily_rank_ic=daily.rank_ic,
    )


def combined_score(
    signal: FloatArray,
    labels: Labels,
    *,
    rows: slice | IntArray = ALL_ROWS,
    horizons_days: Collection[int] | None = None,
) -> float:
    """Fitness of a signal on the dates of `rows`: FS averaged over horizons, NaN where undefined.

    `horizons_days` are those of the labels' horizons that count, None = all.
    """
    chosen = _chosen(labels, horizons_days)
    daily = daily_information(signal, labels, rows)
    return mean_fitness(_horizon_scores(labels, daily.ic, daily.rank_ic, chosen))


def early_and_full_score(
    signal: FloatArray,
    labels: Labels,
    *,
    step: int,
    rows: slice = ALL_ROWS,
    horizons_days: Collection[int] | None = None,
) -> Iterator[float]:
    """Yield the combined score of every `step`-th date of `rows`, then that of all of them.

    Each date is correlated once, when it is asked for; the second value is that of `combined_score` over those
    horizons, to the bit.
    """
    chosen = _chosen(labels, horizons_days)
    first, stop = labels.bounds(rows)
    ic, rank = (np.empty((len(labels.horizons_days), stop - first)) for _ in range(2))
    early = np.arange(stop - first) % step == 0
    for fresh, seen in ((early, early), (~early, slice(None))):
        daily = daily_information(signal, labels, first + np.flatnonzero(fresh))
        ic[:, fresh], rank[:, fresh] = daily.ic, daily.rank_ic
        yield mean_fitness(_horizon_scores(labels, ic[:, seen], rank[:, seen], chosen))


def mean_fitness(horizons: Sequence[HorizonScore]) -> float:
    """FS averaged over horizons; NaN if any is undefined."""
    return sum(horizon.fitness for horizon in horizons) / len(horizons)


def learned_direction(fitness: float) -> int:
    """-1 if a signal predicts the reverse on the period its direction is learnt from, else 1."""
    return -1 if fitness < 0.0 else 1


def mean_of_known(values: FloatArray) -> float:
    """Mean of the finite values; NaN if there is none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.nan


def _chosen(labels: Labels, horizons_days: Collection[int] | None) -> Collection[int]:
    known = labels.horizons_days
    if horizons_days is None:
        return known
    if not horizons_days or not set(horizons_days) <= set(known):
        raise ConfigError(f"horizons to count must be some of {known}, got {horizons_days}: choose of these")
    return horizons_days


def _horizon_scores(
    labels: Labels, ic: FloatArray, rank: FloatArray, chosen: Collection[int]
) -> tuple[HorizonScore, ...]:
    days = labels.horizons_days
    return tuple(HorizonScore.of(day, ic[h], rank[h]) for h, day in enumerate(days) if day in chosen)


def _coverage(opinions: IntArray, names: IntArray) -> float:
    return mean_of_known(opinions[names > 0] / names[names > 0])


def _self_correlation(signal: FloatArray, labels: Labels, first: int, stop: int) -> FloatArray:
    universe = labels.panel.universe
    return rank_ic(
        signal[first + 1 : stop],
        signal[first : stop - 1],
        universe=universe[first + 1 : stop] & universe[first : stop - 1],
        min_assets=labels.min_assets,
    )

"""The synthetic market: a panel that looks like stocks, moved by factors that are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from market.arrays import BoolArray, DateArray, FloatArray
from market.panel import Panel
from market.synthetic.attainable import HORIZONS_DAYS, daily_coefficients
from market.synthetic.config import SyntheticConfig
from market.synthetic.factor import PlantedFactor
from market.synthetic.lifetimes import quoted_days
from market.synthetic.planted import RULES, PlantedRule
from market.synthetic.shocks import draw_shocks
from market.synthetic.simulation import Simulation, simulate

DEFAULT_SEED = 7


@dataclass(frozen=True, eq=False, kw_only=True)
class SyntheticMarket:
    """A finished market.

    panel    what a search may see
    planted  the factors that moved it
    signals  {factor name: (T, N)}  each planted score as the market itself computed it, NaN = no opinion
    """

    panel: Panel
    planted: tuple[PlantedFactor, ...]
    signals: Mapping[str, FloatArray]


def synthesize(config: SyntheticConfig | None = None, *, seed: int) -> SyntheticMarket:
    """Make a market; the same settings and seed give the same market in every process.

    Raises `ConfigError` where the settings cannot make a market.
    """
    config = config or SyntheticConfig()
    rng = np.random.default_rng(seed)
    shocks = draw_shocks(config, rng)
    simulation = simulate(config, shocks=shocks, quoted=quoted_days(config, rng), rules=RULES)
    panel = _panel(config, simulation)
    return SyntheticMarket(
        panel=panel, planted=_measure(RULES, simulation.signals, panel), signals=simulation.signals
    )


def default_market(*, seed: int = DEFAULT_SEED) -> SyntheticMarket:
    """Make the market that is mined when no data is given: 300 symbols on 1500 business days."""
    return synthesize(SyntheticConfig(), seed=seed)


def _panel(config: SyntheticConfig, simulation: Simulation) -> Panel:
    width = len(str(config.symbols - 1))
    fields = simulation.fields
    return Panel(
        dates=_business_days(config),
        symbols=tuple(f"SYN{number:0{width}d}" for number in range(config.symbols)),
        fields=fields,
        universe=simulation.universe,
        tradable=np.isfinite(fields["close"]) & (fields["volume"] > 0),
    )


def _business_days(config: SyntheticConfig) -> DateArray:
    first = np.datetime64(config.start, "D")
    return np.asarray(np.busday_offset(first, np.arange(config.dates), roll="forward"), dtype="datetime64[D]")


def _measure(
    rules: tuple[PlantedRule, ...], signals: Mapping[str, FloatArray], panel: Panel
) -> tuple[PlantedFactor, ...]:
    forward = {horizon: panel.forward_returns(horizon) for horizon in HORIZONS_DAYS}
    return tuple(_measured(rule, signals[rule.name], forward, panel.universe) for rule in rules)


def _measured(
    rule: PlantedRule, signal: FloatArray, forward: Mapping[int, FloatArray], universe: BoolArray
) -> PlantedFactor:
    daily = {
        horizon: daily_coefficients(signal, returns, universe=universe)
        for horizon, returns in forward.items()
    }
    return PlantedFactor(
        name=rule.name,
        theme=rule.theme,
        source=rule.source,
        parameters=rule.parameters,
        horizon_days=rule.horizon_days,
        attainable_ic={horizon: float(np.nanmean(day.ic)) for horizon, day in daily.items()},
        attainable_rank_ic={horizon: float(np.nanmean(day.rank_ic)) for horizon, day in daily.items()},
    )

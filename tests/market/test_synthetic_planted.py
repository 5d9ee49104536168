"""The planted factors: programs anyone can run, obeyed by the market, weak, and strangers to each other."""

from collections.abc import Callable
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from market.arrays import FloatArray
from market.panel import Panel
from market.synthetic import PlantedFactor
from market.synthetic.attainable import daily_coefficients
from market.synthetic.planted import RULES
from tests.market.synthetic_markets import full, mean_rank_correlation, newey_west_t, small

NAMES = tuple(rule.name for rule in RULES)
SEEDS = (7, 1)


def _pandas_run(factor: PlantedFactor, panel: Panel) -> FloatArray:
    """The program's values when the operators are those of pandas."""
    frames = {name: panel.frame(name) for name in panel.fields}
    data = SimpleNamespace(**frames, returns=frames["close"].pct_change(fill_method=None))
    ops = SimpleNamespace(
        ts_delay=lambda x, lag: x.shift(lag),
        ts_sum=lambda x, window: x.rolling(window).sum(),
        ts_mean=lambda x, window: x.rolling(window).mean(),
        ts_std=lambda x, window: x.rolling(window).std(),
        ts_median=lambda x, window: x.rolling(window).median(),
        cs_rank=lambda x: x.where(panel.universe).rank(axis=1, pct=True),
        cs_demean=lambda x: x.where(panel.universe).sub(x.where(panel.universe).mean(axis=1), axis=0),
    )
    module: dict[str, Callable[..., object]] = {}
    exec(factor.source, module)
    return np.asarray(module["factor"](data, ops, dict(factor.parameters)), dtype=np.float64)


@pytest.mark.parametrize("name", NAMES)
def test_the_program_read_by_pandas_gives_the_signal_the_market_obeyed(name: str) -> None:
    market = small()
    factor = next(factor for factor in market.planted if factor.name == name)
    values = np.where(market.panel.universe, _pandas_run(factor, market.panel), np.nan)
    obeyed = np.where(market.panel.universe, market.signals[name], np.nan)
    assert np.isfinite(obeyed[-1]).mean() > 0.3
    np.testing.assert_allclose(values, obeyed, rtol=1e-6, atol=1e-9)


def test_five_themes_are_planted() -> None:
    assert [factor.theme for factor in full().planted] == [
        "reversal",
        "momentum",
        "volume",
        "volatility",
        "gate",
    ]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_the_market_obeys_the_programs_defaults(rule: PlantedFactor) -> None:
    module: dict[str, dict[str, dict[str, float]]] = {}
    exec(rule.source, module)
    assert {name: space["default"] for name, space in module["PARAMETERS"].items()} == rule.parameters


@pytest.mark.parametrize("seed", SEEDS)
def test_coefficients_at_the_planted_horizon_are_as_small_as_real_ones(seed: int) -> None:
    for factor in full(seed).planted:
        assert 0.02 <= factor.attainable_ic[factor.horizon_days] <= 0.05, factor.name
        assert 0.02 <= factor.attainable_rank_ic[factor.horizon_days] <= 0.05, factor.name


@pytest.mark.parametrize("seed", SEEDS)
def test_each_factor_is_detectable_in_training_and_in_validation_dates(seed: int) -> None:
    market = full(seed)
    train, valid = int(0.6 * market.panel.shape[0]), int(0.8 * market.panel.shape[0])
    for factor in market.planted:
        forward = market.panel.forward_returns(factor.horizon_days)
        signal = market.signals[factor.name]
        daily = daily_coefficients(signal, forward, universe=market.panel.universe).rank_ic
        assert newey_west_t(daily[:train], lags=factor.horizon_days) >= 6, factor.name
        assert newey_west_t(daily[train:valid], lags=factor.horizon_days) >= 3, factor.name


def test_finding_one_factor_is_not_finding_another() -> None:
    market = full()
    for one, other in combinations(NAMES, 2):
        shared = mean_rank_correlation(market.signals[one], market.signals[other], market.panel.universe)
        assert abs(shared) < 0.3, (one, other)


def _simple_constructions(panel: Panel) -> dict[str, pd.DataFrame]:
    """For each planted factor the nearest signal that simple measures with tuned windows make."""
    opening, high, low, close, volume = (
        panel.frame(name) for name in ("open", "high", "low", "close", "volume")
    )

    def standard(x: pd.DataFrame) -> pd.DataFrame:
        members = x.where(panel.universe)
        return members.sub(members.mean(axis=1), axis=0).div(members.std(axis=1), axis=0)

    spread = (high - low) / close
    move = standard(close / close.shift(4) - 1)
    busy = volume / volume.rolling(20).mean()
    return {
        "intraday_flow_reversal": -(close / opening - 1).rolling(6).mean(),
        "steady_winner_momentum": (close / close.shift(30) - 1).shift(18),
        "lasting_attention": volume.rolling(6).mean() / volume.rolling(45).mean(),
        "fear_subsiding": -spread.rolling(10).mean() / spread.rolling(60).mean(),
        "crowded_move": move.where(busy <= 1, -move),
    }


def test_a_simple_construction_with_tuned_windows_comes_near_each_factor_and_is_not_it() -> None:
    market = full()
    for name, simple in _simple_constructions(market.panel).items():
        near = mean_rank_correlation(simple.to_numpy(), market.signals[name], market.panel.universe)
        assert 0.75 < near < 0.95, name

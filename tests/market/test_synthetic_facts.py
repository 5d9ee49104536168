"""The market looks like stocks: stylised facts, each against a threshold that a random walk would miss."""

import numpy as np
import pandas as pd
import pytest

from tests.market.synthetic_markets import full


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    return pd.DataFrame(np.diff(np.log(full().panel.fields["close"]), axis=0))


@pytest.fixture(scope="module")
def log_volume() -> pd.DataFrame:
    return pd.DataFrame(np.log(full().panel.fields["volume"][1:]))


def test_returns_have_fat_tails(returns: pd.DataFrame) -> None:
    assert (returns.kurt() > 1).mean() > 0.95
    assert 2 < returns.kurt().median() < 15


def test_volatility_is_that_of_stocks(returns: pd.DataFrame) -> None:
    yearly = returns.std() * np.sqrt(252)
    assert 0.20 < yearly.median() < 0.40
    assert yearly.quantile(0.95) > 1.5 * yearly.quantile(0.05)


def test_volatility_clusters_and_returns_do_not(returns: pd.DataFrame) -> None:
    of_returns = returns.apply(lambda series: series.autocorr(1))
    of_sizes = returns.abs().apply(lambda series: series.autocorr(1))
    distant = returns.abs().apply(lambda series: series.autocorr(20))
    assert abs(of_returns.median()) < 0.04
    assert of_sizes.median() > 0.12
    assert distant.median() > 0.03


def test_stocks_move_together(returns: pd.DataFrame) -> None:
    correlation = returns.iloc[:, :100].corr(min_periods=250).to_numpy()
    pairs = correlation[np.triu_indices(100, 1)]
    assert 0.10 < np.nanmean(pairs) < 0.45


def test_volume_rises_with_the_size_of_the_move(returns: pd.DataFrame, log_volume: pd.DataFrame) -> None:
    assert log_volume.corrwith(returns.abs()).median() > 0.2


def test_volume_is_persistent_with_heavy_tails(log_volume: pd.DataFrame) -> None:
    assert log_volume.apply(lambda series: series.autocorr(1)).median() > 0.5
    assert np.exp(log_volume).skew().median() > 1.5


def test_dollar_volumes_differ_by_orders_of_magnitude() -> None:
    fields = full().panel.fields
    dollars = pd.DataFrame(fields["close"] * fields["volume"]).median()
    assert dollars.quantile(0.95) > 10 * dollars.quantile(0.05)


def test_the_daily_range_follows_the_size_of_the_move(returns: pd.DataFrame) -> None:
    fields = full().panel.fields
    spread = pd.DataFrame(np.log(fields["high"] / fields["low"])[1:])
    assert spread.corrwith(returns.abs()).median() > 0.5
    assert 1.1 < (spread.mean() / returns.std()).median() < 2.2


def test_prices_jump_overnight_by_less_than_in_a_day(returns: pd.DataFrame) -> None:
    fields = full().panel.fields
    gap = pd.DataFrame(np.log(fields["open"][1:] / fields["close"][:-1]))
    share = (gap.var() / returns.var()).median()
    assert 0.05 < share < 0.5

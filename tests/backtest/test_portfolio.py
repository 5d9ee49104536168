import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from backtest.labels import Labels
from backtest.portfolio import PortfolioConfig, simulate
from market.errors import ConfigError
from tests.backtest import oracles
from tests.backtest.markets import kinds, panel_of, panels, random_panel, random_signal, seeds

entries = st.sampled_from(["close", "open"])


@st.composite
def configs(draw: st.DrawFn) -> PortfolioConfig:
    return PortfolioConfig(
        top_k=draw(st.integers(1, 6)),
        top_share=draw(st.sampled_from([0.2, 1.0])),
        tranches=draw(st.integers(1, 6)),
        cost_bps=draw(st.sampled_from([0.0, 10.0, 300.0])),
    )


@settings(max_examples=80, deadline=None)
@given(panel=panels(), seed=seeds, kind=kinds, entry=entries, config=configs())
def test_the_kernel_trades_as_the_rule_reads(panel, seed, kind, entry, config):
    signal = random_signal(seed, panel.shape, kind)
    result = simulate(signal, Labels.of(panel, entry=entry), config=config)
    chosen = oracles.best_names(signal, panel.universe, config.top_k, config.top_share)
    value, traded, _ = oracles.trade(chosen, panel, entry, config.tranches, config.cost_bps * 1e-4)
    assert_allclose(result.value, value, rtol=1e-10)
    assert_allclose(result.traded, traded[1:] / value[:-1], rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, config=configs(), extra=st.sampled_from([1.0, 50.0]), entry=entries)
def test_higher_costs_never_raise_the_final_value(seed, config, extra, entry):
    panel = random_panel(seed)
    signal = random_signal(seed, panel.shape, "holes")
    labels = Labels.of(panel, entry=entry)
    dearer = PortfolioConfig(
        top_k=config.top_k,
        top_share=config.top_share,
        tranches=config.tranches,
        cost_bps=config.cost_bps + extra,
    )
    cheap, dear = simulate(signal, labels, config=config), simulate(signal, labels, config=dearer)
    assert dear.value[-1] < cheap.value[-1]


@settings(max_examples=40, deadline=None)
@given(seed=seeds, cut=st.integers(2, 39), entry=entries)
def test_later_rows_never_change_the_value_up_to_a_day(seed, cut, entry):
    panel = random_panel(seed)
    signal = random_signal(seed, panel.shape, "holes")
    whole = simulate(signal, Labels.of(panel, entry=entry)).value
    part = simulate(signal[:cut], Labels.of(panel.head(cut), entry=entry)).value
    assert_array_equal(part, whole[:cut])


def test_the_signal_of_a_day_is_traded_the_day_after():
    close = np.array([[1.0, 1.0], [2.0, 1.0], [4.0, 1.0]])
    signal = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    config = PortfolioConfig(top_k=1, top_share=1.0, tranches=1, cost_bps=0.0)
    result = simulate(signal, Labels.of(panel_of(close)), config=config)
    assert result.value.tolist() == [1.0, 1.0, 2.0]  # bought at 2, not at 1


def test_costs_are_paid_on_both_sides():
    close = np.ones((3, 1))
    config = PortfolioConfig(top_k=1, tranches=1, cost_bps=100.0)
    value = simulate(np.ones((3, 1)), Labels.of(panel_of(close)), config=config).value
    assert_allclose(value, [1.0, 1 / 1.01, 0.99 / 1.01 / 1.01], rtol=1e-14)


def test_cash_meant_for_a_name_that_does_not_trade_stays_cash():
    close = np.array([[1.0, 1.0], [1.0, np.nan], [2.0, 8.0]])
    config = PortfolioConfig(top_k=2, top_share=1.0, tranches=1, cost_bps=0.0)
    value = simulate(np.ones((3, 2)), Labels.of(panel_of(close)), config=config).value
    assert value.tolist() == [1.0, 1.0, 1.5]


def test_a_held_name_without_quotes_keeps_its_last_close_and_is_sold_at_the_next():
    close = np.array([[1.0], [1.0], [3.0], [np.nan], [np.nan], [2.0], [9.0]])
    signal = np.array([[1.0], [np.nan], [np.nan], [np.nan], [np.nan], [np.nan], [np.nan]])
    config = PortfolioConfig(top_k=1, tranches=2, cost_bps=0.0)
    value = simulate(signal, Labels.of(panel_of(close)), config=config).value
    assert value.tolist() == [1.0, 1.0, 2.0, 2.0, 2.0, 1.5, 1.5]


def test_fewer_opinions_than_top_k_share_the_whole_cash():
    close = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [2.0, 1.0, 1.0]])
    signal = np.array([[1.0, np.nan, np.nan]] * 3)
    config = PortfolioConfig(top_k=3, top_share=1.0, tranches=1, cost_bps=0.0)
    assert simulate(signal, Labels.of(panel_of(close)), config=config).value[-1] == 2.0


def test_a_signal_without_opinions_holds_cash_and_has_no_sharpe_ratio():
    panel = random_panel(3)
    result = simulate(np.full(panel.shape, np.nan), Labels.of(panel))
    assert (result.value == 1.0).all()
    assert np.isnan(result.performance.sharpe)


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"top_k": 0}, "at least 1, got 0"),
        ({"tranches": 0}, "at least 1"),
        ({"top_share": 0.0}, "top_share must be in"),
        ({"cost_bps": -1.0}, "cost_bps must be in"),
    ],
)
def test_settings_that_no_account_could_follow_are_refused(settings_, message):
    with pytest.raises(ConfigError, match=message):
        PortfolioConfig(**settings_)

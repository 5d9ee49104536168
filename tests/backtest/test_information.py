import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from backtest.information import daily_information, ic, rank_ic
from backtest.labels import Labels
from market.errors import DataError
from tests.backtest import oracles
from tests.backtest.markets import kinds, panels, random_panel, random_signal, seeds

HORIZONS = (1, 3, 7)


@settings(max_examples=80, deadline=None)
@given(panel=panels(), seed=seeds, kind=kinds, entry=st.sampled_from(["close", "open"]))
def test_every_horizon_agrees_with_scipy(panel, seed, kind, entry):
    signal = random_signal(seed, panel.shape, kind)
    labels = Labels.of(panel, horizons_days=HORIZONS, entry=entry, min_assets=4)
    daily = daily_information(signal, labels)
    for h, horizon in enumerate(HORIZONS):
        forward = oracles.forward_returns(panel, horizon, entry)
        pearson, spearman = oracles.information(signal, forward, panel.universe, 4)
        assert_allclose(daily.rank_ic[h], spearman, atol=1e-10)
        if kind != "tight cluster":  # 1e-9 around 1 leaves SciPy seven digits, too
            assert_allclose(daily.ic[h], pearson, atol=1e-10)


@settings(max_examples=30, deadline=None)
@given(panel=panels(), seed=seeds, kind=kinds)
def test_the_single_horizon_functions_agree_with_the_pass_over_all(panel, seed, kind):
    signal = random_signal(seed, panel.shape, kind)
    daily = daily_information(signal, Labels.of(panel, horizons_days=(2,), min_assets=4))
    forward = oracles.forward_returns(panel, 2, "close")
    assert_array_equal(rank_ic(signal, forward, universe=panel.universe, min_assets=4), daily.rank_ic[0])
    assert_array_equal(ic(signal, forward, universe=panel.universe, min_assets=4), daily.ic[0])


def test_both_functions_give_the_hand_computed_values():
    signal = np.array([[1.0, 2.0, 3.0, 4.0]])
    forward = np.array([[0.1, 0.2, 0.3, 2.0]])
    assert rank_ic(signal, forward, min_assets=4)[0] == 1.0
    assert_allclose(ic(signal, forward, min_assets=4)[0], 2.9 / 3.5, rtol=1e-14)  # 2.9 / √(5 · 2.45)


@settings(max_examples=30, deadline=None)
@given(panel=panels(), seed=seeds)
def test_rank_ic_survives_any_increasing_map_and_ic_any_affine_one(panel, seed):
    signal = random_signal(seed, panel.shape, "holes")
    labels = Labels.of(panel, horizons_days=(1, 5), min_assets=4)
    plain = daily_information(signal, labels)
    assert_array_equal(daily_information(np.exp(signal), labels).rank_ic, plain.rank_ic)
    assert_allclose(daily_information(3.0 * signal - 2.0, labels).ic, plain.ic, atol=1e-10)


@settings(max_examples=30, deadline=None)
@given(panel=panels(), seed=seeds, kind=kinds)
def test_the_reversed_signal_has_the_opposite_coefficients(panel, seed, kind):
    signal = random_signal(seed, panel.shape, kind)
    labels = Labels.of(panel, horizons_days=(1, 5), min_assets=4)
    plain, reverse = daily_information(signal, labels), daily_information(-signal, labels)
    assert_array_equal(reverse.rank_ic, -plain.rank_ic)
    assert_allclose(reverse.ic, -plain.ic, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(panel=panels(), seed=seeds, first=st.integers(0, 39), length=st.integers(1, 40))
def test_a_run_of_dates_scores_as_it_does_within_the_whole(panel, seed, first, length):
    first = min(first, panel.shape[0] - 1)
    rows = slice(first, first + length)
    signal = random_signal(seed, panel.shape, "holes")
    labels = Labels.of(panel, horizons_days=(1, 5), min_assets=4)
    whole, part = daily_information(signal, labels), daily_information(signal, labels, rows)
    assert_array_equal(part.rank_ic, whole.rank_ic[:, rows])
    assert_array_equal(part.ic, whole.ic[:, rows])
    assert_array_equal(part.opinions, whole.opinions[rows])


def test_more_dates_than_one_block_are_all_scored():
    panel = random_panel(5, rows=300)
    signal = random_signal(5, panel.shape, "holes")
    daily = daily_information(signal, Labels.of(panel, horizons_days=(1,), min_assets=4))
    forward = oracles.forward_returns(panel, 1, "close")
    assert_allclose(daily.rank_ic[0], oracles.information(signal, forward, panel.universe, 4)[1], atol=1e-10)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, cut=st.integers(12, 38))
def test_a_coefficient_reads_no_signal_after_its_date_and_no_price_after_its_horizon(seed, cut):
    panel = random_panel(seed)
    signal = random_signal(seed, panel.shape, "holes")
    whole = daily_information(signal, Labels.of(panel, horizons_days=(1, 5), min_assets=4))
    part = daily_information(signal[:cut], Labels.of(panel.head(cut), horizons_days=(1, 5), min_assets=4))
    for h, horizon in enumerate((1, 5)):
        settled = cut - 1 - horizon
        assert_array_equal(part.rank_ic[h, :settled], whole.rank_ic[h, :settled])
        assert np.isnan(part.rank_ic[h, settled:]).all()


def test_infinite_signals_are_no_opinion():
    panel = random_panel(1)
    signal = random_signal(1, panel.shape, "infinities")
    labels = Labels.of(panel, min_assets=4)
    holes = np.where(np.isfinite(signal), signal, np.nan)
    assert_array_equal(daily_information(signal, labels).ic, daily_information(holes, labels).ic)


def test_a_constant_day_has_no_coefficient():
    panel = random_panel(2)
    signal = random_signal(2, panel.shape, "plain")
    signal[4] = 0.1
    daily = daily_information(signal, Labels.of(panel, min_assets=4))
    assert np.isnan(daily.ic[:, 4]).all()
    assert np.isnan(daily.rank_ic[:, 4]).all()
    assert np.isfinite(daily.ic[:, 3]).all()


def test_a_day_with_fewer_pairs_than_min_assets_has_no_coefficient():
    signal = np.array([[1.0, 2.0, 3.0, 5.0], [1.0, 2.0, np.nan, 5.0]])
    forward = np.array([[0.1, 0.3, 0.2, 0.5], [0.1, 0.3, 0.2, 0.5]])
    assert np.isnan(rank_ic(signal, forward, min_assets=4)).tolist() == [False, True]


def test_a_signal_of_another_shape_is_refused():
    panel = random_panel(3)
    with pytest.raises(DataError, match=r"panel's shape \(40, 15\), got \(40, 14\)"):
        daily_information(np.zeros((40, 14)), Labels.of(panel))
    with pytest.raises(DataError, match="must align"):
        ic(np.zeros((4, 3)), np.zeros((4, 2)))

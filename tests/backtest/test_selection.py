import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from backtest.labels import Labels
from backtest.selection import quantile_returns, replacement, select_best
from market.errors import ConfigError
from tests.backtest import oracles
from tests.backtest.markets import kinds, panel_of, panels, random_signal, seeds

top_ks = st.integers(1, 12)
shares = st.sampled_from([0.1, 0.3, 1.0])


def names_of(selection):
    return [
        sorted(row[:count].tolist()) for row, count in zip(selection.columns, selection.counts, strict=True)
    ]


@settings(max_examples=60, deadline=None)
@given(panel=panels(), seed=seeds, kind=kinds, top_k=top_ks, share=shares)
def test_the_best_names_are_those_of_a_plain_sort(panel, seed, kind, top_k, share):
    signal = random_signal(seed, panel.shape, kind)
    chosen = select_best(signal, Labels.of(panel), top_k=top_k, top_share=share)
    assert names_of(chosen) == oracles.best_names(signal, panel.universe, top_k, share)


@settings(max_examples=40, deadline=None)
@given(panel=panels(), seed=seeds, kind=kinds, top_k=top_ks)
def test_turnover_is_half_the_moved_weight(panel, seed, kind, top_k):
    signal = random_signal(seed, panel.shape, kind)
    moved = replacement(select_best(signal, Labels.of(panel), top_k=top_k), panel.shape[1])
    chosen = oracles.best_names(signal, panel.universe, top_k, 1.0)
    assert_allclose(moved, oracles.target_turnover(chosen, panel.shape[1]), atol=1e-12)


def test_a_portfolio_that_swaps_one_name_of_two_turns_over_by_half():
    panel = panel_of(np.ones((2, 4)))
    signal = np.array([[4.0, 3.0, 2.0, 1.0], [4.0, 1.0, 3.0, 2.0]])
    assert replacement(select_best(signal, Labels.of(panel), top_k=2), 4).tolist() == [0.5]


@settings(max_examples=30, deadline=None)
@given(panel=panels(), seed=seeds, kind=kinds, quantiles=st.integers(2, 6))
def test_quantile_returns_are_the_group_means_of_pandas(panel, seed, kind, quantiles):
    signal = random_signal(seed, panel.shape, kind)
    means = quantile_returns(
        signal, Labels.of(panel, horizons_days=(2,)), horizon_days=2, quantiles=quantiles
    )
    forward = oracles.forward_returns(panel, 2, "close")
    for t in range(len(signal)):
        known = panel.universe[t] & np.isfinite(signal[t])
        ranks = pd.Series(signal[t, known]).rank()
        buckets = np.floor((ranks - 0.5) * quantiles / max(len(ranks), 1))
        grouped = pd.Series(forward[t, known]).groupby(buckets).mean()
        assert_allclose(means[t], grouped.reindex(range(quantiles)), atol=1e-12)


def test_quantiles_of_a_signal_that_knows_the_future_ascend():
    rng = np.random.default_rng(0)
    panel = panel_of(np.cumprod(1 + rng.normal(size=(30, 50)) * 0.01, axis=0))
    labels = Labels.of(panel, horizons_days=(1,))
    means = quantile_returns(oracles.forward_returns(panel, 1, "close"), labels, horizon_days=1)
    assert (np.diff(means[:28], axis=1) > 0).all()


def test_unknown_horizons_and_single_quantiles_are_refused():
    labels = Labels.of(panel_of(np.ones((5, 4))), horizons_days=(1, 2))
    with pytest.raises(ConfigError, match=r"horizon 7 has no labels: use one of \(1, 2\)"):
        quantile_returns(np.ones((5, 4)), labels, horizon_days=7)
    with pytest.raises(ConfigError, match="at least 2, got 1"):
        quantile_returns(np.ones((5, 4)), labels, horizon_days=1, quantiles=1)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from backtest.labels import Labels
from market.errors import ConfigError, DataError
from tests.backtest import oracles
from tests.backtest.markets import panel_of, panels, random_panel


@settings(max_examples=30, deadline=None)
@given(panel=panels(), entry=st.sampled_from(["close", "open"]))
def test_labels_hold_the_forward_returns_of_the_universe(panel, entry):
    labels = Labels.of(panel, horizons_days=(1, 4), entry=entry)
    for h, horizon in enumerate((1, 4)):
        forward = oracles.forward_returns(panel, horizon, entry)
        for t, members in enumerate(panel.universe):
            kept = labels.returns.values[t, h, : members.sum()]
            assert_allclose(kept, np.nan_to_num(forward[t, members]), atol=1e-14)
            assert labels.returns.pairs[t, h] == np.isfinite(forward[t, members]).sum()


def test_the_market_return_averages_the_names_that_were_in_yesterday():
    close = np.array([[1.0, 1.0, 1.0], [1.1, 1.2, 9.0], [1.1, np.nan, 9.0]])
    universe = np.array([[True, True, False], [False, True, False], [True, True, True]])
    labels = Labels.of(panel_of(close, universe=universe))
    assert_allclose(labels.market_returns, [0.0, 0.15, 0.0], atol=1e-15)


@pytest.mark.parametrize("horizons", [(), (0, 1), (3, 1), (2, 2)])
def test_horizons_must_be_positive_and_increase(horizons):
    with pytest.raises(ConfigError, match="horizons must be positive and increasing"):
        Labels.of(random_panel(0), horizons_days=horizons)


def test_two_assets_are_too_few_to_correlate():
    with pytest.raises(ConfigError, match="min_assets must be at least 3, got 2"):
        Labels.of(random_panel(0), min_assets=2)


@pytest.mark.parametrize("rows", [slice(5, 5), slice(50, 60), slice(0, 10, 2)])
def test_rows_must_be_a_run_of_dates(rows):
    with pytest.raises(DataError, match="non-empty run of dates"):
        Labels.of(random_panel(0)).bounds(rows)

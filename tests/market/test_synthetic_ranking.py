import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose
from scipy import stats

from market.synthetic.attainable import MIN_ASSETS, daily_coefficients
from market.synthetic.ranking import column_medians, percent_ranks, row_correlation, row_ranks, standard_ranks
from tests.market.synthetic_markets import small

VALUES = st.one_of(st.just(np.nan), st.integers(-3, 3).map(float), st.floats(-1e3, 1e3))
TABLES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=VALUES)


@given(values=TABLES)
@settings(max_examples=60, deadline=None)
def test_ranks_are_those_of_pandas(values: np.ndarray) -> None:
    frame = pd.DataFrame(values)
    known = np.isfinite(values)
    assert_allclose(row_ranks(values, known), frame.rank(axis=1))
    assert_allclose(percent_ranks(values, np.ones_like(known)), frame.rank(axis=1, pct=True))


@given(values=TABLES)
@settings(max_examples=60, deadline=None)
def test_standard_ranks_have_mean_zero_and_unit_deviation_unless_all_are_tied(values: np.ndarray) -> None:
    standard = standard_ranks(values, np.ones(values.shape, dtype=bool))
    for row, result in zip(values, standard, strict=True):
        known = np.isfinite(row)
        assert not result[~known].any()
        if len(set(row[known])) < 2:
            assert not result.any()
        else:
            assert_allclose([result[known].mean(), result[known].std()], [0, 1], atol=1e-9)


@given(values=TABLES)
@settings(max_examples=60, deadline=None)
def test_column_medians_are_those_of_numpy(values: np.ndarray) -> None:
    assert_allclose(column_medians(values), np.median(values, axis=0))


def test_a_row_that_does_not_vary_has_no_correlation() -> None:
    left, right = np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]]), np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])
    assert_allclose(row_correlation(left, right, np.ones((2, 3), dtype=bool)), [np.nan, 1.0])


@pytest.mark.parametrize("horizon_days", [1, 5])
def test_attainable_coefficients_are_the_mean_daily_correlations_of_scipy(horizon_days: int) -> None:
    market = small()
    forward = market.panel.forward_returns(horizon_days)
    for factor in market.planted:
        signal = market.signals[factor.name]
        pearson, spearman = [], []
        for x, y, members in zip(signal, forward, market.panel.universe, strict=True):
            known = members & np.isfinite(x) & np.isfinite(y)
            if known.sum() >= MIN_ASSETS:
                pearson.append(stats.pearsonr(x[known], y[known]).statistic)
                spearman.append(stats.spearmanr(x[known], y[known]).statistic)
        assert_allclose(factor.attainable_ic[horizon_days], np.mean(pearson), rtol=1e-9)
        assert_allclose(factor.attainable_rank_ic[horizon_days], np.mean(spearman), rtol=1e-9)


def test_a_day_with_too_few_names_has_no_coefficient() -> None:
    rng = np.random.default_rng(0)
    signal, forward = rng.normal(size=(2, 2, 20))
    universe = np.ones((2, 20), dtype=bool)
    universe[0, MIN_ASSETS - 1 :] = False
    daily = daily_coefficients(signal, forward, universe=universe)
    np.testing.assert_array_equal(np.isnan(daily.ic), [True, False])
    np.testing.assert_array_equal(np.isnan(daily.rank_ic), [True, False])

"""Numbers easy to get wrong: drift, scales, constants, and pandas' own answers on a market-like panel."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.testing import assert_allclose, assert_array_equal

from factors import operators as ops
from market.arrays import FloatArray

WINDOW = 20


@pytest.fixture(scope="module")
def prices() -> FloatArray:
    rng = np.random.default_rng(7)
    x = 50.0 * np.exp(0.02 * rng.standard_t(4, size=(300, 5)).cumsum(axis=0))
    x[rng.random(x.shape) < 0.05] = np.nan
    x[:80, 1] = np.nan
    x[120:160, 2] = np.nan
    return x


@pytest.fixture(scope="module")
def volumes(prices: FloatArray) -> FloatArray:
    rng = np.random.default_rng(8)
    return np.where(np.isnan(prices), np.nan, np.exp(rng.normal(12, 1.5, prices.shape)).round())


PANDAS: dict[str, tuple[Callable[..., FloatArray], Callable[..., pd.DataFrame]]] = {
    "sum": (ops.ts_sum, lambda r: r.sum()),
    "mean": (ops.ts_mean, lambda r: r.mean()),
    "std": (ops.ts_std, lambda r: r.std()),
    "var": (ops.ts_var, lambda r: r.var()),
    "skew": (ops.ts_skew, lambda r: r.skew()),
    "kurt": (ops.ts_kurt, lambda r: r.kurt()),
    "min": (ops.ts_min, lambda r: r.min()),
    "max": (ops.ts_max, lambda r: r.max()),
    "median": (ops.ts_median, lambda r: r.median()),
    "rank": (ops.ts_rank, lambda r: r.rank(pct=True)),
}


@pytest.mark.parametrize("name", PANDAS)
@pytest.mark.parametrize("min_periods", [None, 12])
def test_a_window_says_what_pandas_says(name: str, min_periods: int | None, prices: FloatArray) -> None:
    ours, theirs = PANDAS[name]
    expected = theirs(pd.DataFrame(prices).rolling(WINDOW, min_periods=min_periods))
    assert_allclose(ours(prices, WINDOW, min_periods=min_periods), expected, rtol=1e-8)


def test_pairs_say_what_pandas_says(prices: FloatArray, volumes: FloatArray) -> None:
    rolling = pd.DataFrame(prices).rolling(WINDOW, min_periods=10)
    other = pd.DataFrame(volumes)
    assert_allclose(ops.ts_corr(prices, volumes, WINDOW, min_periods=10), rolling.corr(other), rtol=1e-7)
    assert_allclose(ops.ts_cov(prices, volumes, WINDOW, min_periods=10), rolling.cov(other), rtol=1e-7)


def test_a_cross_section_says_what_pandas_says(prices: FloatArray) -> None:
    frame = pd.DataFrame(prices)
    assert_array_equal(ops.cs_rank(prices), frame.rank(axis=1, pct=True))
    distance = frame.sub(frame.mean(axis=1), axis=0)
    assert_allclose(ops.cs_zscore(prices), distance.div(frame.std(axis=1), axis=0), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("window", [2, 20, 250])
def test_ten_thousand_rows_over_sixteen_orders_of_magnitude_do_not_drift(window: int) -> None:
    """The exact sum is the reference: pandas' compensated sums keep 1e-8 of a 1e8 that has left."""
    rng = np.random.default_rng(1)
    x = 10.0 ** rng.uniform(-8, 8, size=(10_000, 3))
    x[5_000:] = 10.0 ** rng.uniform(-8, -7, size=(5_000, 3))
    expected = sliding_window_view(x.astype(np.longdouble), window, axis=0).sum(axis=-1)
    assert_allclose(ops.ts_sum(x, window)[window - 1 :], expected.astype(float), rtol=1e-13)


@pytest.mark.parametrize("window", [2, 20, 250, 20_000])
def test_ten_thousand_rows_of_any_one_scale_agree_with_pandas(window: int) -> None:
    x = np.random.default_rng(1).normal(1.0, 0.1, size=(10_000, 3)) * [1e-8, 1.0, 1e8]
    rolling = pd.DataFrame(x).rolling(window, min_periods=1)
    assert_allclose(ops.ts_sum(x, window, min_periods=1), rolling.sum(), rtol=1e-12)
    assert_allclose(ops.ts_std(x, window, min_periods=1), rolling.std(), rtol=1e-9)


def test_a_window_forgets_a_giant_completely_once_it_has_left() -> None:
    x = np.full((60, 1), 1e-8)
    x[10] = 1e16
    assert_array_equal(ops.ts_sum(x, 4)[14:], np.full((46, 1), 4e-8))
    assert_array_equal(ops.ts_std(x, 4)[14:], np.zeros((46, 1)))


@pytest.mark.parametrize("value", [0.1, 1e-12, 3.3e15, -7.7])
def test_equal_values_have_exactly_no_variance(value: float) -> None:
    x = np.full((50, 2), value)
    x[3:7, 0] = np.nan
    x[20:, 1] = 5.0
    steady = np.ones((50, 2), bool)
    steady[20:29, 1] = False
    variance = ops.ts_var(x, 10, min_periods=3)
    assert set(variance[steady & ~np.isnan(variance)]) == {0.0}
    rising = np.arange(100.0).reshape(50, 2)
    assert np.isnan(ops.ts_corr(x, rising, 10, min_periods=3)[steady]).all()
    assert np.isnan(ops.ts_zscore(x, 10, min_periods=3)[steady]).all()


def test_a_tiny_spread_on_a_large_level_is_not_lost() -> None:
    rng = np.random.default_rng(3)
    wiggle, other = rng.integers(-8, 9, size=(2, 200, 4)) / 1024.0
    level = 2.0**40
    assert_allclose(ops.ts_std(level + wiggle, WINDOW), ops.ts_std(wiggle, WINDOW), rtol=1e-12)
    assert_allclose(ops.ts_corr(level + wiggle, other, WINDOW), ops.ts_corr(wiggle, other, WINDOW), rtol=1e-9)
    assert_allclose(ops.ts_slope(level + wiggle, WINDOW), ops.ts_slope(wiggle, WINDOW), rtol=1e-9, atol=1e-15)


def test_a_level_that_left_during_a_gap_leaves_no_trace() -> None:
    rng = np.random.default_rng(4)
    small = 1e-3 + 1e-5 * rng.normal(size=(30, 1))
    x = np.concatenate([np.full((20, 1), 1e8), np.full((19, 1), np.nan), small])
    assert_allclose(ops.ts_std(x, 20, min_periods=2)[39:], ops.ts_std(small, 20, min_periods=2), rtol=1e-9)
    assert_allclose(ops.ts_skew(x, 20, min_periods=4)[39:], ops.ts_skew(small, 20, min_periods=4), rtol=1e-9)


@pytest.mark.parametrize("symbols", [1, 3, 8, 127, 128, 129, 257, 1023, 1024, 1025, 2500])
def test_tiles_of_columns_join_without_a_seam(symbols: int) -> None:
    x = np.random.default_rng(symbols).normal(size=(30, symbols))
    one_series = (ops.ts_mean, ops.ts_std, ops.ts_rank, ops.ts_ema, ops.ts_argmax, ops.ts_slope, ops.ts_mad)
    for column in {0, symbols // 2, symbols - 1}:
        alone = x[:, column : column + 1]
        for operator in one_series:
            assert_array_equal(operator(x, 5)[:, column : column + 1], operator(alone, 5))
        assert_array_equal(ops.ts_corr(x, x**2, 5)[:, column : column + 1], ops.ts_corr(alone, alone**2, 5))


@pytest.mark.parametrize(
    "row",
    [
        np.zeros(500),
        np.r_[np.zeros(400), np.arange(100.0)],
        np.r_[1e300, -1e300, np.linspace(-1e-300, 1e-300, 498)],
        1e9 + np.random.default_rng(0).normal(size=500),
        np.exp(8 * np.random.default_rng(0).normal(size=500)),
        np.random.default_rng(0).standard_cauchy(500) ** 3,
        np.arange(500.0)[::-1],
    ],
    ids=["equal", "mostly equal", "giants", "offset", "lognormal", "cauchy cubed", "falling"],
)
def test_ranks_are_exact_whatever_the_shape_of_the_row(row: FloatArray) -> None:
    ordinary = np.random.default_rng(1).normal(size=(2, 500))
    x = np.vstack([ordinary[:1], row[None], row[None], ordinary[1:]])
    assert_array_equal(ops.cs_rank(x), pd.DataFrame(x).rank(axis=1, pct=True))


def test_neutralizing_twice_or_against_a_copy_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    x, size, beta = rng.normal(size=(3, 20, 40))
    once = ops.cs_neutralize(x, size, beta)
    assert_allclose(ops.cs_neutralize(once, size, beta), once, atol=1e-12)
    assert_allclose(ops.cs_neutralize(x, size, 2 * size + 3, beta), once, atol=1e-9)
    assert_allclose((once * size).sum(axis=1), 0.0, atol=1e-10)
    assert_allclose(once.sum(axis=1), 0.0, atol=1e-10)

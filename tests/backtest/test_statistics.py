import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, stats

from backtest.statistics import expected_maximum, newey_west_t, significance_bar
from market.errors import ConfigError


def bartlett_t(x, lag):
    """The definition, as a double sum over all pairs of days."""
    n, d = len(x), x - x.mean()
    total = sum(
        (1 - abs(i - j) / (lag + 1)) * d[i] * d[j] for i in range(n) for j in range(n) if abs(i - j) <= lag
    )
    return x.mean() / math.sqrt(total / n / n)


@pytest.mark.parametrize("lag", [0, 1, 4, 9])
def test_newey_west_is_the_double_sum_with_triangular_weights(lag):
    x = np.random.default_rng(lag).normal(0.1, 1.0, size=60)
    assert_allclose(newey_west_t(x, lag=lag), bartlett_t(x, lag), rtol=1e-12)


def test_without_lags_it_is_the_ordinary_t_up_to_the_degree_of_freedom():
    x = np.random.default_rng(1).normal(0.1, 1.0, size=50)
    assert_allclose(newey_west_t(x, lag=0) * math.sqrt(49 / 50), stats.ttest_1samp(x, 0.0).statistic)


def test_overlapping_noise_is_rejected_about_as_often_as_it_should_be():
    rng = np.random.default_rng(2)
    window = np.ones(5) / 5
    series = [np.convolve(rng.normal(size=604), window, mode="valid") for _ in range(400)]
    naive = np.mean([abs(newey_west_t(x, lag=0)) > 1.96 for x in series])
    robust = np.mean([abs(newey_west_t(x, lag=12)) > 1.96 for x in series])
    assert naive > 0.3
    assert 0.02 < robust < 0.12


def test_days_without_a_coefficient_are_left_out():
    x = np.random.default_rng(3).normal(size=30)
    holes = np.insert(x, [4, 9], np.nan)
    assert newey_west_t(holes, lag=2) == newey_west_t(x, lag=2)


def test_too_few_or_constant_days_have_no_t():
    assert math.isnan(newey_west_t(np.array([0.1, 0.2, 0.3]), lag=2))
    assert math.isnan(newey_west_t(np.full(20, 0.1), lag=2))


@pytest.mark.parametrize("trials", [1, 10, 1000, 10**6])
@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_the_best_of_so_many_noise_trials_passes_the_bar_with_probability_alpha(trials, alpha):
    single = 2 * stats.norm.sf(significance_bar(trials, alpha=alpha))
    assert_allclose(-math.expm1(trials * math.log1p(-single)), alpha, rtol=1e-9)


def test_a_single_trial_has_the_usual_bar():
    assert_allclose(significance_bar(1), stats.norm.isf(0.025), rtol=1e-12)


@pytest.mark.parametrize("trials", [1, 3, 100, 10_000])
def test_the_expected_maximum_is_the_integral(trials):
    tail = integrate.quad(lambda x: -math.expm1(trials * stats.halfnorm.logcdf(x)), 0, 12, epsabs=1e-12)
    assert_allclose(expected_maximum(trials), tail[0], rtol=1e-9)


def test_the_expected_maximum_is_what_simulation_shows():
    draws = np.abs(np.random.default_rng(4).normal(size=(4000, 50))).max(axis=1)
    assert_allclose(expected_maximum(50), draws.mean(), atol=4 * draws.std() / math.sqrt(4000))


def test_one_trial_of_noise_shows_the_mean_of_a_half_normal():
    assert_allclose(expected_maximum(1), math.sqrt(2 / math.pi), rtol=1e-12)


def test_impossible_questions_are_refused():
    with pytest.raises(ConfigError, match="lag must be at least 0, got -1"):
        newey_west_t(np.ones(4), lag=-1)
    with pytest.raises(ConfigError, match="trials must be at least 1, got 0"):
        significance_bar(0)
    with pytest.raises(ConfigError, match="alpha must lie between 0 and 1"):
        significance_bar(3, alpha=1.0)

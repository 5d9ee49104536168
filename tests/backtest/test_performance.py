import math

import numpy as np
from numpy.testing import assert_allclose

from backtest.performance import Performance, annual_return, max_drawdown, sharpe


def test_doubling_in_half_a_year_quadruples_in_one():
    value = np.array([1.0, *np.linspace(1.1, 2.0, 126)])
    assert_allclose(annual_return(value, 252), 3.0, rtol=1e-12)


def test_the_drawdown_counts_from_the_starting_value():
    assert_allclose(max_drawdown(np.array([1.0, 0.8, 0.9, 1.2, 0.9])), 0.25)


def test_sharpe_is_the_annual_mean_over_deviation():
    returns = np.array([0.01, -0.02, 0.03])
    assert_allclose(sharpe(returns, 252), math.sqrt(252) * np.mean(returns) / np.std(returns, ddof=1))


def test_the_benchmark_itself_has_no_excess():
    benchmark = np.array([0.01, -0.02, 0.03, 0.0])
    value = np.concatenate([[1.0], np.cumprod(1 + benchmark)])
    figures = Performance.of(value, benchmark_returns=benchmark)
    assert_allclose(figures.excess_annual_return, 0.0, atol=1e-12)


def test_excess_figures_are_those_of_the_ratio_and_the_difference():
    value, benchmark = np.array([1.0, 1.1, 1.1, 1.3]), np.array([0.05, 0.0, 0.1])
    figures = Performance.of(value, benchmark_returns=benchmark, periods_per_year=12)
    assert_allclose(figures.excess_annual_return, (1.3 / (1.05 * 1.1)) ** 4 - 1)
    excess = value[1:] / value[:-1] - 1 - benchmark
    assert_allclose(figures.information_ratio, math.sqrt(12) * excess.mean() / excess.std(ddof=1))


def test_figures_of_a_single_value_are_undefined():
    figures = Performance.of(np.ones(1), benchmark_returns=np.empty(0))
    assert math.isnan(figures.annual_return)
    assert math.isnan(figures.sharpe)
    assert figures.max_drawdown == 0.0

"""Annual figures of a value series, alone and against a benchmark.

    annual return   (∏(1+r))^(P/n) - 1          P periods a year, n daily returns r
    Sharpe ratio    √P · mean(r) / std(r)       ddof = 1, no risk-free rate
    drawdown        max over t of 1 - V_t / max_{s≤t} V_s, starting value included
    excess return   the annual return of the ratio of portfolio to benchmark value
    information ratio   the Sharpe ratio of r - benchmark

A figure that the data cannot give (fewer than two returns, no variation) is NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from market.arrays import FloatArray


@dataclass(frozen=True, kw_only=True)
class Performance:
    """Figures of one account; decimals, so 0.08 is 8 % a year."""

    annual_return: float
    sharpe: float
    max_drawdown: float
    excess_annual_return: float
    information_ratio: float

    @classmethod
    def of(
        cls, value: FloatArray, *, benchmark_returns: FloatArray, periods_per_year: int = 252
    ) -> Performance:
        """Measure a value series (n+1,) against n benchmark returns."""
        returns = value[1:] / value[:-1] - 1.0
        benchmark = np.concatenate([np.ones(1), np.cumprod(1.0 + benchmark_returns)])
        return cls(
            annual_return=annual_return(value, periods_per_year),
            sharpe=sharpe(returns, periods_per_year),
            max_drawdown=max_drawdown(value),
            excess_annual_return=annual_return(value / benchmark, periods_per_year),
            information_ratio=sharpe(returns - benchmark_returns, periods_per_year),
        )


def annual_return(value: FloatArray, periods_per_year: int) -> float:
    """Growth per year of a value series (n+1,)."""
    if len(value) < 2:
        return math.nan
    growth = float(value[-1] / value[0])
    return math.pow(growth, periods_per_year / (len(value) - 1)) - 1.0


def sharpe(returns: FloatArray, periods_per_year: int) -> float:
    """Annual mean over standard deviation of daily returns (n,)."""
    if len(returns) < 2 or returns.min() == returns.max():
        return math.nan
    return math.sqrt(periods_per_year) * float(returns.mean() / returns.std(ddof=1))


def max_drawdown(value: FloatArray) -> float:
    """Largest loss from a peak, as a positive share of the peak."""
    return float(np.max(1.0 - value / np.maximum.accumulate(value)))

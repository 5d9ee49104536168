"""The formulas of the sample reports, evaluated slowly: day by day, stock by stock, from the reports' text.

bars         open, high, low, close, volume, shape (T, N); NaN on days without trade
universe     (T, N) True where the stock belongs to the cross section
Each returns the score, (T, N): high for the stocks that the report would buy, NaN where the report gives none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from market.arrays import BoolArray, FloatArray, IntArray

Bars: TypeAlias = Mapping[str, FloatArray]


def lag(x: FloatArray) -> FloatArray:
    return np.vstack([np.full((1, x.shape[1]), np.nan), x[:-1]])


def over(statistic: Callable[[FloatArray], float], x: FloatArray, days: int, share: Fraction) -> FloatArray:
    """A statistic of the valid values of the last `days` rows; NaN if they are fewer than their share, rounded up."""
    result = np.full(x.shape, np.nan)
    for t, i in np.ndindex(x.shape):
        window = x[max(0, t - days + 1) : t + 1, i]
        valid = window[~np.isnan(window)]
        if len(valid) >= math.ceil(share * days):
            result[t, i] = statistic(valid)
    return result


def deviation(values: FloatArray) -> float:
    return float(np.std(values, ddof=1)) if len(set(values)) > 1 else 0.0


def root_mean_square(values: FloatArray) -> float:
    return math.sqrt(np.mean(values**2))


def ratio(x: FloatArray, y: FloatArray | float) -> FloatArray:
    """The quotient, NaN where the divisor is 0."""
    return x / np.where(y == 0, np.nan, y)


def covered(universe: BoolArray, x: FloatArray) -> Iterator[tuple[int, IntArray]]:
    """Each day, and its stocks of the universe that have a value."""
    return ((t, np.flatnonzero(universe[t] & ~np.isnan(x[t]))) for t in range(len(x)))


def logistic(z: FloatArray, steepness: float) -> FloatArray:
    return 1 / (1 + np.exp(-steepness * z))


def arrow(x: FloatArray, y: FloatArray, cap: float) -> FloatArray:
    """The score of a polar day."""
    return np.minimum(np.sqrt(x**2 + y**2), cap) * np.cos(np.arctan2(y, x) - np.pi / 4)


def accumulated(
    q: Sequence[float],
    u: Sequence[float],
    d: Sequence[float],
    *,
    enter: float,
    leave: float,
    memory: float,
    total: float = math.nan,
) -> tuple[list[int], list[float]]:
    """The states and accumulated shadow scores of one stock, which begins in the low state."""
    states, totals, state, updated_in = [], [], 0, 0
    for quotient, upper, lower in zip(q, u, d, strict=True):
        state = 1 if quotient > enter else 0 if quotient < leave else state
        score = lower - upper if state else -(upper + lower) / 2
        if math.isnan(total) and not math.isnan(quotient + score):
            total, updated_in = score, state
        elif not math.isnan(total + score):
            total = score if state != updated_in else memory * total + (1 - memory) * score
            updated_in = state
        states.append(state)
        totals.append(total)
    return states, totals


def reversal(
    bars: Bars,
    universe: BoolArray,
    *,
    return_window: int,
    volume_window: int,
    steepness: float,
    clip_limit: float,
) -> FloatArray:
    share, log_volume = Fraction(4, 5), np.log(bars["volume"])
    r, base = bars["close"] / lag(bars["close"]) - 1, lag(log_volume)
    excess = log_volume - over(np.mean, base, volume_window, share)
    z = ratio(excess, over(deviation, base, volume_window, share))
    w = np.where(np.isnan(r), np.nan, logistic(z, steepness))
    mean = over(np.sum, w * r, return_window, share) / over(np.sum, w, return_window, share)
    result = np.full(mean.shape, np.nan)
    for t, stocks in covered(universe, mean):
        if len(stocks) > 1:
            middle = np.median(mean[t, stocks])
            reach = clip_limit * 1.4826 * np.median(abs(mean[t, stocks] - middle))
            clipped = np.clip(mean[t, stocks], middle - reach, middle + reach)
            result[t, stocks] = ratio(clipped.mean() - clipped, deviation(clipped))
    return result


def depth(bars: Bars, _: BoolArray, *, recent_window: int, base_window: int) -> FloatArray:
    share, high, low = Fraction(3, 4), bars["high"], bars["low"]
    value = bars["volume"] * (high + low + bars["close"]) / 3
    delta = np.log(ratio(value, (high - low) / ((high + low) / 2)))
    shock = over(np.mean, delta, recent_window, share) - over(np.mean, delta, base_window, share)
    return -ratio(shock, over(deviation, delta, base_window, share))


def path(bars: Bars, _: BoolArray, *, start_lag: int, end_lag: int, exponent: float) -> FloatArray:
    close, result = bars["close"].copy(), np.full(bars["close"].shape, np.nan)
    for t, i in np.ndindex(close.shape):
        if t and np.isnan(close[t, i]):
            close[t, i] = close[t - 1, i]
        if t >= start_lag:
            period = np.log(close[t - start_lag : t - end_lag + 1, i])
            length, change = sum(abs(np.diff(period))), period[-1] - period[0]
            result[t, i] = change * (abs(change) / length) ** exponent if length else math.nan
    return result


def polar(
    bars: Bars, _: BoolArray, *, volume_window: int, scale_window: int, radius_cap: float, score_window: int
) -> FloatArray:
    share, volume = Fraction(4, 5), bars["volume"]
    p = np.log(bars["close"] / lag(bars["close"]))
    v = np.log(volume / over(np.mean, lag(volume), volume_window, share))
    x, y = (ratio(move, over(root_mean_square, move, scale_window, share)) for move in (v, p))
    return -over(np.mean, arrow(x, y, radius_cap), score_window, share)


def shadow(
    bars: Bars,
    universe: BoolArray,
    *,
    short_window: int,
    long_window: int,
    enter_high: float,
    leave_high: float,
    memory: float,
) -> FloatArray:
    share, before = Fraction(4, 5), lag(bars["close"])
    span = np.maximum(bars["high"], before) - np.minimum(bars["low"], before)
    u = ratio(bars["high"] - np.maximum(bars["open"], bars["close"]), span)
    d = ratio(np.minimum(bars["open"], bars["close"]) - bars["low"], span)
    change = np.log(bars["close"] / before)
    q = ratio(over(deviation, change, short_window, share), over(deviation, change, long_window, share))
    a = np.full(q.shape, np.nan)
    for i in range(q.shape[1]):
        columns = q[:, i].tolist(), u[:, i].tolist(), d[:, i].tolist()
        a[:, i] = accumulated(*columns, enter=enter_high, leave=leave_high, memory=memory)[1]
    a, result = np.where(np.isnan(bars["volume"]), np.nan, a), np.full(q.shape, np.nan)
    for t, stocks in covered(universe, a):
        for i in stocks:
            below, tied = sum(a[t, stocks] < a[t, i]), sum(a[t, stocks] == a[t, i])
            result[t, i] = (below + (tied + 1) / 2) / len(stocks)
    return result

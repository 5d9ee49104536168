"""Slow, obvious references for the operators: one window, row or column at a time, in NumPy, SciPy or pandas.

`ORACLES[name]` takes the operator's arguments, `min_periods` and `universe` included. Windows are cut by one
loop (`windowed`) after pandas' rules: the last `window` rows, missing values left out, NaN for fewer than
`min_periods`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from market.arrays import BoolArray, FloatArray

Statistic = Callable[..., float]


def present(x: FloatArray) -> FloatArray:
    return np.where(np.isfinite(x), x, np.nan)


def windowed(
    statistic: Statistic,
    *arrays: FloatArray,
    window: int,
    min_periods: int | None = None,
    at_least: int = 1,
) -> FloatArray:
    """Apply `statistic(values_of_first, values_of_second, ..., rows)` to every window; rows: 0 = oldest."""
    cleaned = [present(x) for x in arrays]
    needed = max(window if min_periods is None else min_periods, at_least)
    out = np.full(arrays[0].shape, np.nan)
    for t, j in np.ndindex(*out.shape):
        first = max(0, t - window + 1)
        columns = [x[first : t + 1, j] for x in cleaned]
        known = np.logical_and.reduce([~np.isnan(c) for c in columns])
        rows = np.arange(first, t + 1) - (t - window + 1)
        if known.sum() >= needed:
            out[t, j] = statistic(*(c[known] for c in columns), rows[known])
    return out


def across(
    x: FloatArray, universe: BoolArray | None, rule: Callable[[FloatArray], FloatArray | float]
) -> FloatArray:
    """Apply `rule` to the present values of the universe, row by row."""
    out = np.full(x.shape, np.nan)
    members = np.isfinite(x) if universe is None else np.isfinite(x) & universe
    for t in range(len(x)):
        if members[t].any():
            out[t, members[t]] = rule(x[t, members[t]])
    return out


def varies(values: FloatArray) -> bool:
    return bool((values != values[0]).any())


def mean(values: FloatArray) -> float:
    return values[0] + math.fsum(values - values[0]) / len(values)


def centred(values: FloatArray) -> FloatArray:
    return (values - values[0]) - mean(values - values[0])


def variance(values: FloatArray) -> float:
    return math.fsum(centred(values) ** 2) / (len(values) - 1) if varies(values) else 0.0


def covariance(first: FloatArray, second: FloatArray) -> float:
    return math.fsum(centred(first) * centred(second)) / (len(first) - 1)


def correlation(first: FloatArray, second: FloatArray, _: Any = None) -> float:
    if not (varies(first) and varies(second)):
        return np.nan
    return covariance(first, second) / math.sqrt(variance(first) * variance(second))


def beta(y: FloatArray, x: FloatArray, _: Any = None) -> float:
    return covariance(y, x) / variance(x) if varies(x) else np.nan


def zscore(values: FloatArray) -> FloatArray:
    return centred(values) / math.sqrt(variance(values)) if varies(values) else np.full(len(values), np.nan)


def where_present(result: FloatArray, *arrays: FloatArray) -> FloatArray:
    known = np.logical_and.reduce([np.isfinite(x) for x in arrays])
    return np.where(known, result, np.nan)


def ts_delay(x: FloatArray, lag: int) -> FloatArray:
    return pd.DataFrame(x).shift(lag).to_numpy()


def ts_delta(x: FloatArray, lag: int) -> FloatArray:
    with np.errstate(invalid="ignore"):
        return x - ts_delay(x, lag)


def ts_pct_change(x: FloatArray, lag: int) -> FloatArray:
    return pd.DataFrame(x).pct_change(lag, fill_method=None).to_numpy()


def ts_sum(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(lambda v, _: math.fsum(v), x, window=window, min_periods=min_periods)


def ts_mean(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(lambda v, _: math.fsum(v) / len(v), x, window=window, min_periods=min_periods)


def ts_count(x: FloatArray, window: int) -> FloatArray:
    return pd.DataFrame(present(x)).rolling(window, min_periods=0).count().to_numpy()


def ts_product(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(lambda v, _: math.prod(v), x, window=window, min_periods=min_periods)


def ts_var(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(lambda v, _: variance(v), x, window=window, min_periods=min_periods, at_least=2)


def ts_std(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return np.sqrt(ts_var(x, window, min_periods))


def ts_zscore(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    scores = windowed(lambda v, _: zscore(v)[-1], x, window=window, min_periods=min_periods, at_least=2)
    return where_present(scores, x)


def ts_skew(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    def skewness(v: FloatArray, _: Any) -> float:
        return float(stats.skew(centred(v), bias=False)) if varies(v) else np.nan

    return windowed(skewness, x, window=window, min_periods=min_periods, at_least=3)


def ts_kurt(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    def kurtosis(v: FloatArray, _: Any) -> float:
        return float(stats.kurtosis(centred(v), bias=False)) if varies(v) else np.nan

    return windowed(kurtosis, x, window=window, min_periods=min_periods, at_least=4)


def ts_min(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(lambda v, _: v.min(), x, window=window, min_periods=min_periods)


def ts_max(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(lambda v, _: v.max(), x, window=window, min_periods=min_periods)


def ts_range(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(lambda v, _: v.max() - v.min(), x, window=window, min_periods=min_periods)


def ts_position(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    def place(v: FloatArray, _: Any) -> float:
        return (v[-1] - v.min()) / (v.max() - v.min()) if varies(v) else np.nan

    return where_present(windowed(place, x, window=window, min_periods=min_periods), x)


def ts_argmax(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    def age(v: FloatArray, rows: FloatArray) -> float:
        return window - 1 - max(row for value, row in zip(v, rows, strict=True) if value == v.max())

    return windowed(age, x, window=window, min_periods=min_periods)


def ts_argmin(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return ts_argmax(-x, window, min_periods)


def ts_rank(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    ranks = windowed(lambda v, _: stats.rankdata(v)[-1] / len(v), x, window=window, min_periods=min_periods)
    return where_present(ranks, x)


def ts_quantile(x: FloatArray, window: int, q: float, min_periods: int | None = None) -> FloatArray:
    return windowed(lambda v, _: float(np.quantile(v, q)), x, window=window, min_periods=min_periods)


def ts_median(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(lambda v, _: float(np.median(v)), x, window=window, min_periods=min_periods)


def ts_mad(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(lambda v, _: np.abs(v - mean(v)).mean(), x, window=window, min_periods=min_periods)


def ts_slope(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(beta, x, window=window, min_periods=min_periods, at_least=2)


def ts_rsquare(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(correlation, x, window=window, min_periods=min_periods, at_least=2) ** 2


def ts_residual(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    def last_residual(v: FloatArray, rows: FloatArray) -> float:
        return centred(v)[-1] - beta(v, rows) * centred(rows)[-1]

    residuals = windowed(last_residual, x, window=window, min_periods=min_periods, at_least=2)
    return where_present(residuals, x)


def ts_decay_linear(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return ts_wma(x, window, range(1, window + 1), min_periods)


def ts_wma(
    x: FloatArray, window: int, weights: Sequence[float], min_periods: int | None = None
) -> FloatArray:
    table = np.asarray(weights, dtype=float)
    return windowed(
        lambda v, rows: float(np.average(v, weights=table[rows])), x, window=window, min_periods=min_periods
    )


def ts_ema(x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    needed = window if min_periods is None else min_periods
    return pd.DataFrame(present(x)).ewm(span=window, ignore_na=True, min_periods=needed).mean().to_numpy()


def ts_corr(x: FloatArray, y: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(correlation, x, y, window=window, min_periods=min_periods, at_least=2)


def ts_cov(x: FloatArray, y: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(
        lambda a, b, _: covariance(a, b), x, y, window=window, min_periods=min_periods, at_least=2
    )


def ts_beta(y: FloatArray, x: FloatArray, window: int, min_periods: int | None = None) -> FloatArray:
    return windowed(beta, y, x, window=window, min_periods=min_periods, at_least=2)


def ts_regression_residual(
    y: FloatArray, x: FloatArray, window: int, min_periods: int | None = None
) -> FloatArray:
    def last_residual(a: FloatArray, b: FloatArray, _: Any) -> float:
        return centred(a)[-1] - beta(a, b) * centred(b)[-1]

    return where_present(
        windowed(last_residual, y, x, window=window, min_periods=min_periods, at_least=2), x, y
    )


def ts_autocorr(x: FloatArray, window: int, lag: int, min_periods: int | None = None) -> FloatArray:
    return ts_corr(x, ts_delay(x, lag), window, min_periods)


def scanned(rule: Callable[..., float], *arrays: FloatArray, initial: float = np.nan) -> FloatArray:
    """Apply `state = rule(state, value_of_first, ...)` down every column; the states."""
    out = np.empty(arrays[0].shape)
    for j in range(out.shape[1]):
        state = initial
        for t in range(out.shape[0]):
            state = rule(state, *(x[t, j] for x in arrays))
            out[t, j] = state
    return out


def is_true(flag: float) -> bool:
    return flag != 0 and not np.isnan(flag)


def ts_days_since(condition: FloatArray) -> FloatArray:
    return scanned(lambda age, flag: 0.0 if is_true(flag) else age + 1, condition)


def ts_hold(x: FloatArray, enter: FloatArray, leave: FloatArray) -> FloatArray:
    def rule(held: float, value: float, entering: float, leaving: float) -> float:
        if is_true(entering):
            return value
        return np.nan if is_true(leaving) else held

    return scanned(rule, x, enter, leave)


def ts_fill(x: FloatArray, window: int) -> FloatArray:
    return windowed(lambda v, _: v[-1], x, window=window, min_periods=1)


def ts_scan(step: Callable[[float, float], float], x: FloatArray, initial: float = 0.0) -> FloatArray:
    states = scanned(lambda s, v: step(s, v) if np.isfinite(v) else s, x, initial=initial)
    return where_present(states, x)


def cs_rank(x: FloatArray, universe: BoolArray | None = None) -> FloatArray:
    return across(x, universe, lambda v: stats.rankdata(v) / len(v))


def cs_bucket(x: FloatArray, buckets: int, universe: BoolArray | None = None) -> FloatArray:
    def bucket(v: FloatArray) -> FloatArray:
        return np.minimum(np.floor((stats.rankdata(v) - 0.5) / len(v) * buckets), buckets - 1)

    return across(x, universe, bucket)


def cs_gauss(x: FloatArray, universe: BoolArray | None = None) -> FloatArray:
    return across(x, universe, lambda v: stats.norm.ppf((stats.rankdata(v) - 0.5) / len(v)))


def cs_demean(x: FloatArray, universe: BoolArray | None = None) -> FloatArray:
    return across(x, universe, centred)


def cs_zscore(x: FloatArray, universe: BoolArray | None = None) -> FloatArray:
    return across(x, universe, zscore)


def cs_scale(x: FloatArray, total: float, universe: BoolArray | None = None) -> FloatArray:
    return across(
        x, universe, lambda v: total * v / math.fsum(np.abs(v)) if v.any() else np.full(len(v), np.nan)
    )


def cs_winsorize(x: FloatArray, limit: float, universe: BoolArray | None = None) -> FloatArray:
    def pull(v: FloatArray) -> FloatArray:
        reach = limit * math.sqrt(variance(v)) if len(v) > 1 else 0.0
        return np.clip(v, mean(v) - reach, mean(v) + reach)

    return across(x, universe, pull)


def cs_clip_quantile(x: FloatArray, low: float, high: float, universe: BoolArray | None = None) -> FloatArray:
    return across(x, universe, lambda v: np.clip(v, np.quantile(v, low), np.quantile(v, high)))


def everywhere(result: FloatArray) -> FloatArray:
    """Give each row's one value to all its columns."""
    frame = pd.DataFrame(result)
    return np.repeat(frame.bfill(axis=1).iloc[:, :1].to_numpy(), result.shape[1], axis=1)


def cs_mean(x: FloatArray, universe: BoolArray | None = None) -> FloatArray:
    return everywhere(across(x, universe, mean))


def cs_std(x: FloatArray, universe: BoolArray | None = None) -> FloatArray:
    return everywhere(across(x, universe, lambda v: math.sqrt(variance(v)) if len(v) > 1 else np.nan))


def cs_neutralize(x: FloatArray, *exposures: FloatArray, universe: BoolArray | None = None) -> FloatArray:
    known = np.logical_and.reduce([np.isfinite(e) for e in exposures])
    out = np.full(x.shape, np.nan)
    members = np.isfinite(x) & known & (True if universe is None else universe)
    for t in range(len(x)):
        y = x[t, members[t]]
        if len(y):
            design = np.column_stack([np.ones(len(y)), *(e[t, members[t]] for e in exposures)])
            scaled = design / np.abs(design).max(axis=0).clip(min=1e-300)
            out[t, members[t]] = y - scaled @ np.linalg.lstsq(scaled, y, rcond=1e-9)[0]
    return out


def grouped(
    x: FloatArray, groups: FloatArray, universe: BoolArray | None, rule: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    out = np.full(x.shape, np.nan)
    labels = np.broadcast_to(groups, x.shape)
    members = np.isfinite(x) & ~np.isnan(labels) & (True if universe is None else universe)
    for t in range(len(x)):
        for label in np.unique(labels[t, members[t]]):
            chosen = members[t] & (labels[t] == label)
            out[t, chosen] = rule(x[t, chosen])
    return out


def cs_group_demean(x: FloatArray, groups: FloatArray, universe: BoolArray | None = None) -> FloatArray:
    return grouped(x, groups, universe, centred)


def cs_group_zscore(x: FloatArray, groups: FloatArray, universe: BoolArray | None = None) -> FloatArray:
    return grouped(x, groups, universe, zscore)


def cs_group_rank(x: FloatArray, groups: FloatArray, universe: BoolArray | None = None) -> FloatArray:
    return grouped(x, groups, universe, lambda v: stats.rankdata(v) / len(v))


def signed_power(x: FloatArray, exponent: float) -> FloatArray:
    with np.errstate(all="ignore"):
        return np.copysign(np.abs(x) ** exponent, x)


def log1p_sign(x: FloatArray) -> FloatArray:
    return np.sign(x) * np.log(1.0 + np.abs(x))


def safe_log(x: FloatArray) -> FloatArray:
    return np.log(np.where(x > 0, x, np.nan))


def squash(x: FloatArray, scale: float) -> FloatArray:
    return np.where(np.isinf(x), np.sign(x), present(x) / (np.abs(present(x)) + scale))


def fill_missing(x: FloatArray, value: float) -> FloatArray:
    return np.where(np.isfinite(x), x, value)


def clip(x: FloatArray, low: float, high: float) -> FloatArray:
    return pd.DataFrame(x).clip(low, high).to_numpy()


def safe_div(x: FloatArray, y: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        return np.where(y == 0, np.nan, x / y)


def minimum(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.minimum(x, y)


def maximum(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.maximum(x, y)


def where(condition: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, x, y))


ORACLES: dict[str, Callable[..., FloatArray]] = {
    name: value
    for name, value in list(globals().items())
    if name.startswith(("ts_", "cs_"))
    or name in {"clip", "fill_missing", "log1p_sign", "maximum", "minimum", "safe_div", "safe_log"}
    or name in {"signed_power", "squash", "where"}
}

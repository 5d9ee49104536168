"""Statistics of one series over the last `window` rows: pandas' `rolling`, all columns at once.

Shapes are (T, N) in and out; the result is a fresh float64 array. A window is the row itself and the `window
- 1` rows before it. Missing values (NaN, and ±inf as in pandas) are left out of the statistic, which is NaN
unless at least `min_periods` values remain; `min_periods` is the whole window unless given.

Raises (all of them):
    LookAheadError: a negative window.
    ContractError: a window that is no whole number or 0, a bad `min_periods`, or an array that is not (T, N).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from factors.errors import ContractError
from factors.jit import Kernel
from factors.operators.arguments import ArrayLike, as_matrix, as_number, needed_values, whole_number
from factors.operators.kernels import (
    elementwise,
    extremes,
    moments,
    order,
    shape,
    smoothing,
    sums,
    trend,
    weighted,
)
from factors.operators.kernels.tiles import blank_row
from factors.operators.kernels.whole import moments as whole_moments
from factors.operators.kernels.whole import shape as whole_shape
from factors.operators.kernels.whole import sums as whole_sums
from factors.operators.kernels.whole import trend as whole_trend
from factors.operators.threads import fill_columns, fill_rows
from market.arrays import FloatArray


def _rolling(
    loop: Kernel[..., Any],
    operator: str,
    x: ArrayLike,
    window: int,
    min_periods: int | None,
    *,
    at_least: float = 1.0,
    whole: Kernel[..., Any] | None = None,
) -> FloatArray:
    """Run `loop`, or `whole` (the quicker one, if there is one) when no value of the window may be missing."""
    matrix = as_matrix(operator, x)
    window = whole_number(operator, "window", window, least=1)
    needed = max(needed_values(operator, window, min_periods), at_least)
    if whole is not None and needed == window:
        return fill_columns(whole, matrix, window, shape=matrix.shape)
    return fill_columns(loop, matrix, window, needed, blank_row(), shape=matrix.shape)


def ts_sum(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Sum of the window."""
    return _rolling(sums.window_sum, "ts_sum", x, window, min_periods, whole=whole_sums.whole_sum)


def ts_mean(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Mean of the window."""
    return _rolling(sums.window_mean, "ts_mean", x, window, min_periods, whole=whole_sums.whole_mean)


def ts_count(x: ArrayLike, window: int) -> FloatArray:
    """Count the present values of the window; never NaN, early windows count the rows there are."""
    matrix = as_matrix("ts_count", x)
    window = whole_number("ts_count", "window", window, least=1)
    return fill_columns(sums.window_count, matrix, window, 0.0, blank_row(), shape=matrix.shape)


def ts_product(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Product of the window."""
    return _rolling(extremes.window_product, "ts_product", x, window, min_periods)


def ts_var(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Sample variance (ddof = 1) of the window; NaN for fewer than two values, exactly 0 for equal ones."""
    return _rolling(
        moments.window_variance,
        "ts_var",
        x,
        window,
        min_periods,
        at_least=2.0,
        whole=whole_moments.whole_variance,
    )


def ts_std(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Sample standard deviation (ddof = 1) of the window; NaN for fewer than two values, 0 for equal ones."""
    return _rolling(
        moments.window_deviation,
        "ts_std",
        x,
        window,
        min_periods,
        at_least=2.0,
        whole=whole_moments.whole_deviation,
    )


def ts_zscore(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Last value's distance from the window's mean in standard deviations (ddof = 1), NaN if that is 0."""
    return _rolling(
        moments.window_zscore,
        "ts_zscore",
        x,
        window,
        min_periods,
        at_least=2.0,
        whole=whole_moments.whole_zscore,
    )


def ts_skew(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Skewness (adjusted Fisher-Pearson) of the window, from three values on; NaN for equal values."""
    return _rolling(
        shape.window_skewness,
        "ts_skew",
        x,
        window,
        min_periods,
        at_least=3.0,
        whole=whole_shape.whole_skewness,
    )


def ts_kurt(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Excess kurtosis (unbiased, as pandas) of the window, from four values on; NaN for equal values."""
    return _rolling(
        shape.window_kurtosis,
        "ts_kurt",
        x,
        window,
        min_periods,
        at_least=4.0,
        whole=whole_shape.whole_kurtosis,
    )


def ts_min(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Smallest value of the window."""
    return _rolling(extremes.window_minimum, "ts_min", x, window, min_periods)


def ts_max(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Largest value of the window."""
    return _rolling(extremes.window_maximum, "ts_max", x, window, min_periods)


def ts_argmin(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Rows since the window's smallest value: 0 = today; of equal values the latest counts."""
    return _rolling(extremes.days_since_minimum, "ts_argmin", x, window, min_periods)


def ts_argmax(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Rows since the window's largest value: 0 = today; of equal values the latest counts."""
    return _rolling(extremes.days_since_maximum, "ts_argmax", x, window, min_periods)


def ts_slope(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Slope per row of the least-squares line through the window's values."""
    return _rolling(
        trend.window_slope, "ts_slope", x, window, min_periods, at_least=2.0, whole=whole_trend.whole_slope
    )


def ts_rsquare(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Share of the window's variance that a straight line explains; NaN for equal values."""
    return _rolling(
        trend.window_rsquare,
        "ts_rsquare",
        x,
        window,
        min_periods,
        at_least=2.0,
        whole=whole_trend.whole_rsquare,
    )


def ts_residual(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Last value minus the least-squares line through the window; NaN where the last value is missing."""
    return _rolling(
        trend.window_trend_residual,
        "ts_residual",
        x,
        window,
        min_periods,
        at_least=2.0,
        whole=whole_trend.whole_residual,
    )


def ts_decay_linear(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Mean with weights 1 (oldest row) to `window` (today), over the present values."""
    return _rolling(smoothing.linear_mean, "ts_decay_linear", x, window, min_periods)


def ts_ema(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Exponential mean, as pandas' `ewm(span=window, ignore_na=True)`.

    The weight falls by 1 - 2 / (window + 1) per present value. Weights are normalised (adjust=True), so that
    early values are means of what there is; NaN until `min_periods` (the window, unless given) values have
    been seen. A missing value repeats the last mean.
    """
    matrix = as_matrix("ts_ema", x)
    window = whole_number("ts_ema", "window", window, least=1)
    needed = needed_values("ts_ema", window, min_periods)
    decay = 1.0 - 2.0 / (window + 1.0)
    return fill_columns(smoothing.exponential_mean, matrix, decay, needed, shape=matrix.shape)


def ts_rank(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Average rank of the last value in the window divided by the count: 1 = the largest."""
    matrix = as_matrix("ts_rank", x)
    window = whole_number("ts_rank", "window", window, least=1)
    needed = needed_values("ts_rank", window, min_periods)
    return fill_columns(order.window_rank, matrix, window, needed, shape=matrix.shape)


def ts_quantile(x: ArrayLike, window: int, q: float, *, min_periods: int | None = None) -> FloatArray:
    """Quantile `q` (0 to 1) of the window, interpolated linearly between neighbours."""
    matrix = as_matrix("ts_quantile", x)
    window = whole_number("ts_quantile", "window", window, least=1)
    needed = needed_values("ts_quantile", window, min_periods)
    share = as_number("ts_quantile", "q", q, low=0.0, high=1.0)
    return fill_columns(order.window_quantile, matrix, window, needed, share, shape=matrix.shape)


def ts_median(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Median of the window."""
    return ts_quantile(x, window, 0.5, min_periods=min_periods)


def ts_mad(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Mean absolute deviation from the window's mean."""
    matrix = as_matrix("ts_mad", x)
    window = whole_number("ts_mad", "window", window, least=1)
    needed = needed_values("ts_mad", window, min_periods)
    return fill_columns(order.window_absolute_deviation, matrix, window, needed, shape=matrix.shape)


def ts_range(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Largest less smallest value of the window."""
    highest = ts_max(x, window, min_periods=min_periods)
    highest -= ts_min(x, window, min_periods=min_periods)
    return highest


def ts_position(x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Place of the last value between the window's smallest (0) and largest (1); NaN where they are equal."""
    matrix = as_matrix("ts_position", x)
    lowest = ts_min(matrix, window, min_periods=min_periods)
    highest = ts_max(matrix, window, min_periods=min_periods)
    return fill_rows(elementwise.place_values, matrix, lowest, highest, shape=matrix.shape)


def ts_wma(
    x: ArrayLike, window: int, weights: Sequence[float] | None = None, *, min_periods: int | None = None
) -> FloatArray:
    """Mean with one weight for each row of the window, oldest first; 1 to `window` unless given.

    Weights are taken over the present values.

    Raises:
        ContractError: not `window` weights, or one that is not positive.
    """
    if weights is None:
        return ts_decay_linear(x, window, min_periods=min_periods)
    matrix = as_matrix("ts_wma", x)
    window = whole_number("ts_wma", "window", window, least=1)
    needed = needed_values("ts_wma", window, min_periods)
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (window,) or not (np.isfinite(given) & (given > 0)).all():
        raise ContractError(
            f"`ts_wma` needs {window} positive weights, got {list(weights)!r}: one for each row, oldest first"
        )
    return fill_columns(weighted.weighted_mean, matrix, given, needed, shape=matrix.shape)

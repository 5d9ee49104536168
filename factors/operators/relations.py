"""Relations of two series over the last `window` rows, over the rows where both are present.

Shapes, missing values, `min_periods` (counted in pairs) and errors are those of `windows`.
"""

from typing import Any

from factors.jit import Kernel
from factors.operators.arguments import ArrayLike, as_matrices, needed_values, whole_number
from factors.operators.kernels import pairs
from factors.operators.kernels.tiles import blank_row
from factors.operators.kernels.whole import pairs as whole_pairs
from factors.operators.shifts import ts_delay
from factors.operators.threads import fill_columns
from market.arrays import FloatArray


def _rolling_pair(
    loop: Kernel[..., Any],
    whole: Kernel[..., Any],
    operator: str,
    y: ArrayLike,
    x: ArrayLike,
    window: int,
    min_periods: int | None,
) -> FloatArray:
    """Run `loop`, or `whole`, the quicker one, when no value of the window may be missing."""
    first, second = as_matrices(operator, y, x)
    window = whole_number(operator, "window", window, least=1)
    needed = max(needed_values(operator, window, min_periods), 2.0)
    if needed == window:
        return fill_columns(whole, first, second, window, shape=first.shape)
    return fill_columns(loop, first, second, window, needed, blank_row(), shape=first.shape)


def ts_corr(x: ArrayLike, y: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Pearson correlation of the window's pairs; NaN where either series does not vary."""
    return _rolling_pair(
        pairs.window_correlation, whole_pairs.whole_correlation, "ts_corr", x, y, window, min_periods
    )


def ts_cov(x: ArrayLike, y: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Sample covariance (ddof = 1) of the window's pairs."""
    return _rolling_pair(
        pairs.window_covariance, whole_pairs.whole_covariance, "ts_cov", x, y, window, min_periods
    )


def ts_beta(y: ArrayLike, x: ArrayLike, window: int, *, min_periods: int | None = None) -> FloatArray:
    """Slope of the least-squares line of `y` on `x`; NaN where `x` does not vary."""
    return _rolling_pair(pairs.window_beta, whole_pairs.whole_beta, "ts_beta", y, x, window, min_periods)


def ts_regression_residual(
    y: ArrayLike, x: ArrayLike, window: int, *, min_periods: int | None = None
) -> FloatArray:
    """Last `y` less its value on the least-squares line of `y` on `x`; NaN where either is missing."""
    return _rolling_pair(
        pairs.window_residual, whole_pairs.whole_residual, "ts_regression_residual", y, x, window, min_periods
    )


def ts_autocorr(x: ArrayLike, window: int, lag: int = 1, *, min_periods: int | None = None) -> FloatArray:
    """Correlation of the window's values with those `lag` rows earlier."""
    lag = whole_number("ts_autocorr", "lag", lag, least=1)
    return _rolling_pair(
        pairs.window_correlation,
        whole_pairs.whole_correlation,
        "ts_autocorr",
        x,
        ts_delay(x, lag),
        window,
        min_periods,
    )

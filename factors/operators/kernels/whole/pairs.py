"""Second moments of two series over windows where both are whole."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, device, kernel
from factors.operators.kernels.moments import CONTRACT
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width
from factors.operators.kernels.whole.blocks import finite, open_suffix


@device
def finish(dy: float, dx: float, syy: float, sxx: float, sxy: float, window: float) -> float:
    """Turn the last pair's distances from the means and the centred sums of products into the result."""
    ratio = sxy / float(np.sqrt(sxx * syy))
    ratio = 1.0 if ratio > 1.0 else ratio
    ratio = -1.0 if ratio < -1.0 else ratio
    return ratio if (sxx > 0.0) & (syy > 0.0) else np.nan


@device
def squares_of_y() -> bool:
    """Whether the first series' own squares are wanted."""
    return True


@device
def squares_of_x() -> bool:
    """Whether the second series' own squares are wanted."""
    return True


@kernel(fastmath=CONTRACT)
def whole_correlation(y: Matrix, x: Matrix, window: int, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with `finish(...)` of whole windows."""
    rows = x.shape[0]
    if window > rows:
        out[:, begin:end] = np.nan
        return
    size = float(window)
    share = 1.0 / size
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, 5 * LANE))  # y, x, yx, yy, xx
    state = np.empty(7 * LANE)  # the same five, then the anchors of y and x
    for left in range(begin, end, step):
        right = min(left + step, end)
        for top in range(0, rows, window):
            row_y = y[top, left:right]
            row_x = x[top, left:right]
            for j in range(row_x.size):
                state[5 * LANE + j] = row_y[j]
                state[6 * LANE + j] = row_x[j]
            open_suffix(suffix, top)
            for k in range(window - 1, 0 if top > 0 else window, -1):
                row_y = y[top - window + k, left:right]
                row_x = x[top - window + k, left:right]
                tail = suffix[k]
                shorter = suffix[k + 1]
                for j in range(row_x.size):
                    dy = row_y[j] - state[5 * LANE + j]
                    dx = row_x[j] - state[6 * LANE + j]
                    tail[j] = shorter[j] + dy
                    tail[LANE + j] = shorter[LANE + j] + dx
                    tail[2 * LANE + j] = shorter[2 * LANE + j] + dy * dx
                    if squares_of_y():
                        tail[3 * LANE + j] = shorter[3 * LANE + j] + dy * dy
                    if squares_of_x():
                        tail[4 * LANE + j] = shorter[4 * LANE + j] + dx * dx
            state[: 5 * LANE] = 0.0
            for t in range(top, min(top + window, rows)):
                fetch_ahead(y, t, left, right)
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row_y = y[t, left:right]
                row_x = x[t, left:right]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                for j in range(row_x.size):
                    dy = row_y[j] - state[5 * LANE + j]
                    dx = row_x[j] - state[6 * LANE + j]
                    sum_y = state[j] + dy
                    sum_x = state[LANE + j] + dx
                    sum_yx = state[2 * LANE + j] + dy * dx
                    state[j] = sum_y
                    state[LANE + j] = sum_x
                    state[2 * LANE + j] = sum_yx
                    mean_y = (sum_y + tail[j]) * share
                    mean_x = (sum_x + tail[LANE + j]) * share
                    sxy = sum_yx + tail[2 * LANE + j] - size * mean_y * mean_x
                    syy = 0.0
                    sxx = 0.0
                    if squares_of_y():
                        sum_yy = state[3 * LANE + j] + dy * dy
                        state[3 * LANE + j] = sum_yy
                        syy = sum_yy + tail[3 * LANE + j] - size * mean_y * mean_y
                    if squares_of_x():
                        sum_xx = state[4 * LANE + j] + dx * dx
                        state[4 * LANE + j] = sum_xx
                        sxx = sum_xx + tail[4 * LANE + j] - size * mean_x * mean_x
                    target[j] = finite(finish(dy - mean_y, dx - mean_x, syy, sxx, sxy, size))


@device
def _covariance(dy: float, dx: float, syy: float, sxx: float, sxy: float, window: float) -> float:
    return sxy * (1.0 / (window - 1.0))


@device
def _beta(dy: float, dx: float, syy: float, sxx: float, sxy: float, window: float) -> float:
    slope = sxy / sxx
    return slope if sxx > 0.0 else np.nan


@device
def _residual(dy: float, dx: float, syy: float, sxx: float, sxy: float, window: float) -> float:
    unexplained = dy - sxy / sxx * dx
    return unexplained if sxx > 0.0 else np.nan


@device
def _no() -> bool:
    return False


whole_covariance = whole_correlation.variant(
    "whole_covariance", finish=_covariance, squares_of_y=_no, squares_of_x=_no
)
whole_beta = whole_correlation.variant("whole_beta", finish=_beta, squares_of_y=_no)
whole_residual = whole_correlation.variant("whole_residual", finish=_residual, squares_of_y=_no)

"""Windowed second moments of two series, over the rows where both are present; anchored as in `moments`."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, Vector, device, kernel
from factors.operators.kernels.moments import CONTRACT, LOST
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width


@device
def finish(
    y: float, x: float, count: float, mean_y: float, mean_x: float, syy: float, sxx: float, sxy: float
) -> float:
    """Turn the last values, the means and count times the centred sums of products into the result."""
    scale = np.sqrt(sxx * syy)
    ratio = max(-1.0, min(1.0, sxy / scale))
    return ratio if scale > 0.0 else np.nan


@device
def pair_before(y: Matrix, x: Matrix, top: int, j: int, window: int) -> int:
    """Return the last row with both values that a window reaching row `top` can contain, or -1."""
    for row in range(top - 1, max(top - window, -1), -1):
        if abs(y[row, j]) < np.inf and abs(x[row, j]) < np.inf:
            return row
    return -1


@device
def recompute(
    y: Matrix, x: Matrix, t: int, j: int, window: int
) -> tuple[float, float, float, float, float, float]:
    """Count, means and count times the centred sums of products of one window, in two passes."""
    first = max(0, t - window + 1)
    count = 0.0
    anchor_y = 0.0
    anchor_x = 0.0
    total_y = 0.0
    total_x = 0.0
    for row in range(first, t + 1):
        if abs(y[row, j]) < np.inf and abs(x[row, j]) < np.inf:
            if count == 0.0:
                anchor_y = y[row, j]
                anchor_x = x[row, j]
            count += 1.0
            total_y += y[row, j] - anchor_y
            total_x += x[row, j] - anchor_x
    syy = 0.0
    sxx = 0.0
    sxy = 0.0
    for row in range(first, t + 1):
        if abs(y[row, j]) < np.inf and abs(x[row, j]) < np.inf:
            dy = y[row, j] - anchor_y - total_y / count
            dx = x[row, j] - anchor_x - total_x / count
            syy += dy * dy
            sxx += dx * dx
            sxy += dy * dx
    mean_y = anchor_y + total_y / count
    mean_x = anchor_x + total_x / count
    return mean_y, mean_x, count * syy, count * sxx, count * sxy, count


@kernel(fastmath=CONTRACT)
def window_correlation(
    y: Matrix,
    x: Matrix,
    window: int,
    needed: float,
    blank: Vector,
    out: OutMatrix,
    begin: int,
    end: int,
) -> None:
    """Fill `out[:, begin:end]` with `finish(...)` of windows that hold `needed` pairs, else NaN."""
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, 6 * LANE))  # count, y, x, yy, xx, yx
    state = np.empty(8 * LANE)  # the same six, then the anchors of y and x
    for left in range(begin, end, step):
        right = min(left + step, end)
        suffix[:] = 0.0
        state[:] = 0.0
        for top in range(0, rows, window):
            row_y = y[top, left:right]
            row_x = x[top, left:right]
            for j in range(row_x.size):
                row = top
                if not (abs(row_y[j]) < np.inf and abs(row_x[j]) < np.inf):
                    row = pair_before(y, x, top, left + j, window)
                if row >= 0:
                    state[6 * LANE + j] = y[row, left + j]
                    state[7 * LANE + j] = x[row, left + j]
            if top > 0:
                for k in range(window - 1, 0, -1):
                    row_y = y[top - window + k, left:right]
                    row_x = x[top - window + k, left:right]
                    tail = suffix[k]
                    shorter = suffix[k + 1]
                    for j in range(row_x.size):
                        value_y = row_y[j]
                        value_x = row_x[j]
                        both = (abs(value_y) < np.inf) & (abs(value_x) < np.inf)
                        dy = value_y - state[6 * LANE + j]
                        dx = value_x - state[7 * LANE + j]
                        dy = dy if both else 0.0
                        dx = dx if both else 0.0
                        tail[j] = shorter[j] + (1.0 if both else 0.0)
                        tail[LANE + j] = shorter[LANE + j] + dy
                        tail[2 * LANE + j] = shorter[2 * LANE + j] + dx
                        tail[3 * LANE + j] = shorter[3 * LANE + j] + dy * dy
                        tail[4 * LANE + j] = shorter[4 * LANE + j] + dx * dx
                        tail[5 * LANE + j] = shorter[5 * LANE + j] + dy * dx
            state[: 6 * LANE] = 0.0
            for t in range(top, min(top + window, rows)):
                fetch_ahead(y, t, left, right)
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row_y = y[t, left:right]
                row_x = x[t, left:right]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                lost = 0
                for j in range(row_x.size):
                    value_y = row_y[j]
                    value_x = row_x[j]
                    both = (abs(value_y) < np.inf) & (abs(value_x) < np.inf)
                    anchor_y = state[6 * LANE + j]
                    anchor_x = state[7 * LANE + j]
                    dy = value_y - anchor_y
                    dx = value_x - anchor_x
                    dy = dy if both else 0.0
                    dx = dx if both else 0.0
                    count = state[j] + (1.0 if both else 0.0)
                    sum_y = state[LANE + j] + dy
                    sum_x = state[2 * LANE + j] + dx
                    sum_yy = state[3 * LANE + j] + dy * dy
                    sum_xx = state[4 * LANE + j] + dx * dx
                    sum_yx = state[5 * LANE + j] + dy * dx
                    state[j] = count
                    state[LANE + j] = sum_y
                    state[2 * LANE + j] = sum_x
                    state[3 * LANE + j] = sum_yy
                    state[4 * LANE + j] = sum_xx
                    state[5 * LANE + j] = sum_yx
                    count += tail[j]
                    sum_y += tail[LANE + j]
                    sum_x += tail[2 * LANE + j]
                    square_y = count * (sum_yy + tail[3 * LANE + j])
                    square_x = count * (sum_xx + tail[4 * LANE + j])
                    syy = square_y - sum_y * sum_y
                    sxx = square_x - sum_x * sum_x
                    sxy = count * (sum_yx + tail[5 * LANE + j]) - sum_y * sum_x
                    mean_y = anchor_y + sum_y / count
                    mean_x = anchor_x + sum_x / count
                    result = finish(value_y, value_x, count, mean_y, mean_x, syy, sxx, sxy)
                    target[j] = result if count >= needed else np.nan
                    lost += 1 if (syy < LOST * square_y) | (sxx < LOST * square_x) else 0
                if lost > 0:
                    for j in range(row_x.size):
                        count = state[j] + tail[j]
                        sum_y = state[LANE + j] + tail[LANE + j]
                        sum_x = state[2 * LANE + j] + tail[2 * LANE + j]
                        square_y = count * (state[3 * LANE + j] + tail[3 * LANE + j])
                        square_x = count * (state[4 * LANE + j] + tail[4 * LANE + j])
                        cancelled = square_y - sum_y * sum_y < LOST * square_y
                        cancelled |= square_x - sum_x * sum_x < LOST * square_x
                        if cancelled and count >= needed:
                            mean_y, mean_x, syy, sxx, sxy, count = recompute(y, x, t, left + j, window)
                            target[j] = finish(row_y[j], row_x[j], count, mean_y, mean_x, syy, sxx, sxy)


@device
def _covariance(
    y: float, x: float, count: float, mean_y: float, mean_x: float, syy: float, sxx: float, sxy: float
) -> float:
    return sxy / (count * (count - 1.0))


@device
def _beta(
    y: float, x: float, count: float, mean_y: float, mean_x: float, syy: float, sxx: float, sxy: float
) -> float:
    return sxy / sxx if sxx > 0.0 else np.nan


@device
def _residual(
    y: float, x: float, count: float, mean_y: float, mean_x: float, syy: float, sxx: float, sxy: float
) -> float:
    unexplained = y - mean_y - sxy / sxx * (x - mean_x)
    return unexplained if (sxx > 0.0) & (abs(unexplained) < np.inf) else np.nan


window_covariance = window_correlation.variant("window_covariance", finish=_covariance)
window_beta = window_correlation.variant("window_beta", finish=_beta)
window_residual = window_correlation.variant("window_residual", finish=_residual)

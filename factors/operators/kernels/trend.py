"""Windowed least-squares line of a series on time, counted from the first row of the block.

Anchored as in `moments`.
"""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, Vector, device, kernel
from factors.operators.kernels.moments import CONTRACT, LOST, anchor_before
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width


@device
def finish(
    value: float, clock: float, mean: float, mean_time: float, syy: float, stt: float, sty: float
) -> float:
    """Turn the last point, the means and count times the centred sums of products into the result."""
    return sty / stt if stt > 0.0 else np.nan


@device
def line_moments(x: Matrix, t: int, j: int, window: int) -> tuple[float, float, float, float, float]:
    """Means of series and time (0 = row t) and the centred sums of products of one window, in two passes."""
    first = max(0, t - window + 1)
    count = 0.0
    anchor = 0.0
    total = 0.0
    clock = 0.0
    for row in range(first, t + 1):
        if abs(x[row, j]) < np.inf:
            if count == 0.0:
                anchor = x[row, j]
            count += 1.0
            total += x[row, j] - anchor
            clock += row - t
    mean_time = clock / count
    syy = 0.0
    stt = 0.0
    sty = 0.0
    for row in range(first, t + 1):
        if abs(x[row, j]) < np.inf:
            deviation = x[row, j] - anchor - total / count
            moment = row - t - mean_time
            syy += deviation * deviation
            stt += moment * moment
            sty += moment * deviation
    return anchor + total / count, mean_time, syy, stt, sty


@kernel(fastmath=CONTRACT)
def window_slope(
    x: Matrix, window: int, needed: float, blank: Vector, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill `out[:, begin:end]` with `finish(...)` of windows that hold `needed` values, else NaN."""
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, 5 * LANE))  # y, yy, t, tt, ty
    state = np.empty(7 * LANE)  # the same five, count, anchor
    for left in range(begin, end, step):
        right = min(left + step, end)
        suffix[:] = 0.0
        state[:] = 0.0
        for top in range(0, rows, window):
            row = x[top, left:right]
            for j in range(row.size):
                if abs(row[j]) < np.inf:
                    state[6 * LANE + j] = row[j]
                else:
                    state[6 * LANE + j] = anchor_before(x, top, left + j, window, state[6 * LANE + j])
            if top > 0:
                for k in range(window - 1, 0, -1):
                    clock = float(k - window)
                    row = x[top - window + k, left:right]
                    tail = suffix[k]
                    shorter = suffix[k + 1]
                    for j in range(row.size):
                        value = row[j]
                        present = abs(value) < np.inf
                        deviation = value - state[6 * LANE + j]
                        deviation = deviation if present else 0.0
                        moment = clock if present else 0.0
                        tail[j] = shorter[j] + deviation
                        tail[LANE + j] = shorter[LANE + j] + deviation * deviation
                        tail[2 * LANE + j] = shorter[2 * LANE + j] + moment
                        tail[3 * LANE + j] = shorter[3 * LANE + j] + moment * moment
                        tail[4 * LANE + j] = shorter[4 * LANE + j] + moment * deviation
            state[: 5 * LANE] = 0.0
            for t in range(top, min(top + window, rows)):
                clock = float(t - top)
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row = x[t, left:right]
                gone = x[t - window, left:right] if t >= window else blank[: right - left]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                lost = 0
                for j in range(row.size):
                    value = row[j]
                    present = abs(value) < np.inf
                    anchor = state[6 * LANE + j]
                    deviation = value - anchor
                    deviation = deviation if present else 0.0
                    moment = clock if present else 0.0
                    left_behind = 1.0 if abs(gone[j]) < np.inf else 0.0
                    count = state[5 * LANE + j] + (1.0 if present else 0.0) - left_behind
                    y = state[j] + deviation
                    yy = state[LANE + j] + deviation * deviation
                    time = state[2 * LANE + j] + moment
                    tt = state[3 * LANE + j] + moment * moment
                    ty = state[4 * LANE + j] + moment * deviation
                    state[j] = y
                    state[LANE + j] = yy
                    state[2 * LANE + j] = time
                    state[3 * LANE + j] = tt
                    state[4 * LANE + j] = ty
                    state[5 * LANE + j] = count
                    y += tail[j]
                    time += tail[2 * LANE + j]
                    yy = count * (yy + tail[LANE + j])
                    syy = yy - y * y
                    stt = count * (tt + tail[3 * LANE + j]) - time * time
                    sty = count * (ty + tail[4 * LANE + j]) - time * y
                    share = 1.0 / count
                    result = finish(value, clock, anchor + y * share, time * share, syy, stt, sty)
                    target[j] = result if count >= needed else np.nan
                    lost += 1 if syy < LOST * yy else 0
                if lost > 0:
                    for j in range(row.size):
                        count = state[5 * LANE + j]
                        y = state[j] + tail[j]
                        yy = count * (state[LANE + j] + tail[LANE + j])
                        if count >= needed and yy - y * y < LOST * yy:
                            mean, mean_time, syy, stt, sty = line_moments(x, t, left + j, window)
                            target[j] = finish(row[j], 0.0, mean, mean_time, syy, stt, sty)


@device
def _rsquare(
    value: float, clock: float, mean: float, mean_time: float, syy: float, stt: float, sty: float
) -> float:
    share = sty * sty / (stt * syy)
    return min(share, 1.0) if (stt > 0.0) & (syy > 0.0) else np.nan


@device
def _residual(
    value: float, clock: float, mean: float, mean_time: float, syy: float, stt: float, sty: float
) -> float:
    unexplained = value - mean - sty / stt * (clock - mean_time)
    return unexplained if (stt > 0.0) & (abs(unexplained) < np.inf) else np.nan


window_rsquare = window_slope.variant("window_rsquare", finish=_rsquare)
window_trend_residual = window_slope.variant("window_trend_residual", finish=_residual)

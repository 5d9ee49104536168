"""Windowed variance about a value of the window itself: nothing cancels, constant windows give zero.

For each block of rows and each column, deviations are taken from `anchor`, the value at the block's first row
(or, if that is missing, the last one before). Every window that reaches into the block contains that row,
hence (mean - anchor)^2 <= window * variance and one formula, n * S2 - S1^2, loses no more than log2(window)
bits. Where the anchor had to come from outside the window, the loss is detected and the window is computed in
two passes.
"""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, Vector, device, kernel
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width

CONTRACT = frozenset({"contract"})
LOST = 1e-5  # of n * S2: below, more than ten of the sixteen digits may have cancelled


@device
def finish(distance: float, count: float, squares: float) -> float:
    """Turn the last value's distance from the mean, and count times the squared deviations, into the result."""
    return squares / (count * (count - 1.0))


@device
def anchor_before(x: Matrix, top: int, j: int, window: int, otherwise: float) -> float:
    """Return the last present value that a window reaching row `top` can contain."""
    for row in range(top - 1, max(top - window, -1), -1):
        if abs(x[row, j]) < np.inf:
            return float(x[row, j])
    return otherwise


@device
def recompute(x: Matrix, t: int, j: int, window: int) -> tuple[float, float]:
    """Distance of row `t` from its window's mean, and count times the squared deviations, in two passes."""
    first = max(0, t - window + 1)
    count = 0.0
    anchor = 0.0
    total = 0.0
    for row in range(first, t + 1):
        value = x[row, j]
        if abs(value) < np.inf:
            if count == 0.0:
                anchor = value
            count += 1.0
            total += value - anchor
    offset = total / count
    squares = 0.0
    for row in range(first, t + 1):
        value = x[row, j]
        if abs(value) < np.inf:
            squares += (value - anchor - offset) ** 2
    return x[t, j] - anchor - offset, count * squares


@kernel(fastmath=CONTRACT)
def window_variance(
    x: Matrix, window: int, needed: float, blank: Vector, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill `out[:, begin:end]` with `finish(...)` of windows that hold `needed` values, else NaN."""
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, 2 * LANE))
    state = np.empty(4 * LANE)  # sum, squares, count, anchor
    for left in range(begin, end, step):
        right = min(left + step, end)
        suffix[:] = 0.0
        state[:] = 0.0
        for top in range(0, rows, window):
            row = x[top, left:right]
            for j in range(row.size):
                if abs(row[j]) < np.inf:
                    state[3 * LANE + j] = row[j]
                else:
                    state[3 * LANE + j] = anchor_before(x, top, left + j, window, state[3 * LANE + j])
            if top > 0:
                for k in range(window - 1, 0, -1):
                    row = x[top - window + k, left:right]
                    tail = suffix[k]
                    shorter = suffix[k + 1]
                    for j in range(row.size):
                        value = row[j]
                        deviation = value - state[3 * LANE + j]
                        deviation = deviation if abs(value) < np.inf else 0.0
                        tail[j] = shorter[j] + deviation
                        tail[LANE + j] = shorter[LANE + j] + deviation * deviation
            state[: 2 * LANE] = 0.0
            for t in range(top, min(top + window, rows)):
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
                    anchor = state[3 * LANE + j]
                    deviation = value - anchor
                    deviation = deviation if present else 0.0
                    left_behind = 1.0 if abs(gone[j]) < np.inf else 0.0
                    count = state[2 * LANE + j] + (1.0 if present else 0.0) - left_behind
                    total = state[j] + deviation
                    square = state[LANE + j] + deviation * deviation
                    state[j] = total
                    state[LANE + j] = square
                    state[2 * LANE + j] = count
                    total += tail[j]
                    square = count * (square + tail[LANE + j])
                    squares = square - total * total
                    result = finish(value - anchor - total / count, count, squares)
                    target[j] = result if count >= needed else np.nan
                    lost += 1 if squares < LOST * square else 0
                if lost > 0:
                    for j in range(row.size):
                        count = state[2 * LANE + j]
                        total = state[j] + tail[j]
                        square = count * (state[LANE + j] + tail[LANE + j])
                        if count >= needed and square - total * total < LOST * square:
                            distance, squares = recompute(x, t, left + j, window)
                            target[j] = finish(distance, count, squares)


@device
def _deviation(distance: float, count: float, squares: float) -> float:
    return float(np.sqrt(squares / (count * (count - 1.0))))


@device
def _standardised(distance: float, count: float, squares: float) -> float:
    score = distance * float(np.sqrt(count * (count - 1.0) / squares))
    return score if (squares > 0.0) & (abs(score) < np.inf) else np.nan


window_deviation = window_variance.variant("window_deviation", finish=_deviation)
window_zscore = window_variance.variant("window_zscore", finish=_standardised)

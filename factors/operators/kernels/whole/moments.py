"""Variance and z-score of whole windows."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, device, kernel
from factors.operators.kernels.moments import CONTRACT
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width
from factors.operators.kernels.whole.blocks import finite, not_negative, open_suffix


@device
def finish(distance: float, squares: float, window: float) -> float:
    """Turn the last value's distance from the mean, and the squared deviations, into the result."""
    return squares * (1.0 / (window - 1.0))


@kernel(fastmath=CONTRACT)
def whole_variance(x: Matrix, window: int, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with `finish(...)` of whole windows."""
    rows = x.shape[0]
    if window > rows:
        out[:, begin:end] = np.nan
        return
    size = float(window)
    share = 1.0 / size
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, 2 * LANE))
    state = np.empty(2 * LANE)
    for left in range(begin, end, step):
        right = min(left + step, end)
        for top in range(0, rows, window):
            anchor = x[top, left:right]
            open_suffix(suffix, top)
            for k in range(window - 1, 0 if top > 0 else window, -1):
                row = x[top - window + k, left:right]
                tail = suffix[k]
                shorter = suffix[k + 1]
                for j in range(row.size):
                    deviation = row[j] - anchor[j]
                    tail[j] = shorter[j] + deviation
                    tail[LANE + j] = shorter[LANE + j] + deviation * deviation
            state[:] = 0.0
            for t in range(top, min(top + window, rows)):
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row = x[t, left:right]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                for j in range(row.size):
                    deviation = row[j] - anchor[j]
                    total = state[j] + deviation
                    square = state[LANE + j] + deviation * deviation
                    state[j] = total
                    state[LANE + j] = square
                    mean = (total + tail[j]) * share
                    squares = square + tail[LANE + j] - size * mean * mean
                    target[j] = finite(finish(deviation - mean, not_negative(squares), size))


@device
def _deviation(distance: float, squares: float, window: float) -> float:
    return float(np.sqrt(squares * (1.0 / (window - 1.0))))


@device
def _standardised(distance: float, squares: float, window: float) -> float:
    return distance / float(np.sqrt(squares * (1.0 / (window - 1.0))))


whole_deviation = whole_variance.variant("whole_deviation", finish=_deviation)
whole_zscore = whole_variance.variant("whole_zscore", finish=_standardised)

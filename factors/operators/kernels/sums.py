"""Windowed sum, mean and count: prefix and suffix sums, see the package docstring."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, Vector, device, kernel
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width


@device
def finish(total: float, count: float) -> float:
    """Turn the sum and the number of present values of a window into the result."""
    return total / count


@kernel
def window_mean(
    x: Matrix, window: int, needed: float, blank: Vector, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill `out[:, begin:end]` with `finish(sum, count)` of windows that hold `needed` values, else NaN."""
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, LANE))
    state = np.empty(2 * LANE)
    for left in range(begin, end, step):
        right = min(left + step, end)
        suffix[:] = 0.0
        state[:] = 0.0
        for top in range(0, rows, window):
            if top > 0:
                for k in range(window - 1, 0, -1):
                    row = x[top - window + k, left:right]
                    tail = suffix[k]
                    shorter = suffix[k + 1]
                    for j in range(row.size):
                        value = row[j]
                        tail[j] = shorter[j] + (value if abs(value) < np.inf else 0.0)
            state[:LANE] = 0.0
            for t in range(top, min(top + window, rows)):
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row = x[t, left:right]
                gone = x[t - window, left:right] if t >= window else blank[: right - left]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                for j in range(row.size):
                    value = row[j]
                    present = abs(value) < np.inf
                    head = state[j] + (value if present else 0.0)
                    left_behind = 1.0 if abs(gone[j]) < np.inf else 0.0
                    count = state[LANE + j] + (1.0 if present else 0.0) - left_behind
                    state[j] = head
                    state[LANE + j] = count
                    result = finish(head + tail[j], count)
                    target[j] = result if count >= needed else np.nan


@device
def _total(total: float, count: float) -> float:
    return total


@device
def _count(total: float, count: float) -> float:
    return count


window_sum = window_mean.variant("window_sum", finish=_total)
window_count = window_mean.variant("window_count", finish=_count)

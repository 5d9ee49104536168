"""Weighted averages: exponential (a recursion over days) and linear (prefix and suffix sums)."""

import numpy as np

from factors.jit import Matrix, OutMatrix, Vector, kernel
from factors.operators.kernels.moments import CONTRACT
from factors.operators.kernels.tiles import LANE, WIDE_LANE, fetch_ahead, tile_width, wide_width


@kernel(fastmath=CONTRACT)
def exponential_mean(x: Matrix, decay: float, needed: float, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with the mean of present values, each weighted `decay` of the next."""
    step = wide_width(end - begin)
    state = np.empty(2 * WIDE_LANE)  # weighted sum, weights
    fewer = 0.0
    enough = 1.0
    for _ in range(int(needed) - 1):
        fewer, enough = enough, enough * decay + 1.0
    threshold = 0.5 * (
        fewer + enough
    )  # between the weights of needed - 1 and of needed values: no count is kept
    for left in range(begin, end, step):
        right = min(left + step, end)
        state[:] = 0.0
        for t in range(x.shape[0]):
            row = x[t, left:right]
            target = out[t, left:right]
            for j in range(row.size):
                value = row[j]
                present = abs(value) < np.inf
                keep = decay if present else 1.0  # selected factors: a masked store would be ten times slower
                total = state[j] * keep + (value if present else 0.0)
                weight = state[WIDE_LANE + j] * keep + (1.0 if present else 0.0)
                state[j] = total
                state[WIDE_LANE + j] = weight
                mean = total / weight
                target[j] = mean if weight > threshold else np.nan


@kernel(fastmath=CONTRACT)
def linear_mean(
    x: Matrix, window: int, needed: float, blank: Vector, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill `out[:, begin:end]` with the mean of present values weighted 1 (oldest row) to `window`."""
    span = float(window)
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, 3 * LANE))  # values, values times row, rows; rows counted from the block
    state = np.empty(4 * LANE)  # the same three, count
    for left in range(begin, end, step):
        right = min(left + step, end)
        suffix[:] = 0.0
        state[:] = 0.0
        for top in range(0, rows, window):
            if top > 0:
                for k in range(window - 1, 0, -1):
                    clock = float(k - window)
                    row = x[top - window + k, left:right]
                    tail = suffix[k]
                    shorter = suffix[k + 1]
                    for j in range(row.size):
                        value = row[j]
                        present = abs(value) < np.inf
                        value = value if present else 0.0
                        tail[j] = shorter[j] + value
                        tail[LANE + j] = shorter[LANE + j] + value * clock
                        tail[2 * LANE + j] = shorter[2 * LANE + j] + (clock if present else 0.0)
            state[: 3 * LANE] = 0.0
            for t in range(top, min(top + window, rows)):
                clock = float(t - top)
                newest = span - clock
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row = x[t, left:right]
                gone = x[t - window, left:right] if t >= window else blank[: right - left]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                for j in range(row.size):
                    value = row[j]
                    present = abs(value) < np.inf
                    value = value if present else 0.0
                    left_behind = 1.0 if abs(gone[j]) < np.inf else 0.0
                    count = state[3 * LANE + j] + (1.0 if present else 0.0) - left_behind
                    total = state[j] + value
                    moment = state[LANE + j] + value * clock
                    clocks = state[2 * LANE + j] + (clock if present else 0.0)
                    state[j] = total
                    state[LANE + j] = moment
                    state[2 * LANE + j] = clocks
                    state[3 * LANE + j] = count
                    total += tail[j]
                    moment += tail[LANE + j]
                    clocks += tail[2 * LANE + j]
                    mean = (total * newest + moment) / (count * newest + clocks)
                    target[j] = mean if count >= needed else np.nan

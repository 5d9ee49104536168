"""Windowed mean with weights of one's own."""

import numpy as np

from factors.jit import Matrix, OutMatrix, Vector, kernel
from factors.operators.kernels.tiles import WIDE_LANE, wide_width


@kernel
def weighted_mean(x: Matrix, weights: Vector, needed: float, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with the mean of present values weighted by `weights`, oldest row first."""
    window = weights.size
    step = wide_width(end - begin)
    state = np.empty(3 * WIDE_LANE)  # weighted sum, weights, count
    for left in range(begin, end, step):
        right = min(left + step, end)
        for t in range(x.shape[0]):
            state[:] = 0.0
            for k in range(max(0, window - 1 - t), window):
                row = x[t - window + 1 + k, left:right]
                weight = weights[k]
                for j in range(row.size):
                    value = row[j]
                    present = abs(value) < np.inf
                    state[j] += weight * value if present else 0.0
                    state[WIDE_LANE + j] += weight if present else 0.0
                    state[2 * WIDE_LANE + j] += 1.0 if present else 0.0
            target = out[t, left:right]
            for j in range(target.size):
                mean = state[j] / state[WIDE_LANE + j]
                target[j] = mean if state[2 * WIDE_LANE + j] >= needed else np.nan

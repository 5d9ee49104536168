"""Skewness and kurtosis of whole windows."""

import numpy as np

from factors.jit import Matrix, OutMatrix, kernel
from factors.operators.kernels.moments import CONTRACT
from factors.operators.kernels.shape import finish, fourth, kurtosis, yes
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width
from factors.operators.kernels.whole.blocks import finite, open_suffix


@kernel(fastmath=CONTRACT)
def whole_skewness(x: Matrix, window: int, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with `finish(...)` of whole windows."""
    rows = x.shape[0]
    if window > rows:
        out[:, begin:end] = np.nan
        return
    size = float(window)
    share = 1.0 / size
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, 4 * LANE))
    state = np.empty(4 * LANE)
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
                    square = deviation * deviation
                    tail[j] = shorter[j] + deviation
                    tail[LANE + j] = shorter[LANE + j] + square
                    tail[2 * LANE + j] = shorter[2 * LANE + j] + square * deviation
                    if fourth():
                        tail[3 * LANE + j] = shorter[3 * LANE + j] + square * square
            state[:] = 0.0
            for t in range(top, min(top + window, rows)):
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row = x[t, left:right]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                for j in range(row.size):
                    deviation = row[j] - anchor[j]
                    square = deviation * deviation
                    s1 = state[j] + deviation
                    s2 = state[LANE + j] + square
                    s3 = state[2 * LANE + j] + square * deviation
                    state[j] = s1
                    state[LANE + j] = s2
                    state[2 * LANE + j] = s3
                    mean = (s1 + tail[j]) * share
                    s2 = (s2 + tail[LANE + j]) * share
                    s3 = (s3 + tail[2 * LANE + j]) * share
                    m2 = s2 - mean * mean
                    m3 = s3 - mean * (3.0 * s2 - 2.0 * mean * mean)
                    m4 = 0.0
                    if fourth():
                        s4 = state[3 * LANE + j] + square * square
                        state[3 * LANE + j] = s4
                        s4 = (s4 + tail[3 * LANE + j]) * share
                        m4 = s4 - mean * (4.0 * s3 - mean * (6.0 * s2 - 3.0 * mean * mean))
                    target[j] = finite(finish(size, m2, m3, m4))


whole_kurtosis = whole_skewness.variant("whole_kurtosis", finish=kurtosis, fourth=yes)

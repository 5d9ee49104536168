"""Windowed third and fourth moments, anchored as in `moments`."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, Vector, device, kernel
from factors.operators.kernels.moments import CONTRACT, anchor_before
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width

LOST = 1e-3  # of the mean square about the anchor: below, its powers may have lost too many digits


@device
def finish(count: float, m2: float, m3: float, m4: float) -> float:
    """Turn the central moments (divided by count) into the result: here the adjusted skewness."""
    adjustment = float(np.sqrt(count * (count - 1.0))) / (count - 2.0)
    skewness = m3 * adjustment / (m2 * float(np.sqrt(m2)))
    return skewness if (count > 2.0) & (m2 > 0.0) else np.nan


@device
def fourth() -> bool:
    """Whether the fourth moment is wanted."""
    return False


@device
def central_moments(x: Matrix, t: int, j: int, window: int) -> tuple[float, float, float, float]:
    """Count and central moments of one window in two passes."""
    first = max(0, t - window + 1)
    count = 0.0
    anchor = 0.0
    total = 0.0
    for row in range(first, t + 1):
        if abs(x[row, j]) < np.inf:
            if count == 0.0:
                anchor = x[row, j]
            count += 1.0
            total += x[row, j] - anchor
    m2 = 0.0
    m3 = 0.0
    m4 = 0.0
    for row in range(first, t + 1):
        if abs(x[row, j]) < np.inf:
            deviation = x[row, j] - anchor - total / count
            m2 += deviation**2
            m3 += deviation**3
            m4 += deviation**4
    return count, m2 / count, m3 / count, m4 / count


@kernel(fastmath=CONTRACT)
def window_skewness(
    x: Matrix, window: int, needed: float, blank: Vector, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill `out[:, begin:end]` with `finish(...)` of windows that hold `needed` values, else NaN."""
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, 4 * LANE))
    state = np.empty(6 * LANE)  # sums of powers 1 to 4, count, anchor
    for left in range(begin, end, step):
        right = min(left + step, end)
        suffix[:] = 0.0
        state[:] = 0.0
        for top in range(0, rows, window):
            row = x[top, left:right]
            for j in range(row.size):
                if abs(row[j]) < np.inf:
                    state[5 * LANE + j] = row[j]
                else:
                    state[5 * LANE + j] = anchor_before(x, top, left + j, window, state[5 * LANE + j])
            if top > 0:
                for k in range(window - 1, 0, -1):
                    row = x[top - window + k, left:right]
                    tail = suffix[k]
                    shorter = suffix[k + 1]
                    for j in range(row.size):
                        value = row[j]
                        deviation = value - state[5 * LANE + j]
                        deviation = deviation if abs(value) < np.inf else 0.0
                        square = deviation * deviation
                        tail[j] = shorter[j] + deviation
                        tail[LANE + j] = shorter[LANE + j] + square
                        tail[2 * LANE + j] = shorter[2 * LANE + j] + square * deviation
                        if fourth():
                            tail[3 * LANE + j] = shorter[3 * LANE + j] + square * square
            state[: 4 * LANE] = 0.0
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
                    deviation = value - state[5 * LANE + j]
                    deviation = deviation if present else 0.0
                    square = deviation * deviation
                    left_behind = 1.0 if abs(gone[j]) < np.inf else 0.0
                    count = state[4 * LANE + j] + (1.0 if present else 0.0) - left_behind
                    s1 = state[j] + deviation
                    s2 = state[LANE + j] + square
                    s3 = state[2 * LANE + j] + square * deviation
                    state[j] = s1
                    state[LANE + j] = s2
                    state[2 * LANE + j] = s3
                    state[4 * LANE + j] = count
                    share = 1.0 / count
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
                    result = finish(count, m2, m3, m4)
                    target[j] = result if count >= needed else np.nan
                    lost += 1 if m2 < LOST * s2 else 0
                if lost > 0:
                    for j in range(row.size):
                        count = state[4 * LANE + j]
                        mean = (state[j] + tail[j]) / count
                        s2 = (state[LANE + j] + tail[LANE + j]) / count
                        if count >= needed and s2 - mean * mean < LOST * s2:
                            count, m2, m3, m4 = central_moments(x, t, left + j, window)
                            target[j] = finish(count, m2, m3, m4)


@device
def kurtosis(count: float, m2: float, m3: float, m4: float) -> float:
    """Unbiased excess kurtosis."""
    unit = (count - 1.0) / ((count - 2.0) * (count - 3.0))
    result = ((count + 1.0) * m4 / (m2 * m2) - 3.0 * (count - 1.0)) * unit
    return result if (count > 3.0) & (m2 > 0.0) else np.nan


@device
def yes() -> bool:
    """Ask for the fourth moment."""
    return True


window_kurtosis = window_skewness.variant("window_kurtosis", finish=kurtosis, fourth=yes)

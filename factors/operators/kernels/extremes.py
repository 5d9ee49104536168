"""Windowed minimum, maximum and product, and the age of an extreme: suffix and prefix runs as for sums."""

import numpy as np

from factors.jit import Matrix, OutMatrix, Vector, device, kernel
from factors.operators.kernels.tiles import LANE, tile_width


@device
def combine(first: float, second: float) -> float:
    """Merge two parts of a window."""
    return max(first, second)


@device
def neutral() -> float:
    """Return what leaves the other part unchanged under `combine`."""
    return -np.inf


@kernel
def window_maximum(
    x: Matrix, window: int, needed: float, blank: Vector, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill `out[:, begin:end]` with `combine` over windows that hold `needed` values, else NaN."""
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, LANE))
    state = np.empty(2 * LANE)  # best so far in this block, count
    for left in range(begin, end, step):
        right = min(left + step, end)
        suffix[:] = neutral()
        state[:] = 0.0
        for top in range(0, rows, window):
            if top > 0:
                for k in range(window - 1, 0, -1):
                    row = x[top - window + k, left:right]
                    tail = suffix[k]
                    shorter = suffix[k + 1]
                    for j in range(row.size):
                        value = row[j]
                        tail[j] = combine(value if abs(value) < np.inf else neutral(), shorter[j])
            state[:LANE] = neutral()
            for t in range(top, min(top + window, rows)):
                row = x[t, left:right]
                gone = x[t - window, left:right] if t >= window else blank[: right - left]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                for j in range(row.size):
                    value = row[j]
                    present = abs(value) < np.inf
                    head = combine(state[j], value if present else neutral())
                    left_behind = 1.0 if abs(gone[j]) < np.inf else 0.0
                    count = state[LANE + j] + (1.0 if present else 0.0) - left_behind
                    state[j] = head
                    state[LANE + j] = count
                    best = combine(head, tail[j])
                    target[j] = best if count >= needed else np.nan


@device
def _smaller(first: float, second: float) -> float:
    return min(first, second)


@device
def _infinity() -> float:
    return np.inf


@device
def _product(first: float, second: float) -> float:
    return first * second


@device
def _one() -> float:
    return 1.0


window_minimum = window_maximum.variant("window_minimum", combine=_smaller, neutral=_infinity)
window_product = window_maximum.variant("window_product", combine=_product, neutral=_one)


@device
def orient(value: float) -> float:
    """Turn the extreme looked for into a maximum."""
    return value


@kernel
def days_since_maximum(
    x: Matrix, window: int, needed: float, blank: Vector, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill `out[:, begin:end]` with the rows since the extreme of windows that hold `needed` values."""
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, 2 * LANE))  # best, its row
    state = np.empty(3 * LANE)  # best, its row, count
    for left in range(begin, end, step):
        right = min(left + step, end)
        suffix[:] = -np.inf
        state[:] = 0.0
        for top in range(0, rows, window):
            if top > 0:
                for k in range(window - 1, 0, -1):
                    clock = float(top - window + k)
                    row = x[top - window + k, left:right]
                    tail = suffix[k]
                    shorter = suffix[k + 1]
                    for j in range(row.size):
                        value = row[j]
                        value = orient(value) if abs(value) < np.inf else -np.inf
                        best = shorter[j]
                        when = shorter[LANE + j]
                        tail[j] = value if value > best else best
                        tail[LANE + j] = clock if value > best else when
            state[:LANE] = -np.inf
            for t in range(top, min(top + window, rows)):
                clock = float(t)
                row = x[t, left:right]
                gone = x[t - window, left:right] if t >= window else blank[: right - left]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                for j in range(row.size):
                    value = row[j]
                    present = abs(value) < np.inf
                    value = orient(value) if present else -np.inf
                    best = state[j]
                    when = state[LANE + j]
                    left_behind = 1.0 if abs(gone[j]) < np.inf else 0.0
                    count = state[2 * LANE + j] + (1.0 if present else 0.0) - left_behind
                    when = clock if value >= best else when
                    best = max(best, value)
                    state[j] = best
                    state[LANE + j] = when
                    state[2 * LANE + j] = count
                    earlier = tail[j]
                    earlier_when = tail[LANE + j]
                    when = earlier_when if earlier > best else when
                    target[j] = clock - when if count >= needed else np.nan


@device
def _flip(value: float) -> float:
    return -value


days_since_minimum = days_since_maximum.variant("days_since_minimum", orient=_flip)

"""Windowed minimum, maximum and product, and the age of an extreme: suffix and prefix runs as for sums."""

import numpy as np

from factors.jit import Matrix, OutMatrix, Vector, device, kernel
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width


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
    best = np.empty((2, LANE))  # so far in this block: as of the last row and of this one, taking turns
    present_count = np.empty(LANE)
    for left in range(begin, end, step):
        right = min(left + step, end)
        suffix[:] = neutral()
        present_count[:] = 0.0
        for top in range(0, rows, window):
            if top > 0:
                for k in range(window - 1, 0, -1):
                    row = x[top - window + k, left:right]
                    tail = suffix[k]
                    shorter = suffix[k + 1]
                    for j in range(row.size):
                        value = row[j]
                        tail[j] = combine(value if abs(value) < np.inf else neutral(), shorter[j])
            best[top % 2] = neutral()
            for t in range(top, min(top + window, rows)):
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row = x[t, left:right]
                gone = x[t - window, left:right] if t >= window else blank[: right - left]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                before = best[t % 2]
                after = best[1 - t % 2]
                for j in range(row.size):
                    value = row[j]
                    present = abs(value) < np.inf
                    head = combine(before[j], value if present else neutral())
                    left_behind = 1.0 if abs(gone[j]) < np.inf else 0.0
                    count = present_count[j] + (1.0 if present else 0.0) - left_behind
                    after[j] = head
                    present_count[j] = count
                    result = combine(head, tail[j])
                    target[j] = result if count >= needed else np.nan


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
    best = np.empty((2, LANE))  # so far in this block: as of the last row and of this one, taking turns
    state = np.empty(2 * LANE)  # rows since the best, count
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
                        later = shorter[j]
                        when = shorter[LANE + j]
                        tail[j] = value if value > later else later
                        tail[LANE + j] = clock if value > later else when
            best[top % 2] = -np.inf
            state[:LANE] = 0.0
            for t in range(top, min(top + window, rows)):
                clock = float(t)
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row = x[t, left:right]
                gone = x[t - window, left:right] if t >= window else blank[: right - left]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                before = best[t % 2]
                after = best[1 - t % 2]
                for j in range(row.size):
                    value = row[j]
                    present = abs(value) < np.inf
                    value = orient(value) if present else -np.inf
                    left_behind = 1.0 if abs(gone[j]) < np.inf else 0.0
                    count = state[LANE + j] + (1.0 if present else 0.0) - left_behind
                    age = state[j] + 1.0
                    age = 0.0 if value >= before[j] else age
                    head = max(before[j], value)
                    after[j] = head
                    state[j] = age
                    state[LANE + j] = count
                    earlier_age = clock - tail[LANE + j]
                    age = earlier_age if tail[j] > head else age
                    target[j] = age if count >= needed else np.nan


@device
def _flip(value: float) -> float:
    return -value


days_since_minimum = days_since_maximum.variant("days_since_minimum", orient=_flip)

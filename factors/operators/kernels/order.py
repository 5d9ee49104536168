"""Order statistics of windows: the last value's rank, and quantiles.

Windows are kept as rows of a ring, missing values as NaN, so that one comparison serves all columns at once.
"""

import numpy as np

from factors.jit import Matrix, OutMatrix, device, kernel
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width

UNROLL = 4


@kernel
def window_rank(x: Matrix, window: int, needed: float, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with the last value's average rank divided by the count: 1 = the largest."""
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    slots = (window + UNROLL - 1) // UNROLL * UNROLL
    step = tile_width(end - begin)
    ring = np.empty((slots, LANE))
    count = np.empty(LANE)
    ranks = np.empty(LANE)
    for left in range(begin, end, step):
        right = min(left + step, end)
        width = right - left
        ring[:] = np.nan
        count[:] = 0.0
        for t in range(rows):
            fetch_ahead(x, t, left, right)
            fetch_ahead(out, t, left, right)
            row = x[t, left:right]
            slot = ring[t % window]
            for j in range(width):
                value = row[j]
                present = abs(value) < np.inf
                old = slot[j]
                count[j] += (1.0 if present else 0.0) - (1.0 if old == old else 0.0)
                slot[j] = value if present else np.nan
                ranks[j] = 1.0
            for k in range(0, slots, UNROLL):
                first = ring[k]
                second = ring[k + 1]
                third = ring[k + 2]
                fourth = ring[k + 3]
                for j in range(width):
                    value = slot[j]
                    a = first[j]
                    b = second[j]
                    c = third[j]
                    d = fourth[j]
                    below = (1.0 if a < value else 0.0) + (1.0 if a <= value else 0.0)
                    below += (1.0 if b < value else 0.0) + (1.0 if b <= value else 0.0)
                    below += (1.0 if c < value else 0.0) + (1.0 if c <= value else 0.0)
                    below += (1.0 if d < value else 0.0) + (1.0 if d <= value else 0.0)
                    ranks[j] += below
            target = out[t, left:right]
            for j in range(width):
                rank = ranks[j] / (2.0 * count[j])
                known = (count[j] >= needed) & (slot[j] == slot[j])
                target[j] = rank if known else np.nan


@device
def between(lower: float, upper: float, fraction: float) -> float:
    """Interpolate linearly."""
    return lower + (upper - lower) * fraction if fraction > 0.0 else lower


@kernel
def window_quantile(
    x: Matrix, window: int, needed: float, quantile: float, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill `out[:, begin:end]` with a quantile of windows that hold `needed` values, else NaN."""
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    step = tile_width(end - begin)
    ring = np.empty((window, LANE))
    slots = (window + UNROLL - 1) // UNROLL * UNROLL
    ordered = np.empty((slots + 1, LANE))  # each column ascending, then infinities
    count = np.empty(LANE)
    found = np.empty(LANE)
    carried = np.empty(LANE)
    leaving = np.empty(LANE)
    entering = np.empty(LANE)
    for left in range(begin, end, step):
        right = min(left + step, end)
        width = right - left
        ring[:] = np.nan
        ordered[:] = np.inf
        count[:] = 0.0
        for t in range(rows):
            fetch_ahead(x, t, left, right)
            fetch_ahead(out, t, left, right)
            row = x[t, left:right]
            slot = ring[t % window]
            for j in range(width):
                value = row[j]
                old = slot[j]
                present = abs(value) < np.inf
                count[j] += (1.0 if present else 0.0) - (1.0 if old == old else 0.0)
                slot[j] = value if present else np.nan
                leaving[j] = old
                entering[j] = value if present else np.inf
                found[j] = 0.0
                carried[j] = -np.inf
            for k in range(0, slots, UNROLL):
                first = ordered[k]
                second = ordered[k + 1]
                third = ordered[k + 2]
                fourth = ordered[k + 3]
                beyond = ordered[k + 4]
                for j in range(width):
                    old = leaving[j]
                    new = entering[j]
                    gone = found[j]
                    below = carried[j]
                    a = first[j]
                    b = second[j]
                    c = third[j]
                    d = fourth[j]
                    e = beyond[j]
                    gone = 1.0 if a == old else gone
                    a = b if gone > 0.0 else a
                    gone = 1.0 if b == old else gone
                    b = c if gone > 0.0 else b
                    gone = 1.0 if c == old else gone
                    c = d if gone > 0.0 else c
                    gone = 1.0 if d == old else gone
                    d = e if gone > 0.0 else d
                    first[j] = max(below, min(a, new))
                    second[j] = max(a, min(b, new))
                    third[j] = max(b, min(c, new))
                    fourth[j] = max(c, min(d, new))
                    found[j] = gone
                    carried[j] = d
            target = out[t, left:right]
            for j in range(width):
                if count[j] >= needed:
                    position = (count[j] - 1.0) * quantile
                    lower = int(position)
                    fraction = position - lower
                    target[j] = between(ordered[lower, j], ordered[min(lower + 1, window), j], fraction)
                else:
                    target[j] = np.nan


@device
def or_zero(value: float) -> float:
    """Return the value, 0 for NaN."""
    return value if value == value else 0.0


@device
def is_present(value: float) -> float:
    """Return 1 for a value, 0 for NaN."""
    return 1.0 if value == value else 0.0


@kernel
def window_absolute_deviation(
    x: Matrix, window: int, needed: float, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill `out[:, begin:end]` with the mean absolute deviation from the window's mean."""
    rows = x.shape[0]
    window = min(window, max(rows, 1))
    slots = (window + UNROLL - 1) // UNROLL * UNROLL
    step = tile_width(end - begin)
    ring = np.empty((slots, LANE))
    count = np.empty(LANE)
    mean = np.empty(LANE)
    spread = np.empty(LANE)
    for left in range(begin, end, step):
        right = min(left + step, end)
        width = right - left
        ring[:] = np.nan
        for t in range(rows):
            fetch_ahead(x, t, left, right)
            fetch_ahead(out, t, left, right)
            row = x[t, left:right]
            slot = ring[t % window]
            for j in range(width):
                value = row[j]
                slot[j] = value if abs(value) < np.inf else np.nan
                count[j] = 0.0
                mean[j] = 0.0
                spread[j] = 0.0
            for k in range(0, slots, UNROLL):
                first = ring[k]
                second = ring[k + 1]
                third = ring[k + 2]
                fourth = ring[k + 3]
                for j in range(width):
                    a = first[j]
                    b = second[j]
                    c = third[j]
                    d = fourth[j]
                    mean[j] += or_zero(a) + or_zero(b) + or_zero(c) + or_zero(d)
                    count[j] += is_present(a) + is_present(b) + is_present(c) + is_present(d)
            for j in range(width):
                mean[j] /= count[j]
            for k in range(0, slots, UNROLL):
                first = ring[k]
                second = ring[k + 1]
                third = ring[k + 2]
                fourth = ring[k + 3]
                for j in range(width):
                    centre = mean[j]
                    early = or_zero(abs(first[j] - centre)) + or_zero(abs(second[j] - centre))
                    late = or_zero(abs(third[j] - centre)) + or_zero(abs(fourth[j] - centre))
                    spread[j] += early + late
            target = out[t, left:right]
            for j in range(width):
                result = spread[j] / count[j]
                target[j] = result if count[j] >= needed else np.nan

"""Ranks across a row, ties averaged, and what follows from a row in order."""

import numpy as np

from factors.jit import Mask, Matrix, OutMatrix, device, kernel
from factors.sorting import sort_row
from market.arrays import FloatArray

SHARE = 0.0  # of levels: the rank divided by the number of values
MIDDLE = -1.0  # of levels: the same, half a rank lower


@device
def finish(rank: float, size: float, levels: float) -> float:
    """Turn an average rank (from 1) among `size` values into a share, its middle, or one of `levels` buckets."""
    if levels == SHARE:
        return rank / size
    middle = (rank - 0.5) / size
    if levels == MIDDLE:
        return middle
    return min(float(np.floor(middle * levels)), levels - 1.0) if middle == middle else np.nan


@kernel
def rank_rows(x: Matrix, members: Mask, levels: float, out: OutMatrix, begin: int, end: int) -> None:
    """Fill rows `begin:end` with `finish(average rank, size)`; `members` has as many rows as `x`, or one."""
    width = x.shape[1]
    guess = np.array([0.0, 1.0])
    values = np.empty(width)
    ordered = np.empty(width + 1)
    columns = np.empty(width, np.uint32)
    spare = np.empty(width, np.uint32)
    for t in range(begin, end):
        member = members[t if members.shape[0] > 1 else 0]
        target = out[t]
        target[:] = np.nan
        size = sort_row(x[t], member, guess, values, ordered, columns, spare)
        ties = 0
        for i in range(size):
            ties += 1 if ordered[i] == ordered[i + 1] else 0
        if ties == 0:
            for i in range(size):
                target[columns[i]] = i + 1.0
        else:
            first = 0
            while first < size:
                last = first + 1
                while ordered[last] == ordered[first]:
                    last += 1
                for i in range(first, last):
                    target[columns[i]] = 0.5 * (first + 1 + last)
                first = last
        count = float(size)
        for j in range(width):
            target[j] = finish(target[j], count, levels)


@device
def quantile_of(ordered: FloatArray, size: int, share: float) -> float:
    """Quantile of the first `size` ascending values, interpolated linearly."""
    position = (size - 1) * share
    lower = int(position)
    upper = min(lower + 1, size - 1)
    return float(ordered[lower] + (ordered[upper] - ordered[lower]) * (position - lower))


@kernel
def clip_rows(
    x: Matrix, members: Mask, low: float, high: float, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill rows `begin:end` with members' values clipped to the row's quantiles `low` and `high`."""
    width = x.shape[1]
    guess = np.array([0.0, 1.0])
    values = np.empty(width)
    ordered = np.empty(width + 1)
    columns = np.empty(width, np.uint32)
    spare = np.empty(width, np.uint32)
    for t in range(begin, end):
        member = members[t if members.shape[0] > 1 else 0]
        target = out[t]
        size = sort_row(x[t], member, guess, values, ordered, columns, spare)
        bottom = quantile_of(ordered, size, low) if size > 0 else np.nan
        top = quantile_of(ordered, size, high) if size > 0 else np.nan
        for j in range(width):
            value = values[j]
            target[j] = max(bottom, min(top, value)) if value < np.inf else np.nan

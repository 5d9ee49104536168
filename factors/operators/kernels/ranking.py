"""Ranks across a row, ties averaged: scatter into buckets by a squashed value, then one insertion pass.

The squash v / (|v| + s), with s half the row's mean |v|, spreads both bell-shaped and very skewed rows over
the buckets, so that each value lands within a place or two of where it belongs; the insertion pass compares
the values themselves and makes the order exact. A row which defeats the squash is sorted by comparison
instead.
"""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np
from numpy.typing import NDArray

from factors.jit import Mask, Matrix, OutMatrix, device, kernel
from market.arrays import FloatArray, IntArray

PATIENCE = 12  # places per value that the insertion pass may move before sorting by comparison


@device
def collect(row: FloatArray, members: NDArray[np.bool_], values: FloatArray, where: IntArray) -> int:
    """Copy the members' present values to `values`, their columns to `where`; return how many."""
    size = 0
    for j in range(row.size):
        value = row[j]
        values[size] = value
        where[size] = j
        size += 1 if (abs(value) < np.inf) & members[j] else 0
    return size


@device
def scatter(
    values: FloatArray,
    where: IntArray,
    size: int,
    buckets: IntArray,
    starts: IntArray,
    ordered: FloatArray,
    columns: IntArray,
) -> None:
    """Bring `values` into nearly ascending order in `ordered`, and their columns along in `columns`."""
    scale = 0.0
    for i in range(size):
        scale += abs(values[i])
    scale = 0.5 * scale / size
    low = np.inf
    high = -np.inf
    for i in range(size):
        low = min(low, values[i])
        high = max(high, values[i])
    bottom = low / (abs(low) + scale)
    spread = high / (abs(high) + scale) - bottom
    steps = (starts.size - 2) / spread if spread > 0.0 else 0.0
    starts[:] = 0
    for i in range(size):
        place = (values[i] / (abs(values[i]) + scale) - bottom) * steps
        buckets[i] = min(max(int(place), 0), starts.size - 2) + 1 if place == place else 1
    for i in range(size):
        starts[buckets[i]] += 1
    total = 0
    for b in range(starts.size):
        total += starts[b]
        starts[b] = total
    for i in range(size):
        bucket = buckets[i] - 1
        place_in_order = starts[bucket]
        starts[bucket] = place_in_order + 1
        ordered[place_in_order] = values[i]
        columns[place_in_order] = where[i]


@device
def heap_sort(ordered: FloatArray, columns: IntArray, size: int) -> None:
    """Sort by comparison in place, size * log(size) steps whatever the values."""
    for build in range(size + size // 2, 0, -1):
        if build > size:
            root, stop = build - size - 1, size
        else:
            root, stop = 0, build - 1
            ordered[0], ordered[stop] = ordered[stop], ordered[0]
            columns[0], columns[stop] = columns[stop], columns[0]
        child = 2 * root + 1
        while child < stop:
            if child + 1 < stop and ordered[child + 1] > ordered[child]:
                child += 1
            if ordered[root] >= ordered[child]:
                break
            ordered[root], ordered[child] = ordered[child], ordered[root]
            columns[root], columns[child] = columns[child], columns[root]
            root, child = child, 2 * child + 1


@device
def settle(ordered: FloatArray, columns: IntArray, size: int) -> None:
    """Make `ordered` ascending, and `columns` with it."""
    budget = PATIENCE * size
    for i in range(1, size):
        value = ordered[i]
        if ordered[i - 1] > value:
            column = columns[i]
            k = i
            while k > 0 and ordered[k - 1] > value:
                ordered[k] = ordered[k - 1]
                columns[k] = columns[k - 1]
                k -= 1
            ordered[k] = value
            columns[k] = column
            budget -= i - k
            if budget < 0:
                break
    if budget < 0:
        heap_sort(ordered, columns, size)


@device
def finish(rank: float, size: int, levels: float) -> float:
    """Turn an average rank (from 1) among `size` values into the result."""
    return rank / size


@kernel
def rank_rows(x: Matrix, members: Mask, levels: float, out: OutMatrix, begin: int, end: int) -> None:
    """Fill rows `begin:end` with `finish(average rank, size)`; `members` has as many rows as `x`, or one."""
    columns_count = x.shape[1]
    values = np.empty(columns_count + 1)
    where = np.empty(columns_count + 1, np.int64)
    buckets = np.empty(columns_count + 1, np.int64)
    ordered = np.empty(columns_count + 1)
    columns = np.empty(columns_count + 1, np.int64)
    starts = np.empty(2 * columns_count + 2, np.int64)
    for t in range(begin, end):
        target = out[t]
        target[:] = np.nan
        size = collect(x[t], members[t if members.shape[0] > 1 else 0], values, where)
        if size == 0:
            continue
        scatter(values, where, size, buckets, starts, ordered, columns)
        settle(ordered, columns, size)
        first = 0
        while first < size:
            last = first + 1
            while last < size and ordered[last] == ordered[first]:
                last += 1
            rank = finish(0.5 * (first + 1 + last), size, levels)
            for i in range(first, last):
                target[columns[i]] = rank
            first = last


@device
def _bucket(rank: float, size: int, levels: float) -> float:
    return min(float(np.floor((rank - 0.5) / size * levels)), levels - 1.0)


@device
def _share(rank: float, size: int, levels: float) -> float:
    return (rank - 0.5) / size


share_rows = rank_rows.variant("share_rows", finish=_share)
bucket_rows = rank_rows.variant("bucket_rows", finish=_bucket)


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
    values = np.empty(width + 1)
    where = np.empty(width + 1, np.int64)
    buckets = np.empty(width + 1, np.int64)
    ordered = np.empty(width + 1)
    columns = np.empty(width + 1, np.int64)
    starts = np.empty(2 * width + 2, np.int64)
    for t in range(begin, end):
        out[t] = np.nan
        size = collect(x[t], members[t if members.shape[0] > 1 else 0], values, where)
        if size > 0:
            scatter(values, where, size, buckets, starts, ordered, columns)
            settle(ordered, columns, size)
            bottom = quantile_of(ordered, size, low)
            top = quantile_of(ordered, size, high)
            for i in range(size):
                out[t, where[i]] = max(bottom, min(top, values[i]))

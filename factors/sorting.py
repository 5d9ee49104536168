"""Sorting a row, the heart of ranking: two counting passes over a coarse key, then one insertion pass.

The key is the value squashed to sixteen bits, d / (|d| + s) with d the distance from the previous row's
median and s that row's interquartile range, so that bell-shaped, skewed and shifted rows all spread over the
keys; a column's number rides along in the lower bits. The insertion pass compares the values themselves and
makes the order exact, whatever the key did. A row which defeats the key is sorted by comparison instead.
"""

import numpy as np
from numpy.typing import NDArray

from factors.jit import device
from market.arrays import FloatArray

Columns = NDArray[np.uint32]
PATIENCE = 12  # places per value that the insertion pass may move before sorting by comparison
KEYS = 65536
BYTE = np.uint32(255)


@device
def key_row(
    row: FloatArray, member: NDArray[np.bool_], guess: FloatArray, values: FloatArray, packed: Columns
) -> int:
    """Copy members' present values to `values` (others: inf), their keys and columns to the front of `packed`.

    Returns how many there are.
    """
    centre = guess[0]
    scale = guess[1]
    size = 0
    for j in range(row.size):
        value = row[j]
        present = (abs(value) < np.inf) & member[j]
        distance = value - centre
        place = distance / (abs(distance) + scale) * 32700.0 + 32700.0
        place = place if place == place else 0.0
        values[j] = value if present else np.inf
        packed[j] = np.uint32((np.int32(place) << np.int32(16)) | np.int32(j))
    for j in range(row.size):  # apart from the loop above, which runs in SIMD lanes
        packed[size] = packed[j]
        size += 1 if values[j] < np.inf else 0
    return size


@device
def count_sort(packed: Columns, spare: Columns) -> None:
    """Sort `packed` by its upper sixteen bits, a byte at a time, and clear them."""
    low = np.zeros(257, np.uint32)
    high = np.zeros(257, np.uint32)
    one = np.uint32(1)
    for i in range(packed.size):
        entry = packed[i]
        low[((entry >> np.uint32(16)) & BYTE) + one] += one
        high[(entry >> np.uint32(24)) + one] += one
    for b in range(256):
        low[b + 1] += low[b]
        high[b + 1] += high[b]
    for i in range(packed.size):
        entry = packed[i]
        digit = (entry >> np.uint32(16)) & BYTE
        place = low[digit]
        low[digit] = place + one
        spare[place] = entry
    for i in range(packed.size):
        entry = spare[i]
        digit = entry >> np.uint32(24)
        place = high[digit]
        high[digit] = place + one
        packed[place] = entry & np.uint32(65535)


@device
def heap_sort(ordered: FloatArray, columns: Columns, size: int) -> None:
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
def settle(ordered: FloatArray, columns: Columns, size: int) -> None:
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
def sort_row(
    row: FloatArray,
    member: NDArray[np.bool_],
    guess: FloatArray,
    values: FloatArray,
    ordered: FloatArray,
    columns: Columns,
    spare: Columns,
) -> int:
    """Sort members' present values to the front of `ordered`, with their `columns`; return how many.

    `guess` holds the centre and scale of the last row sorted: 0, 1 at first. `ordered` has room for one more.
    """
    size = key_row(row, member, guess, values, columns)
    if row.size <= KEYS:
        count_sort(columns[:size], spare[:size])
        for i in range(size):
            ordered[i] = values[columns[i]]
        settle(ordered, columns, size)
    else:
        first = 0
        for j in range(row.size):
            if values[j] < np.inf:
                ordered[first] = values[j]
                columns[first] = np.uint32(j)
                first += 1
        heap_sort(ordered, columns, size)
    ordered[size] = np.inf
    if size > 0:
        guess[0] = ordered[size // 2]
        spread = ordered[size - 1 - size // 4] - ordered[size // 4]
        guess[1] = spread if spread > 0.0 else max(abs(ordered[0]), abs(ordered[size - 1]), 1.0)
    return size

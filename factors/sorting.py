"""Sorting a row, the heart of ranking: two counting passes over a coarse key, then one insertion pass.

The key is the value squashed to sixteen bits, d / (|d| + s) with d the distance from the previous row's
median and s that row's interquartile range, so that bell-shaped, skewed and shifted rows all spread over the
keys; a value's column rides along in the lower bits. The insertion pass compares the values themselves
and makes the order exact, whatever the key did. A row which defeats the key is sorted by comparison instead.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from factors.jit import device
from market.arrays import FloatArray

Columns: TypeAlias = NDArray[np.uint32]
Desk: TypeAlias = tuple[FloatArray, FloatArray, Columns, Columns, Columns, Columns]

PATIENCE = 12  # places per value that the insertion pass may move before sorting by comparison
KEYS = 65536
DIGITS = 256
DIGIT = np.uint32(255)


@device
def sorting_desk(width: int) -> Desk:
    """What sorting up to `width` values needs: the guess, `ordered`, its `columns`, and room to work in.

    The guess is the centre and scale of the last row sorted; 0, 1 at first.
    """
    return (
        np.array([0.0, 1.0]),
        np.empty(width + 1),
        np.empty(width, np.uint32),
        np.empty(width, np.uint32),
        np.empty(DIGITS, np.uint32),
        np.empty(DIGITS, np.uint32),
    )


@device
def key_row(values: FloatArray, columns: Columns, centre: float, scale: float, packed: Columns) -> int:
    """Put the keys and columns of the present values to the front of `packed`; return how many there are."""
    present = 0
    for i in range(values.size):
        distance = values[i] - centre
        key = distance / (abs(distance) + scale) * 32700.0 + 32700.0
        key = key if key == key else 0.0
        packed[i] = np.uint32((np.int32(key) << np.int32(16)) | np.int32(columns[i]))
        present += 1 if abs(values[i]) < np.inf else 0
    if present < values.size:
        size = np.uint64(0)
        for i in range(values.size):  # apart from the loop above, which runs in SIMD lanes
            packed[size] = packed[i]
            size += np.uint64(abs(values[i]) < np.inf)
    return present


@device
def count_sort(
    row: FloatArray, packed: Columns, spare: Columns, low: Columns, high: Columns, ordered: FloatArray
) -> None:
    """Sort `packed` by its upper sixteen bits, a byte at a time, and clear them; put the row's values in that order."""
    one = np.uint32(1)
    low[:] = 0
    high[:] = 0
    for i in range(packed.size):
        entry = packed[i]
        low[np.uint64((entry >> np.uint32(16)) & DIGIT)] += one
        high[np.uint64(entry >> np.uint32(24))] += one
    lower = np.uint32(0)
    higher = np.uint32(0)
    for digit in range(DIGITS):
        count = low[digit]
        low[digit] = lower
        lower += count
        count = high[digit]
        high[digit] = higher
        higher += count
    for i in range(packed.size):
        entry = packed[i]
        byte = np.uint64((entry >> np.uint32(16)) & DIGIT)
        target = low[byte]
        low[byte] = target + one
        spare[np.uint64(target)] = entry
    for i in range(packed.size):
        entry = spare[i]
        byte = np.uint64(entry >> np.uint32(24))
        target = high[byte]
        high[byte] = target + one
        column = entry & np.uint32(65535)
        packed[np.uint64(target)] = column
        ordered[np.uint64(target)] = row[np.uint64(column)]


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
def sort_row(values: FloatArray, columns: Columns, row: FloatArray, desk: Desk) -> int:
    """Sort the present ones of `values`, which `row` has at `columns`, to the front of the desk; return how many.

    The desk's `ordered` ends with an infinity, which equals none of them.
    """
    guess, ordered, into, spare, low, high = desk
    if row.size <= KEYS:
        size = key_row(values, columns, guess[0], guess[1], into)
        count_sort(row, into[:size], spare, low, high, ordered)
        settle(ordered, into, size)
    else:
        size = 0
        for i in range(values.size):
            if abs(values[i]) < np.inf:
                ordered[size] = values[i]
                into[size] = columns[i]
                size += 1
        heap_sort(ordered, into, size)
    ordered[size] = np.inf
    if size > 0:
        guess[0] = ordered[size // 2]
        spread = ordered[size - 1 - size // 4] - ordered[size // 4]
        guess[1] = spread if spread > 0.0 else max(abs(ordered[0]), abs(ordered[size - 1]), 1.0)
    return size

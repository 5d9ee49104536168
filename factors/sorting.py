"""Sorting rows, the heart of ranking: 32 bits a value, which numpy sorts in SIMD lanes, then one insertion pass.

The upper bits are the value squashed to a whole number, d / (|d| + s) with d the distance from the median of a few of
the row's values and s their interquartile range, so that bell-shaped, skewed and shifted rows all spread over the keys;
the lower bits are the value's column. The insertion pass compares the values themselves and makes the order exact,
whatever the key did. A row which defeats the key is sorted by comparison instead.

    pack_row for every row, `packed.sort(axis=1)`, unpack_row for every row
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from factors.jit import device
from market.arrays import FloatArray

Columns: TypeAlias = NDArray[np.uint32]

SAMPLES = 16
PATIENCE = 12  # places per value that the insertion pass may move before sorting by comparison
FEWEST_BITS = 8  # of a column, so that the key is a whole number which float32 can hold
ABSENT = np.uint32(0xFFFFFFFF)  # behind every present value


def packed_rows(rows: int, width: int) -> tuple[NDArray[np.uint32], int]:
    """Room for packed rows of up to `width` columns, and how many bits of an entry a column takes."""
    return np.empty((rows, width), dtype=np.uint32), max(width.bit_length(), FEWEST_BITS)


@device
def gauge_row(values: FloatArray, sample: FloatArray) -> tuple[float, float]:
    """Median and interquartile range of up to `SAMPLES` present values that are spread over the row.

    If these are equal, the mean distance from them takes the place of the range.
    """
    step = max(values.size // SAMPLES, 1)
    size = 0
    for i in range(0, values.size, step):
        value = values[i]
        if size < SAMPLES and abs(value) < np.inf:
            k = size
            while k > 0 and sample[k - 1] > value:
                sample[k] = sample[k - 1]
                k -= 1
            sample[k] = value
            size += 1
    if size == 0:
        return 0.0, 1.0
    centre = sample[size // 2]
    spread = sample[size - 1 - size // 4] - sample[size // 4]
    if not spread > 0.0:
        total = 0.0
        present = 0.0
        for i in range(values.size):
            if abs(values[i]) < np.inf:
                total += abs(values[i] - centre)
                present += 1.0
        spread = total / present
    return centre, spread if spread > 0.0 else 1.0


@device
def pack_row(values: FloatArray, columns: Columns, bits: int, sample: FloatArray, packed: Columns) -> int:
    """Pack `values` with their `columns`, behind them nothing, and return how many are present."""
    centre, scale = gauge_row(values, sample)
    half = np.float32((1 << (31 - bits)) - 1)
    shift = np.uint32(bits)
    middle = np.uint32((1 << (31 - bits)) - 1)
    unit = 1.0 / scale
    present = 0
    for i in range(values.size):
        distance = np.float32((values[i] - centre) * unit)
        share = distance / (abs(distance) + np.float32(1.0)) * half
        key = np.uint32(np.int32(share if share == share else np.float32(0.0))) + middle
        here = abs(values[i]) < np.inf
        packed[i] = np.uint32((key << shift) | columns[i]) if here else ABSENT
        present += 1 if here else 0
    packed[values.size :] = ABSENT
    return present


@device
def unpack_row(
    packed: Columns, bits: int, row: FloatArray, ordered: FloatArray, columns: Columns, ties: Columns
) -> int:
    """Put the columns of a sorted row's present entries in ascending order of `row`, and their values into `ordered`.

    `ordered` has one place more, which is given an infinity and so equals none of them. Returns at how many places,
    listed in `ties`, the next value is equal.
    """
    size = packed.size
    mask = np.uint32((1 << bits) - 1)
    for i in range(size):
        column = packed[i] & mask
        columns[i] = column
        ordered[i] = row[np.uint64(column)]
    ordered[size] = np.inf
    falls = 0
    for i in range(size):
        falls += 1 if ordered[i] > ordered[i + 1] else 0
    if falls > 0:
        settle(ordered, columns, size)
    tied = np.uint64(0)
    for i in range(size):
        ties[tied] = i
        tied += np.uint64(ordered[i] == ordered[i + 1])
    return int(tied)


@device
def tied_run(ties: Columns, tied: int, k: int) -> int:
    """Return the index behind the last of the places from `ties[k]` on that follow one another."""
    k += 1
    while k < tied and ties[k] == ties[k - 1] + np.uint32(1):
        k += 1
    return k


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

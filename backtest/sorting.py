"""Sorting one day's values: a few hundred float64 at a time, thousands of times.

Values are spread linearly over 2^16 cells, a two-pass radix sort orders the cells, and an insertion pass
orders the few values that share one. A row whose outliers squeeze the others into few cells is spread by
magnitude (sign, exponent, leading digits) instead; should that fail too, it is merge-sorted. The order is
exact in each case.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from factors.jit import device
from market.arrays import FloatArray

RankArray: TypeAlias = NDArray[np.int32]
WordArray: TypeAlias = NDArray[np.uint32]

CELLS = 65535
PLACES = 65536  # of a row, because a place fills half a word
HALF = 16
MOVES_PER_NAME = 4  # of the insertion pass, before another way is the better deal
NARROWEST, WIDEST = 1e-290, 1e290  # spans that can be divided into cells


@device
def spread(values: FloatArray, places: RankArray, n: int, low: float, high: float, cells: WordArray) -> None:
    """Cell number in the upper half of a 32-bit word, place in the lower: monotone in the value."""
    scale = CELLS / (high - low)
    for i in range(n):
        cells[i] = (np.uint32(np.int32((values[i] - low) * scale)) << np.uint32(HALF)) | np.uint32(places[i])


@device
def magnitude_key(bits: np.int64) -> np.uint64:
    """Integer that orders as the float64 with these bits does, up to wrapping around."""
    return np.uint64(bits ^ ((bits >> 63) & 0x7FFFFFFFFFFFFFFF))


@device
def spread_by_magnitude(
    values: FloatArray, places: RankArray, n: int, low: float, high: float, cells: WordArray
) -> None:
    """As `spread`, by the leading 16 bits in which the row's values differ."""
    ends = np.array([low, high]).view(np.int64)
    lowest = magnitude_key(ends[0])
    span = magnitude_key(ends[1]) - lowest
    shift = np.uint64(0)
    while span >> shift > np.uint64(CELLS):
        shift += np.uint64(1)
    bits = values.view(np.int64)
    for i in range(n):
        cells[i] = (np.uint32((magnitude_key(bits[i]) - lowest) >> shift) << np.uint32(HALF)) | np.uint32(
            places[i]
        )


@device
def radix_sort(
    cells: WordArray, swap: WordArray, n: int, low_counts: RankArray, high_counts: RankArray
) -> None:
    """Order words by their 16-bit cell number, stable."""
    low_counts[:] = 0
    high_counts[:] = 0
    for i in range(n):
        word = cells[i]
        low_counts[np.uint64((word >> np.uint32(HALF)) & np.uint32(255))] += 1
        high_counts[np.uint64(word >> np.uint32(HALF + 8))] += 1
    below_low = 0
    below_high = 0
    for digit in range(256):
        below_low, low_counts[digit] = below_low + low_counts[digit], below_low
        below_high, high_counts[digit] = below_high + high_counts[digit], below_high
    for i in range(n):
        word = cells[i]
        low = np.uint64((word >> np.uint32(HALF)) & np.uint32(255))
        target = low_counts[low]
        low_counts[low] = target + 1
        swap[np.uint64(target)] = word
    for i in range(n):
        word = swap[i]
        high = np.uint64(word >> np.uint32(HALF + 8))
        target = high_counts[high]
        high_counts[high] = target + 1
        cells[np.uint64(target)] = word


@device
def insertion_sort(ordered: FloatArray, order: WordArray, n: int) -> bool:
    """Finish a nearly sorted row; False when that takes more than MOVES_PER_NAME moves a name."""
    moves = 0
    for i in range(1, n):
        value = ordered[i]
        if ordered[i - 1] > value:
            index = order[i]
            j = i
            while j > 0 and ordered[j - 1] > value:
                ordered[j] = ordered[j - 1]
                order[j] = order[j - 1]
                j -= 1
            ordered[j] = value
            order[j] = index
            moves += i - j
            if moves > MOVES_PER_NAME * n:
                return False
    return True


@device
def merge_sort(row: FloatArray, order: WordArray, spare: WordArray, n: int) -> None:
    """Order n places by the row's value there, bottom up, stable."""
    width = 1
    while width < n:
        for begin in range(0, n, 2 * width):
            middle = min(begin + width, n)
            end = min(begin + 2 * width, n)
            left = begin
            right = middle
            for k in range(begin, end):
                if right >= end or (left < middle and row[order[left]] <= row[order[right]]):
                    spare[k] = order[left]
                    left += 1
                else:
                    spare[k] = order[right]
                    right += 1
        order[:n] = spare[:n]
        width *= 2


@device
def sort_values(
    values: FloatArray,
    places: RankArray,
    n: int,
    row: FloatArray,
    cells: WordArray,
    swap: WordArray,
    low_counts: RankArray,
    high_counts: RankArray,
    ordered: FloatArray,
    order: WordArray,
) -> None:
    """Sort n values standing at ascending `places` of a row: `ordered` values, and the place of each."""
    low = values[0]
    high = values[0]
    for i in range(n):
        low = values[i] if values[i] < low else low
        high = values[i] if values[i] > high else high
    for attempt in range(2):
        if attempt == 1:
            spread_by_magnitude(values, places, n, low, high, cells)
        elif NARROWEST < high - low < WIDEST:
            spread(values, places, n, low, high, cells)
        else:
            continue
        radix_sort(cells, swap, n, low_counts, high_counts)
        for i in range(n):
            place = np.uint64(cells[i] & np.uint32(PLACES - 1))
            order[i] = place
            ordered[i] = row[place]
        if insertion_sort(ordered, order, n):
            return
    order[:n] = places[:n]
    merge_sort(row, order, swap, n)
    for i in range(n):
        ordered[i] = row[order[i]]

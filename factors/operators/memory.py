"""Fresh arrays in memory that was used before: asking the system for new pages costs as much as a whole operator.

An array's memory comes back here when the array and all views of it are gone, and the next array of its size takes
it. At most `KEPT` blocks wait, the longest-waiting one leaves first, so that a change of panel frees the old sizes.
"""

from collections import deque
from typing import Any

import numpy as np

from market.arrays import FloatArray

KEPT = 6
SMALLEST = 1 << 20  # bytes; smaller arrays come quickly from the allocator

_WAITING: deque[FloatArray] = deque(maxlen=KEPT)


class _Lease:
    """Owns a block while an array stands on it, and hands it back when the array dies."""

    def __init__(self, block: FloatArray, waiting: deque[FloatArray]) -> None:
        self._block = block
        self._waiting = waiting
        self.__array_interface__: dict[str, Any] = block.__array_interface__

    def __del__(self) -> None:
        self._waiting.append(self._block)


def fresh_array(shape: tuple[int, ...]) -> FloatArray:
    """Return an uninitialised float64 C-order array of its own."""
    size = int(np.prod(shape))
    if 8 * size < SMALLEST:
        return np.empty(shape)
    return np.asarray(_Lease(_block(size), _WAITING)).reshape(shape)


def _block(size: int) -> FloatArray:
    for _ in range(len(_WAITING)):
        try:
            block = _WAITING.pop()
        except IndexError:  # another thread was quicker
            break
        if block.size == size:
            return block
        _WAITING.appendleft(block)
    return np.empty(size)

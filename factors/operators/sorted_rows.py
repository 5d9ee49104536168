"""How an operator that needs each day's values in order fills a fresh array: pack, sort and use some rows at a time."""

from typing import Any

import numpy as np

from factors.jit import Kernel
from factors.operators.kernels.ranking import pack_rows
from factors.operators.threads import fill_rows
from factors.sorting import packed_rows
from market.arrays import BoolArray, FloatArray

BLOCK = 256  # rows at a time, so that their entries stay in the processor's cache


def fill_sorted(
    kernel: Kernel[..., Any], matrix: FloatArray, members: BoolArray, *parameters: Any
) -> FloatArray:
    """Return a fresh array of the matrix's shape that the kernel fills from the members' values in order.

    It is called as `kernel(matrix, packed, sizes, bits, *parameters, out, begin, end)`: row r of `packed` holds the
    sorted entries of row `begin + r`, `sizes[r]` of them; see `factors.sorting`.
    """

    def fill(out: FloatArray, begin: int, end: int) -> None:
        packed, bits = packed_rows(min(BLOCK, end - begin), matrix.shape[1])
        sizes = np.empty(len(packed), dtype=np.int64)
        for first in range(begin, end, BLOCK):
            stop = min(first + BLOCK, end)
            rows = packed[: stop - first]
            pack_rows(matrix, members, bits, rows, sizes, first, stop)
            rows.sort(axis=1)
            kernel(matrix, rows, sizes, bits, *parameters, out, first, stop)

    return fill_rows(fill, shape=matrix.shape)

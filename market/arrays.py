"""Array aliases shared by every package: the shape convention is T dates × N symbols, C-order."""

import ctypes
import mmap
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.int64]
DateArray: TypeAlias = NDArray[np.datetime64]

A = TypeVar("A", bound=NDArray[Any])


def sealed(values: A) -> A:
    """A copy on pages that the processor refuses to write: an array's own flag can be set back."""
    if not values.size:
        return values
    pages = mmap.mmap(-1, values.nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(AttributeError, OSError):  # where there are none, small pages do
        pages.madvise(mmap.MADV_HUGEPAGE)
    copy = np.frombuffer(pages, dtype=values.dtype).reshape(values.shape)
    copy[...] = values
    address, length = ctypes.c_void_p(copy.ctypes.data), ctypes.c_size_t(len(pages))
    if ctypes.CDLL(None, use_errno=True).mprotect(address, length, mmap.PROT_READ):
        raise OSError(ctypes.get_errno(), "mprotect")
    copy.flags.writeable = False
    return copy  # type: ignore[return-value]

"""How a kernel fills a fresh array: in one go, or in blocks of columns or rows on several threads.

One thread unless a caller asks for more: in a search the processes already use every core.

    with threads(2):
        signal = ts_rank(close, 250)
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from factors.errors import ContractError
from factors.operators.memory import fresh_array
from market.arrays import FloatArray

ALIGNMENT = 8  # columns of a cache line: two threads never write to the same one


@dataclass(frozen=True)
class _Team:
    size: int
    pool: ThreadPoolExecutor


_TEAM: ContextVar[_Team | None] = ContextVar("_TEAM", default=None)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Run operators inside the block on `count` threads; results are the same to the last bit."""
    if count < 1:
        raise ContractError(f"`threads` needs a count >= 1, got {count}: use 1 for none")
    with ThreadPoolExecutor(count, thread_name_prefix="operator") as pool:
        token = _TEAM.set(_Team(count, pool) if count > 1 else None)
        try:
            yield
        finally:
            _TEAM.reset(token)


def fill_columns(kernel: Callable[..., Any], *arguments: Any, shape: tuple[int, ...]) -> FloatArray:
    """Return a fresh (T, N) array that `kernel(*arguments, out, begin, end)` fills by columns."""
    return _fill(kernel, arguments, fresh_array(shape), shape[1], ALIGNMENT)


def fill_rows(kernel: Callable[..., Any], *arguments: Any, shape: tuple[int, ...]) -> FloatArray:
    """Return a fresh (T, N) array that `kernel(*arguments, out, begin, end)` fills by rows."""
    return _fill(kernel, arguments, fresh_array(shape), shape[0], 1)


def _fill(
    kernel: Callable[..., Any], arguments: tuple[Any, ...], out: FloatArray, size: int, unit: int
) -> FloatArray:
    team = _TEAM.get()
    if team is None or out.size == 0:
        if out.size > 0:
            kernel(*arguments, out, 0, size)
        return out
    cuts = np.linspace(0, size, team.size + 1).astype(np.int64) // unit * unit
    cuts[-1] = size
    parts = [(int(begin), int(end)) for begin, end in pairwise(cuts) if end > begin]
    for done in [team.pool.submit(kernel, *arguments, out, begin, end) for begin, end in parts]:
        done.result()
    return out

"""Memory handed out again must never be someone's: not an array's, not a view's."""

import numpy as np
from numpy.testing import assert_array_equal

from factors import operators as ops
from factors.operators.memory import SMALLEST, fresh_array

SHAPE = (500, 300)
assert 8 * SHAPE[0] * SHAPE[1] >= SMALLEST


def test_the_memory_of_a_dead_array_is_used_again() -> None:
    first = fresh_array(SHAPE)
    address = first.ctypes.data
    del first
    assert fresh_array(SHAPE).ctypes.data == address


def test_results_that_live_together_do_not_share_memory() -> None:
    x = np.random.default_rng(0).normal(size=SHAPE)
    results = [ops.ts_delay(x, lag) for lag in range(12)]
    for lag, result in enumerate(results):
        assert_array_equal(result[lag:], x[: len(x) - lag])


def test_a_view_keeps_the_memory_of_its_array() -> None:
    x = np.ones(SHAPE)
    view = ops.ts_delay(x, 0)[10:20, ::3]
    for _ in range(8):
        ops.ts_delay(7 * x, 0)
    assert_array_equal(view, np.ones((10, 100)))


def test_a_read_only_array_gives_back_writable_memory() -> None:
    first = fresh_array(SHAPE)
    first.flags.writeable = False
    del first
    assert fresh_array(SHAPE).flags.writeable

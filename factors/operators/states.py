"""Operators with a memory of their own rather than a window. Shapes are (T, N) in and out.

Raises (all of them):
    LookAheadError: a negative window.
    ContractError: arrays of different shapes or a step that cannot be compiled.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from factors.errors import ContractError
from factors.operators.arguments import ArrayLike, as_matrices, as_matrix, as_number, whole_number
from factors.operators.kernels import state
from factors.operators.threads import fill_columns
from market.arrays import FloatArray


def ts_days_since(condition: ArrayLike) -> FloatArray:
    """Rows since the condition was last true (neither 0 nor missing): 0 = today, NaN if it never was."""
    matrix = as_matrix("ts_days_since", condition)
    return fill_columns(state.rows_since, matrix, shape=matrix.shape)


def ts_hold(x: ArrayLike, enter: ArrayLike, leave: ArrayLike) -> FloatArray:
    """`x` as of the row where `enter` was last true, until a row where `leave` is; NaN while nothing is held.

    Where both are true the old value is let go and the new one taken.
    """
    value, entering, leaving = as_matrices("ts_hold", x, enter, leave)
    return fill_columns(state.hold_values, value, entering, leaving, shape=value.shape)


def ts_fill(x: ArrayLike, window: int) -> FloatArray:
    """Latest present value of the last `window` rows."""
    matrix = as_matrix("ts_fill", x)
    rows = whole_number("ts_fill", "window", window, least=1)
    return fill_columns(state.carry_forward, matrix, rows, shape=matrix.shape)


def ts_scan(step: Callable[[float, float], float], x: ArrayLike, initial: float = 0.0) -> FloatArray:
    """State of each column after `state = step(state, value)` on every row, starting from `initial`.

    `step` is a Python function of two floats that returns a float, compiled here (or compiled already with
    `numba.njit`). A missing value is not shown to `step`: the state stays, the result is NaN.
    """
    matrix = as_matrix("ts_scan", x)
    start = as_number("ts_scan", "initial", initial, low=float("-inf"), high=float("inf"))
    return fill_columns(state.scan_values, _compiled_step(step), matrix, start, shape=matrix.shape)


@lru_cache(maxsize=64)
def _compiled_step(step: Callable[[float, float], float]) -> Any:
    """Compile a step to a function of two float64 that kernels call by address."""
    import numba  # here, because nothing else in this module needs it

    function = getattr(step, "py_func", step)
    signature = numba.types.float64(numba.types.float64, numba.types.float64)
    try:
        return numba.njit(signature, error_model="numpy")(function)
    except (numba.core.errors.NumbaError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ContractError(
            f"`ts_scan` needs a step (state, value) -> state that Numba can compile, got {step!r}: {reason}"
        ) from error

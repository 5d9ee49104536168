"""The door through which operators take arguments: checked, and arrays in the layout of the kernels."""

import operator as py
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from factors.errors import ContractError, LookAheadError
from market.arrays import BoolArray, FloatArray

if TYPE_CHECKING:  # frames are recognised by what they can do: operators do not need pandas
    import pandas as pd

ArrayLike: TypeAlias = "NDArray[Any] | pd.DataFrame | Sequence[Sequence[float]]"
Operand: TypeAlias = "NDArray[Any] | pd.DataFrame | Sequence[Sequence[float]] | float"
Universe: TypeAlias = "NDArray[np.bool_] | pd.DataFrame | None"


def as_matrix(operator: str, x: ArrayLike) -> FloatArray:
    """Return `x` as a C-order float64 (T, N) array, itself if it is one already.

    Raises:
        ContractError: `x` is not numeric or not two-dimensional.
    """
    values = x.to_numpy() if hasattr(x, "to_numpy") else x
    try:
        matrix = np.asarray(values, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise ContractError(f"`{operator}` needs numbers, got {type(x).__name__}: {error}") from error
    if matrix.ndim != 2:
        raise ContractError(
            f"`{operator}` needs a (T, N) array, got shape {matrix.shape}: "
            "give dates by symbols, for one series use x[:, None]"
        )
    return matrix


def as_matrices(operator: str, *arrays: ArrayLike) -> tuple[FloatArray, ...]:
    """Return several arrays of one shape as `as_matrix` does.

    Raises:
        ContractError: the shapes differ.
    """
    matrices = tuple(as_matrix(operator, x) for x in arrays)
    shapes = {matrix.shape for matrix in matrices}
    if len(shapes) > 1:
        raise ContractError(f"`{operator}` needs arrays of one shape, got {sorted(shapes)}: align them first")
    return matrices


def whole_number(operator: str, name: str, value: object, *, least: int) -> int:
    """Return `value` as an int of at least `least`.

    Raises:
        LookAheadError: the number is negative, which would read later rows.
        ContractError: it is not a whole number, or too small.
    """
    try:
        number = py.index(value)  # type: ignore[arg-type]
    except TypeError as error:
        raise ContractError(
            f"`{operator}` needs a whole number of days as {name}, got {value!r}: use an int"
        ) from error
    if isinstance(value, bool):
        raise ContractError(f"`{operator}` needs a whole number of days as {name}, got {value!r}: use an int")
    if number < 0:
        raise LookAheadError(
            f"`{operator}` needs {name} >= {least}, got {number}: a negative {name} reads the future, "
            "for a label use `Panel.forward_returns`"
        )
    if number < least:
        raise ContractError(f"`{operator}` needs {name} >= {least}, got {number}: raise it")
    return number


def needed_values(operator: str, window: int, min_periods: int | None) -> float:
    """Return how many present values a window needs: all of it, unless `min_periods` says less.

    Raises:
        ContractError: `min_periods` is not between 1 and `window`.
    """
    if min_periods is None:
        return float(window)
    number = whole_number(operator, "min_periods", min_periods, least=1)
    if number > window:
        raise ContractError(f"`{operator}` needs min_periods <= window, got {number} > {window}: lower it")
    return float(number)


def as_number(operator: str, name: str, value: object, *, low: float, high: float) -> float:
    """Return `value` as a float within [low, high].

    Raises:
        ContractError: it is not a number or out of range.
    """
    if not isinstance(value, int | float | np.integer | np.floating) or not low <= value <= high:
        raise ContractError(f"`{operator}` needs {low} <= {name} <= {high}, got {value!r}: put it in range")
    return float(value)


def as_members(operator: str, universe: Universe, shape: tuple[int, ...]) -> BoolArray:
    """Return the membership mask in the kernels' layout: (T, N), or one row of True for everyone.

    Raises:
        ContractError: the mask is not boolean or has another shape.
    """
    if universe is None:
        return np.ones((1, shape[1]), dtype=np.bool_)
    mask = np.asarray(universe)
    if mask.dtype != np.bool_ or mask.shape != shape:
        raise ContractError(
            f"`{operator}` needs a boolean universe of shape {shape}, got {mask.dtype} {mask.shape}: "
            "use `panel.universe`"
        )
    return np.ascontiguousarray(mask)

"""Value by value: (T, N) arrays in and out, or a number in place of an array. NaN stays NaN unless stated.

Raises (all of them):
    ContractError: arrays of different shapes, or a parameter out of range.
"""

from typing import Any

import numpy as np

from factors.errors import ContractError
from factors.jit import Kernel
from factors.operators.arguments import ArrayLike, Operand, as_matrix, as_number
from factors.operators.kernels import elementwise
from factors.operators.threads import fill_rows
from market.arrays import FloatArray

Number = int | float | np.integer | np.floating
LARGEST = float(np.finfo(np.float64).max)


def signed_power(x: ArrayLike, exponent: float) -> FloatArray:
    """Power of the magnitude with the sign kept: sign(x) * |x| ** exponent."""
    matrix = as_matrix("signed_power", x)
    power = as_number("signed_power", "exponent", exponent, low=-LARGEST, high=LARGEST)
    kernels = {0.5: elementwise.root_values, 2.0: elementwise.square_values}
    return fill_rows(kernels.get(power, elementwise.power_values), matrix, power, shape=matrix.shape)


def log1p_sign(x: ArrayLike) -> FloatArray:
    """Logarithm with the sign kept: sign(x) * log(1 + |x|)."""
    matrix = as_matrix("log1p_sign", x)
    return fill_rows(elementwise.signed_log_values, matrix, 0.0, shape=matrix.shape)


def safe_log(x: ArrayLike) -> FloatArray:
    """Natural logarithm, NaN where x is not positive."""
    matrix = as_matrix("safe_log", x)
    return fill_rows(elementwise.log_values, matrix, 0.0, shape=matrix.shape)


def squash(x: ArrayLike, scale: float = 1.0) -> FloatArray:
    """Share x / (|x| + scale): a smooth limit to (-1, 1), half of it reached at |x| = scale."""
    matrix = as_matrix("squash", x)
    size = as_number("squash", "scale", scale, low=float(np.finfo(np.float64).tiny), high=LARGEST)
    return fill_rows(elementwise.squash_values, matrix, size, shape=matrix.shape)


def fill_missing(x: ArrayLike, value: float = 0.0) -> FloatArray:
    """Replace missing values (NaN, ±inf) by `value`."""
    matrix = as_matrix("fill_missing", x)
    filler = as_number("fill_missing", "value", value, low=-LARGEST, high=LARGEST)
    return fill_rows(elementwise.fill_values, matrix, filler, shape=matrix.shape)


def clip(x: ArrayLike, low: float, high: float) -> FloatArray:
    """`x` held between `low` and `high`."""
    matrix = as_matrix("clip", x)
    bottom = as_number("clip", "low", low, low=-np.inf, high=np.inf)
    top = as_number("clip", "high", high, low=bottom, high=np.inf)
    return np.clip(matrix, bottom, top)


def safe_div(x: Operand, y: Operand) -> FloatArray:
    """Quotient x / y, NaN where y is 0; one of the two may be a number."""
    return _pairwise(elementwise.divide_values, "safe_div", x, y)


def minimum(x: Operand, y: Operand) -> FloatArray:
    """Smaller of the two, NaN where either is; one of the two may be a number."""
    return _pairwise(elementwise.minimum_values, "minimum", x, y)


def maximum(x: Operand, y: Operand) -> FloatArray:
    """Larger of the two, NaN where either is; one of the two may be a number."""
    return _pairwise(elementwise.maximum_values, "maximum", x, y)


def where(condition: ArrayLike, x: Operand, y: Operand) -> FloatArray:
    """`x` where the condition is true (not 0), else `y`; NaN where a numeric condition is NaN."""
    chosen = as_matrix("where", condition)
    first, second = _operand("where", x, chosen.shape), _operand("where", y, chosen.shape)
    return fill_rows(elementwise.choose_values, chosen, first, second, shape=chosen.shape)


def _pairwise(kernel: Kernel[..., Any], operator: str, x: Operand, y: Operand) -> FloatArray:
    given = y if isinstance(x, Number) else x
    if isinstance(given, Number):
        raise ContractError(
            f"`{operator}` needs an array, got two numbers {x!r}, {y!r}: use Python for those"
        )
    shape = as_matrix(operator, given).shape
    first, second = _operand(operator, x, shape), _operand(operator, y, shape)
    return fill_rows(kernel, first, second, shape=shape)


def _operand(operator: str, x: Operand, shape: tuple[int, ...]) -> FloatArray:
    """Return `x`, or the number `x` everywhere, as an array of `shape`."""
    if isinstance(x, Number):
        return np.full(shape, x, dtype=np.float64)
    matrix = as_matrix(operator, x)
    if matrix.shape != shape:
        raise ContractError(f"`{operator}` needs shape {shape}, got {matrix.shape}: align the arrays first")
    return matrix

"""A row against an earlier one. Shapes (T, N); the first `lag` rows are NaN; missing values stay missing.

Raises (all of them):
    LookAheadError: a negative lag.
    ContractError: a lag that is no whole number, or an array that is not (T, N).
"""

from typing import Any

from factors.jit import Kernel
from factors.operators.arguments import ArrayLike, as_matrix, whole_number
from factors.operators.kernels import shifts
from factors.operators.threads import fill_columns
from market.arrays import FloatArray


def _shifted(kernel: Kernel[..., Any], operator: str, x: ArrayLike, lag: int) -> FloatArray:
    matrix = as_matrix(operator, x)
    lag = whole_number(operator, "lag", lag, least=0)
    return fill_columns(kernel, matrix, lag, shape=matrix.shape)


def ts_delay(x: ArrayLike, lag: int) -> FloatArray:
    """Value `lag` rows ago."""
    return _shifted(shifts.delay, "ts_delay", x, lag)


def ts_delta(x: ArrayLike, lag: int) -> FloatArray:
    """Change since `lag` rows ago."""
    return _shifted(shifts.difference, "ts_delta", x, lag)


def ts_pct_change(x: ArrayLike, lag: int) -> FloatArray:
    """Relative change since `lag` rows ago; as in pandas a change from 0 is infinite (0 from 0: NaN)."""
    return _shifted(shifts.relative_change, "ts_pct_change", x, lag)

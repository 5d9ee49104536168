"""A day's values less what other exposures explain."""

import numpy as np

from factors.errors import ContractError
from factors.operators.arguments import ArrayLike, Universe, as_matrices, as_members
from factors.operators.kernels import regression
from factors.operators.threads import fill_rows
from market.arrays import FloatArray


def cs_neutralize(x: ArrayLike, *exposures: ArrayLike, universe: Universe = None) -> FloatArray:
    """Residual of each day's least-squares fit of `x` on an intercept and the exposures, (T, N) arrays.

    Only members of the universe with a value in `x` and in every exposure take part; others are NaN.
    Exposures that the others explain add nothing. Fewer values than exposures leave residuals of 0.

    Raises:
        ContractError: no exposure, arrays of different shapes, or a bad universe.
    """
    if not exposures:
        raise ContractError(
            "`cs_neutralize` needs an exposure, got none: use `cs_demean` to remove the mean only"
        )
    matrix, *others = as_matrices("cs_neutralize", x, *exposures)
    members = as_members("cs_neutralize", universe, matrix.shape)
    return fill_rows(regression.neutralize_rows, matrix, np.stack(others), members, shape=matrix.shape)

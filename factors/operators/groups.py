"""A day's values against those of their own group.

`groups` gives each value's group, a whole number from 0 (a sector code, a `cs_bucket`): a (T, N) array or one
number per symbol, (N,). Values without a group (missing), outside the `universe` or missing are left out and
NaN.

Raises (all of them):
    ContractError: groups that are not whole numbers from 0 to 99,999, or arrays of different shapes.
"""

from typing import Any

import numpy as np

from factors.errors import ContractError
from factors.jit import Kernel
from factors.operators.arguments import ArrayLike, Universe, as_matrices, as_matrix, as_members
from factors.operators.kernels import groups as kernels
from factors.operators.sorted_rows import fill_sorted
from factors.operators.threads import fill_rows
from market.arrays import FloatArray

MOST_GROUPS = 100_000


def _within(
    kernel: Kernel[..., Any], operator: str, x: ArrayLike, groups: ArrayLike, universe: Universe
) -> FloatArray:
    matrix, labels = _labelled(operator, x, groups)
    members = as_members(operator, universe, matrix.shape)
    count = _count_groups(operator, labels)
    return fill_rows(kernel, matrix, labels, count, members, shape=matrix.shape)


def _labelled(operator: str, x: ArrayLike, groups: ArrayLike) -> tuple[FloatArray, ...]:
    matrix = as_matrix(operator, x)
    labels = np.asarray(groups)
    if labels.ndim == 1 and labels.size == matrix.shape[1]:
        labels = np.broadcast_to(labels, matrix.shape)
    return as_matrices(operator, matrix, labels)


def _count_groups(operator: str, labels: FloatArray) -> int:
    known = labels[~np.isnan(labels)]
    if known.size == 0:
        return 1
    lowest, highest = float(known.min()), float(known.max())
    if lowest < 0 or highest >= MOST_GROUPS or not np.array_equal(known, np.rint(known)):
        raise ContractError(
            f"`{operator}` needs groups numbered from 0 to {MOST_GROUPS - 1}, got {lowest:g} to {highest:g}: "
            "number them, for instance with `cs_bucket`"
        )
    return int(highest) + 1


def cs_group_demean(x: ArrayLike, groups: ArrayLike, *, universe: Universe = None) -> FloatArray:
    """Distance from the mean of the day's group."""
    return _within(kernels.demean_groups, "cs_group_demean", x, groups, universe)


def cs_group_zscore(x: ArrayLike, groups: ArrayLike, *, universe: Universe = None) -> FloatArray:
    """Distance from the group's mean in its standard deviations (ddof = 1); NaN where that is 0."""
    return _within(kernels.standardise_groups, "cs_group_zscore", x, groups, universe)


def cs_group_rank(x: ArrayLike, groups: ArrayLike, *, universe: Universe = None) -> FloatArray:
    """Average rank within the day's group divided by the group's size: 1 = its largest."""
    matrix, labels = _labelled("cs_group_rank", x, groups)
    count = _count_groups("cs_group_rank", labels)
    grouped = as_members("cs_group_rank", universe, matrix.shape) & np.isfinite(labels)
    return fill_sorted(kernels.rank_groups, matrix, grouped, labels, count)

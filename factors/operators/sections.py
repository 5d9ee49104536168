"""A day's values against each other: each row by itself, over the present values of the universe.

`universe` is a boolean (T, N) mask, everyone if None. Values outside it, and missing ones (NaN, ±inf), are
left out and NaN in the result, a fresh float64 (T, N) array.

Raises (all of them):
    ContractError: a mask that is not boolean or has another shape, or a parameter out of range.
"""

from typing import Any

from factors.jit import Kernel
from factors.operators.arguments import ArrayLike, Universe, as_matrix, as_members, as_number, whole_number
from factors.operators.kernels import ranking, sections
from factors.operators.sorted_rows import fill_sorted
from factors.operators.threads import fill_rows
from market.arrays import FloatArray


def _across(
    kernel: Kernel[..., Any], operator: str, x: ArrayLike, universe: Universe, *parameters: float
) -> FloatArray:
    matrix = as_matrix(operator, x)
    members = as_members(operator, universe, matrix.shape)
    return fill_rows(kernel, matrix, members, *parameters, shape=matrix.shape)


def _in_order(
    kernel: Kernel[..., Any], operator: str, x: ArrayLike, universe: Universe, *parameters: float
) -> FloatArray:
    matrix = as_matrix(operator, x)
    return fill_sorted(kernel, matrix, as_members(operator, universe, matrix.shape), *parameters)


def cs_rank(x: ArrayLike, *, universe: Universe = None) -> FloatArray:
    """Average rank divided by the number of values: 1 = the largest, as pandas' `rank(axis=1, pct=True)`."""
    return _in_order(ranking.rank_rows, "cs_rank", x, universe, 0.0)


def cs_bucket(x: ArrayLike, buckets: int, *, universe: Universe = None) -> FloatArray:
    """Quantile bucket 0 (smallest) to `buckets - 1`, as equal in size as ties allow."""
    levels = whole_number("cs_bucket", "buckets", buckets, least=1)
    return _in_order(ranking.bucket_rows, "cs_bucket", x, universe, float(levels))


def cs_demean(x: ArrayLike, *, universe: Universe = None) -> FloatArray:
    """Distance from the day's mean."""
    return _across(sections.demean_rows, "cs_demean", x, universe, 0.0)


def cs_zscore(x: ArrayLike, *, universe: Universe = None) -> FloatArray:
    """Distance from the day's mean in standard deviations (ddof = 1); NaN where that is 0."""
    return _across(sections.standardise_rows, "cs_zscore", x, universe, 0.0)


def cs_scale(x: ArrayLike, total: float = 1.0, *, universe: Universe = None) -> FloatArray:
    """Multiply the day's values so that their magnitudes sum to `total`; NaN where they are all 0."""
    target = as_number("cs_scale", "total", total, low=0.0, high=1e12)
    return _across(sections.scale_rows, "cs_scale", x, universe, target)


def cs_winsorize(x: ArrayLike, limit: float = 3.0, *, universe: Universe = None) -> FloatArray:
    """Pull values beyond mean ± `limit` standard deviations (ddof = 1) back to that distance."""
    reach = as_number("cs_winsorize", "limit", limit, low=0.0, high=1e12)
    return _across(sections.winsorize_rows, "cs_winsorize", x, universe, reach)


def cs_mean(x: ArrayLike, *, universe: Universe = None) -> FloatArray:
    """Mean of the day, given to every symbol (also outside the universe); NaN for a day without values."""
    return _across(sections.mean_rows, "cs_mean", x, universe, 0.0)


def cs_std(x: ArrayLike, *, universe: Universe = None) -> FloatArray:
    """Spread (standard deviation, ddof = 1) of the day, given to every symbol; NaN for fewer than two."""
    return _across(sections.deviation_rows, "cs_std", x, universe, 0.0)


def cs_gauss(x: ArrayLike, *, universe: Universe = None) -> FloatArray:
    """Rank as a normal score: the standard normal quantile of (average rank - 1/2) / number of values."""
    from scipy.special import ndtri  # here, because importing SciPy would double the import time

    shares = _in_order(ranking.middle_rows, "cs_gauss", x, universe, 0.0)
    ndtri(shares, out=shares)
    return shares


def cs_clip_quantile(
    x: ArrayLike, low: float = 0.01, high: float = 0.99, *, universe: Universe = None
) -> FloatArray:
    """Pull values outside the day's quantiles `low` and `high` (interpolated linearly) back to them."""
    bottom = as_number("cs_clip_quantile", "low", low, low=0.0, high=1.0)
    top = as_number("cs_clip_quantile", "high", high, low=bottom, high=1.0)
    return _in_order(ranking.clip_rows, "cs_clip_quantile", x, universe, bottom, top)

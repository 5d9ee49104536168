"""Rows as wide as real ones, where keys collide and rows defeat them: ranks stay those of SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import rankdata

from factors.operators import cs_clip_quantile, cs_group_rank, cs_rank
from factors.operators.sorted_rows import BLOCK
from market.arrays import BoolArray, FloatArray
from tests.backtest.markets import kinds, random_signal


def expected_ranks(x: FloatArray, counted: BoolArray) -> FloatArray:
    """Average rank among the counted values of the row divided by their number."""
    out = np.full(x.shape, np.nan)
    for t, row in enumerate(counted & np.isfinite(x)):
        out[t, row] = rankdata(x[t, row]) / max(row.sum(), 1)
    return out


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    kind=kinds,
    width=st.integers(1, 1200),
    share=st.sampled_from([0.02, 0.6, 1.0]),
)
def test_wide_rows_are_ranked_as_scipy_does(seed, kind, width, share):
    x = random_signal(seed, (3, width), kind)
    universe = np.random.default_rng(seed).random(x.shape) < share
    assert_allclose(cs_rank(x, universe=universe), expected_ranks(x, universe), rtol=1e-12)


def test_blocks_of_rows_follow_each_other_without_a_seam():
    x = np.random.default_rng(0).normal(size=(2 * BLOCK + 3, 20))
    assert_allclose(cs_rank(x), expected_ranks(x, np.ones(x.shape, dtype=np.bool_)), rtol=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), kind=kinds)
def test_wide_groups_are_ranked_each_by_itself(seed, kind):
    rng = np.random.default_rng(seed)
    x = random_signal(seed, (2, 700), kind)
    groups = np.where(rng.random(x.shape) < 0.1, np.nan, rng.integers(0, 11, x.shape))
    universe = rng.random(x.shape) < 0.8
    ranks = cs_group_rank(x, groups, universe=universe)
    for group in range(11):
        inside = groups == group
        assert_allclose(ranks[inside], expected_ranks(x, universe & inside)[inside], rtol=1e-12)
    assert np.isnan(ranks[np.isnan(groups)]).all()


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1.0, 1e307])
def test_values_at_the_ends_of_the_range_are_ordered(scale):
    x = np.random.default_rng(1).permutation(np.arange(-15.0, 16.0))[None] * scale
    assert_allclose(cs_rank(x), expected_ranks(x, np.ones(x.shape, dtype=np.bool_)), rtol=1e-12)
    clipped = cs_clip_quantile(x, 0.0, 1.0)
    assert np.array_equal(clipped, x)


def test_a_row_whose_values_all_share_a_key_is_ordered_by_comparison():
    rng = np.random.default_rng(2)
    x = 1.0 + rng.permutation(3000)[None] * 1e-12
    x[0, :2] = -1e300, 1e300
    assert_allclose(cs_rank(x), expected_ranks(x, np.ones(x.shape, dtype=np.bool_)), rtol=1e-12)

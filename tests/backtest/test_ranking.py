import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_array_equal

from backtest.ranking import CrossSection, RankedRows, rank_rows
from tests.backtest import oracles
from tests.backtest.markets import KINDS, kinds, panels, random_signal, seeds


@settings(max_examples=60, deadline=None)
@given(panel=panels(), seed=seeds, kind=kinds)
def test_ranks_are_those_of_scipy_doubled(panel, seed, kind):
    signal = random_signal(seed, panel.shape, kind)
    section = CrossSection.of(panel.universe)
    ranked = rank_rows(signal, section, np.arange(len(signal)))
    for t, members in enumerate(panel.universe):
        expected = oracles.doubled_ranks(signal[t, members])
        assert_array_equal(ranked.ranks[t, : section.counts[t]], expected)
        assert ranked.opinions[t] == np.isfinite(signal[t, members]).sum()


@pytest.mark.parametrize("kind", KINDS)
def test_wide_rows_rank_exactly(kind):
    signal = random_signal(3, (3, 2000), kind)
    section = CrossSection.of(np.ones(signal.shape, dtype=np.bool_))
    ranked = rank_rows(signal, section, np.arange(3))
    for t in range(3):
        assert_array_equal(ranked.ranks[t], oracles.doubled_ranks(signal[t]))


def test_values_that_only_the_last_resort_can_order_rank_exactly():
    rng = np.random.default_rng(0)
    row = 1.0 + rng.permutation(3000) * 1e-12
    row[:2] = -1e300, 1e300
    section = CrossSection.of(np.ones((1, 3000), dtype=np.bool_))
    assert_array_equal(rank_rows(row[None], section, np.arange(1)).ranks[0], oracles.doubled_ranks(row))


def test_negative_zero_ties_with_zero():
    section = CrossSection.of(np.ones((1, 4), dtype=np.bool_))
    ranked = rank_rows(np.array([[0.0, -0.0, 1.0, -1.0]]), section, np.arange(1))
    assert ranked.ranks[0].tolist() == [5, 5, 8, 2]


def test_a_cross_section_lists_the_columns_of_each_day():
    section = CrossSection.of(np.array([[True, False, True], [False, False, False]]))
    assert section.counts.tolist() == [2, 0]
    assert section.columns[0].tolist() == [0, 2]


def test_reused_buffers_hold_nothing_of_the_rows_before():
    full, sparse = np.arange(12.0).reshape(2, 6), np.full((2, 6), np.nan)
    section = CrossSection.of(np.ones((2, 6), dtype=np.bool_))
    buffers = RankedRows.empty(2, 6)
    rank_rows(full, section, np.arange(2), buffers)
    again = rank_rows(sparse, section, np.arange(2), buffers)
    assert not again.ranks.any()
    assert not again.values.any()


@pytest.mark.parametrize("names", [65536, 65537])
def test_more_names_a_day_than_a_key_has_room_for_rank_exactly(names):
    row = np.random.default_rng(1).permutation(names).astype(np.float64)
    section = CrossSection.of(np.ones((1, names), dtype=np.bool_))
    assert_array_equal(rank_rows(row[None], section, np.arange(1)).ranks[0], 2 * row + 2)

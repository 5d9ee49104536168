from itertools import groupby

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from backtest.ordering import Ordering
from tests.backtest import oracles

values = st.one_of(st.integers(0, 6).map(float), st.just(np.nan))
rows = st.integers(1, 8).flatmap(
    lambda width: st.lists(st.lists(values, min_size=width, max_size=width), min_size=1, max_size=5)
)


@settings(deadline=None)
@given(rows=rows, data=st.data())
def test_names_stand_in_the_order_of_their_ranks_and_ties_are_listed(rows, data):
    width = len(rows[0])
    counts = np.array([data.draw(st.integers(0, width)) for _ in rows], dtype=np.int64)
    ranks = np.zeros((len(rows), width), dtype=np.int32)
    for r, row in enumerate(rows):
        ranks[r, : counts[r]] = oracles.doubled_ranks(np.array(row[: counts[r]]))
    ordering = Ordering.of(ranks, counts)
    for r, count in enumerate(counts):
        expected = sorted(range(count), key=lambda i: (ranks[r, i] == 0, ranks[r, i]))
        assert ordering.names[r, :count].tolist() == expected
        assert_array_equal(
            ordering.ties[ordering.first[r] : ordering.first[r + 1]], _runs(ranks[r, expected])
        )


def _runs(ordered):
    runs, begin = [], 0
    for rank, group in groupby(ordered):
        stop = begin + len(list(group))
        if rank > 0 and stop - begin > 1:
            runs.append((begin, stop))
        begin = stop
    return np.array(runs, dtype=np.int32).reshape(-1, 2)

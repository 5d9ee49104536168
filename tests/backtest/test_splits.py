import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from backtest.splits import mining_panel, split_dates
from market.errors import ConfigError
from tests.backtest import oracles
from tests.backtest.markets import panel_of, random_panel, seeds

DATES = np.datetime64("2010-01-01") + np.arange(400)


@settings(max_examples=20, deadline=None)
@given(seed=seeds, longest=st.integers(2, 12))
def test_no_label_of_a_period_reads_a_price_of_the_next(seed, longest):
    panel = random_panel(seed, rows=220, names=3, missing=0.0)
    splits = split_dates(panel.dates, horizons_days=(1, longest))
    labels = oracles.forward_returns(panel, longest, "close")
    for period, boundary in ((splits.train, splits.validation.start), (splits.validation, splits.test.start)):
        close = panel.fields["close"].copy()
        close[boundary:] = 1.0
        changed = oracles.forward_returns(panel_of(close, tradable=panel.tradable), longest, "close")
        assert_array_equal(changed[period], labels[period])
        assert not np.array_equal(changed[: period.stop + 1], labels[: period.stop + 1], equal_nan=True)


def test_named_ends_are_the_last_days_of_their_periods():
    splits = split_dates(DATES, train_end="2010-06-30", valid_end="2010-10-31", horizons_days=(1, 5))
    assert DATES[splits.validation.start] == np.datetime64("2010-07-01")
    assert DATES[splits.test.start] == np.datetime64("2010-11-01")
    assert splits.train == slice(0, splits.validation.start - 6)
    assert splits.validation.stop == splits.test.start - 6
    assert splits.test.stop == 400


def test_without_dates_the_split_is_sixty_twenty_twenty():
    splits = split_dates(DATES, horizons_days=(1,))
    assert (splits.train, splits.validation, splits.test) == (slice(0, 238), slice(240, 318), slice(320, 400))


def test_the_years_before_train_start_only_warm_up():
    splits = split_dates(DATES, train_start="2010-02-01", train_end="2010-06-30", valid_end="2010-10-31")
    assert DATES[splits.train.start] == np.datetime64("2010-02-01")


def test_a_validation_that_ends_with_the_data_leaves_an_empty_test():
    splits = split_dates(DATES, train_end="2010-06-30", valid_end=DATES[-1])
    assert splits.test == slice(400, 400)
    assert splits.validation.stop == 400


def test_the_mining_panel_ends_where_the_test_begins():
    panel = random_panel(1, rows=300, names=3)
    splits = split_dates(panel.dates)
    mined = mining_panel(panel, splits)
    assert mined.shape == (splits.test.start, 3)
    assert mined.dates[-1] < panel.dates[splits.test.start]


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ({"train_end": "2010-06-30"}, "belong together"),
        ({"train_end": "2010-10-31", "valid_end": "2010-06-30"}, "must follow one another"),
        ({"train_end": "2009-06-30", "valid_end": "2010-06-30"}, "train_end must lie within the data"),
        ({"train_end": "2010-06-30", "valid_end": "2020-06-30"}, "valid_end must lie within the data"),
        ({"train_end": "soon", "valid_end": "2010-06-30"}, "train_end must be a date, got 'soon'"),
        ({"train_end": "2010-01-25", "valid_end": "2010-06-30"}, "train period needs 20 rows"),
        ({"train_end": "2010-06-30", "valid_end": "2010-07-20"}, "validation period needs 20 rows"),
        (
            {"train_start": "2010-07-05", "train_end": "2010-06-30", "valid_end": "2010-10-31"},
            "must follow one another",
        ),
    ],
)
def test_periods_that_cannot_be_are_refused(ends, message):
    with pytest.raises(ConfigError, match=message):
        split_dates(DATES, **ends)

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from market.arrays import BoolArray
from market.errors import ConfigError
from market.loaders import LoadOptions
from market.loaders.frames import panel_from_frame
from market.panel import Panel
from market.universe import top_dollar_volume_universe
from tests.market.bars import long_frame
from tests.strategies import panels, random_panel


def members(panel: Panel, *, count: int = 3, window_days: int = 10, min_price: float = 0.0) -> BoolArray:
    return top_dollar_volume_universe(
        panel.dates,
        panel.fields["close"],
        panel.fields["volume"],
        count=count,
        window_days=window_days,
        min_price=min_price,
    )


def oracle(panel: Panel, *, count: int, window_days: int, min_price: float) -> BoolArray:
    """One day and one symbol at a time, in pandas."""
    close, volume = panel.frame("close"), panel.frame("volume")
    result = np.zeros(panel.shape, dtype=bool)
    for row, day in enumerate(close.index):
        past = close.index[close.index < day.replace(day=1)]
        if past.empty:
            continue
        dollars = (close * volume).loc[past[-window_days:]]
        ranked = dollars.median()[(dollars.count() >= window_days / 2) & (close.loc[past[-1]] >= min_price)]
        chosen = ranked.sort_values(ascending=False, kind="stable").index[:count]
        result[row] = close.columns.isin(chosen) & close.loc[day].notna()
    return result


@settings(max_examples=25, deadline=None)
@given(
    panel=panels(min_dates=30, max_dates=70),
    count=st.integers(1, 9),
    window_days=st.sampled_from([1, 7, 20]),
    min_price=st.sampled_from([0.0, 40.0]),
)
def test_the_top_by_dollar_volume_is_that_of_a_slow_search(
    panel: Panel, count: int, window_days: int, min_price: float
) -> None:
    found = members(panel, count=count, window_days=window_days, min_price=min_price)
    assert_array_equal(found, oracle(panel, count=count, window_days=window_days, min_price=min_price))


@settings(max_examples=25, deadline=None)
@given(panel=panels(min_dates=30, max_dates=70), cut=st.integers(1, 70))
def test_membership_never_depends_on_a_later_day(panel: Panel, cut: int) -> None:
    assert_array_equal(members(panel)[:cut], members(panel.head(cut)))


def test_changing_the_future_changes_no_past_member() -> None:
    panel = random_panel(4, dates=70)
    volume = panel.fields["volume"].copy()
    volume[45:] = volume[45:, ::-1] * 1e6
    changed = Panel(
        dates=panel.dates,
        symbols=panel.symbols,
        fields={**panel.fields, "volume": volume},
        universe=panel.universe,
        tradable=panel.tradable,
    )
    assert_array_equal(members(changed)[:45], members(panel)[:45])


def test_the_first_month_has_no_members() -> None:
    panel = random_panel(4, dates=70, missing=0.0)
    january = panel.dates < np.datetime64("2015-02-01")
    assert not members(panel)[january].any()
    assert (members(panel)[~january].sum(axis=1) == 3).all()


def test_the_loader_chooses_the_universe_on_request() -> None:
    panel = random_panel(4, dates=70, missing=0.0)
    loaded = panel_from_frame(long_frame(panel), LoadOptions(universe="top:3"))
    assert_array_equal(loaded.universe, members(panel, window_days=60, min_price=5.0))


def test_the_universe_all_passes_over_the_column() -> None:
    panel = random_panel(4)
    loaded = panel_from_frame(long_frame(panel), LoadOptions(universe="all"))
    assert_array_equal(loaded.universe, np.isfinite(loaded.fields["close"]))


def test_the_universe_column_names_no_one_without_a_quote() -> None:
    frame = long_frame(random_panel(4, missing=0.0)).assign(in_universe=True)
    frame.loc[0, "close"] = np.nan
    assert not panel_from_frame(pd.DataFrame(frame)).universe[0, 0]


@pytest.mark.parametrize(("count", "window_days"), [(0, 5), (5, 0)])
def test_a_universe_needs_a_count_and_a_window(count: int, window_days: int) -> None:
    with pytest.raises(ConfigError, match=">= 1"):
        members(random_panel(1), count=count, window_days=window_days)

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from market.errors import DataError
from market.panel import Entry, Panel
from tests.strategies import panels, random_panel

quick = settings(max_examples=40, deadline=None)


@quick
@given(panel=panels(), horizon=st.integers(1, 12), entry=st.sampled_from(["close", "open"]))
def test_forward_returns_are_the_shifted_price_ratios_of_pandas(
    panel: Panel, horizon: int, entry: Entry
) -> None:
    price = panel.frame(entry)
    bought = price.where(panel.to_frame(panel.tradable).astype(bool)).shift(-1)
    expected = price.shift(-1 - horizon) / bought - 1.0
    np.testing.assert_allclose(panel.forward_returns(horizon, entry=entry), expected, rtol=1e-12, atol=0)


@quick
@given(panel=panels(), rows=st.integers(1, 40))
def test_the_head_of_a_panel_is_the_panel_cut(panel: Panel, rows: int) -> None:
    head = panel.head(rows)
    assert_array_equal(head.fields["close"], panel.fields["close"][:rows])
    assert_array_equal(head.returns, panel.returns[:rows])
    assert head.shape == (min(rows, panel.shape[0]), panel.shape[1])


@quick
@given(panel=panels(), column=st.integers(0, 1))
def test_the_content_hash_sees_every_value(panel: Panel, column: int) -> None:
    close = panel.fields["close"].copy()
    close[-1, column] = 1234.5
    changed = Panel(
        dates=panel.dates,
        symbols=panel.symbols,
        fields={**panel.fields, "close": close},
        universe=panel.universe,
        tradable=panel.tradable,
    )
    assert changed.content_hash != panel.content_hash


def test_returns_are_those_of_pandas() -> None:
    panel = random_panel(3, missing=0.3)
    expected = panel.frame("close").pct_change(fill_method=None)
    np.testing.assert_allclose(panel.returns, expected, rtol=1e-9, atol=1e-15)


def test_until_and_between_include_both_ends() -> None:
    panel = random_panel(1, dates=10)
    assert panel.until(panel.dates[3]).shape[0] == 4
    assert_array_equal(panel.between(panel.dates[2], panel.dates[5]).dates, panel.dates[2:6])


def test_without_vwap_the_typical_price_stands_in() -> None:
    panel = random_panel(1)
    bars = panel.fields
    assert_array_equal(panel.vwap, (bars["high"] + bars["low"] + bars["close"]) / 3.0)


def test_arrays_cannot_be_written() -> None:
    panel = random_panel(1)
    with pytest.raises(ValueError, match="read-only"):
        panel.fields["close"][0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        panel.universe[0, 0] = True


@pytest.mark.parametrize("horizon", [0, -1])
def test_a_label_looks_ahead_by_at_least_a_day(horizon: int) -> None:
    with pytest.raises(DataError, match="at least 1"):
        random_panel(1).forward_returns(horizon)


def test_dates_must_increase() -> None:
    panel = random_panel(1)
    with pytest.raises(DataError, match="strictly increasing"):
        Panel(
            dates=panel.dates[::-1],
            symbols=panel.symbols,
            fields=panel.fields,
            universe=panel.universe,
            tradable=panel.tradable,
        )


def test_a_frame_has_dates_and_symbols() -> None:
    panel = random_panel(1)
    frame = panel.frame("volume")
    assert list(frame.columns) == list(panel.symbols)
    assert_array_equal(frame.index, pd.DatetimeIndex(panel.dates))
    with pytest.raises(DataError, match="no field 'vwap'"):
        panel.frame("vwap")

"""Each repair on bars that open at 10, range from 9 to 12, close at 11 and trade 100 shares."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from numpy.testing import assert_array_equal

from market.audit import AuditReport
from market.loaders.frames import panel_from_frame
from market.panel import Panel
from tests.market.bars import long_frame, plain_bars
from tests.strategies import panels


def with_first(**values: float) -> Panel:
    """The plain bars with other values on the first row: AA on 2020-01-01."""
    frame = plain_bars()
    for name, value in values.items():
        frame.loc[0, name] = value
    return panel_from_frame(frame)


def first(panel: Panel) -> dict[str, float]:
    return {name: float(values[0, 0]) for name, values in panel.fields.items()}


def kinds(panel: Panel) -> dict[str, int]:
    assert panel.audit is not None
    return {finding.kind: finding.count for finding in panel.audit.findings}


def test_faultless_bars_have_no_findings() -> None:
    panel = panel_from_frame(plain_bars())
    assert panel.audit == AuditReport(source="the DataFrame", rows=8)
    assert panel.audit.summary() == ["the DataFrame: 8 rows read, no faults found"]


@pytest.mark.parametrize("close", [0.0, -1.0, np.nan, np.inf])
def test_a_bar_without_a_positive_close_is_no_quote(close: float) -> None:
    panel = with_first(close=close)
    assert all(np.isnan(value) for value in first(panel).values())
    assert not panel.tradable[0, 0]
    assert not panel.universe[0, 0]
    assert kinds(panel) == {"close missing or not positive": 1}


@pytest.mark.parametrize("name", ["open", "high", "low"])
@pytest.mark.parametrize("value", [0.0, -2.0, np.inf])
def test_another_price_that_cannot_be_is_missing_alone(name: str, value: float) -> None:
    panel = with_first(**{name: value})
    assert [field for field, found in first(panel).items() if np.isnan(found)] == [name]
    assert kinds(panel) == {f"{name} not positive": 1}
    assert panel.tradable[0, 0]


def test_a_high_below_the_low_leaves_neither() -> None:
    panel = with_first(high=8.0)
    assert np.isnan([first(panel)["high"], first(panel)["low"]]).all()
    assert first(panel)["close"] == 11.0
    assert kinds(panel) == {"high below low": 1}


def test_the_range_is_widened_to_include_open_and_close() -> None:
    panel = with_first(close=13.0, open=8.0)
    assert (first(panel)["high"], first(panel)["low"]) == (13.0, 8.0)
    assert kinds(panel) == {"close outside low and high": 1, "open outside low and high": 1}


def test_float32_rounding_is_no_fault() -> None:
    panel = with_first(close=float(np.float32(12.1)), high=12.1)
    assert first(panel)["close"] != 12.1
    assert kinds(panel) == {}


@pytest.mark.parametrize("volume", [-5.0, np.inf])
def test_an_impossible_volume_is_missing(volume: float) -> None:
    panel = with_first(volume=volume)
    assert np.isnan(first(panel)["volume"])
    assert kinds(panel) == {"volume negative or infinite": 1, "volume zero or missing": 1}
    assert not panel.tradable[0, 0]


def test_a_day_without_volume_is_quoted_but_not_tradable() -> None:
    panel = with_first(volume=0.0)
    assert first(panel)["volume"] == 0.0
    assert panel.universe[0, 0]
    assert not panel.tradable[0, 0]
    assert kinds(panel) == {"volume zero or missing": 1}


def test_of_duplicate_rows_the_last_stays() -> None:
    frame = plain_bars()
    panel = panel_from_frame(pd.concat([frame, frame.iloc[[0]].assign(close=10.5)]))
    assert first(panel)["close"] == 10.5
    assert panel.audit is not None
    duplicates = panel.audit.findings[-1]
    assert (duplicates.kind, duplicates.count, duplicates.examples) == (
        "duplicate rows",
        1,
        ("AA 2020-01-01",),
    )


def test_dates_out_of_order_are_sorted_and_counted() -> None:
    panel = panel_from_frame(plain_bars().iloc[[2, 3, 0, 1, 4, 5, 6, 7]])
    assert (panel.dates[1:] > panel.dates[:-1]).all()
    assert kinds(panel) == {"dates out of order": 2}


def test_rows_grouped_by_symbol_are_in_order() -> None:
    assert kinds(panel_from_frame(plain_bars().sort_values(["symbol", "date"]))) == {}


def test_a_finding_names_five_places_at_most() -> None:
    frame = plain_bars(dates=10)
    frame["open"] = 0.0
    audit = panel_from_frame(frame).audit
    assert audit is not None
    assert audit.findings[0].count == 20
    assert len(audit.findings[0].examples) == 5
    assert audit.summary()[1].startswith(
        "open not positive: 20, open missing that day (AA 2020-01-01, BB 2020-01-01,"
    )


def test_a_report_survives_its_dictionary() -> None:
    audit = with_first(volume=-1.0, open=0.0).audit
    assert audit is not None
    assert AuditReport.from_dict(audit.to_dict()) == audit


@settings(max_examples=20, deadline=None)
@given(panel=panels(min_dates=20))
def test_repaired_bars_need_no_repair(panel: Panel) -> None:
    spoilt = long_frame(panel)
    assume(spoilt["symbol"].nunique() > 1)
    spoilt.loc[::3, "high"] = 1.0
    spoilt.loc[::5, "open"] = 0.0
    spoilt.loc[::7, "low"] = 1e6
    once = panel_from_frame(spoilt.assign(in_universe=True))
    again = panel_from_frame(long_frame(once))
    left_alone = {"volume zero or missing", "jump that may be a split"}
    assert set(kinds(again)) <= {*left_alone, "dates out of order"}
    assert_array_equal(again.fields["low"], once.fields["low"])

import pytest

from agents.reports.records import is_there


@pytest.mark.parametrize(
    "need", ["close", "Close", "daily closing prices", "High price", "trading volume", "OHLCV data", "收盘价"]
)
def test_daily_bars_are_known_by_their_usual_names(need: str) -> None:
    assert is_there(need)


@pytest.mark.parametrize(
    "need",
    [
        "analyst estimates",
        "price targets of analysts",
        "order book",
        "minute bars",
        "book value",
        "",
        "42",
        "财务数据",
    ],
)
def test_what_a_panel_does_not_have_is_not_taken_for_it(need: str) -> None:
    assert not is_there(need)

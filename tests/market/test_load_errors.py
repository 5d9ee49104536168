import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from market.errors import ConfigError, DataError
from market.loaders import LoadOptions, load_panel
from market.loaders.frames import panel_from_frame, panel_from_wide
from market.loaders.parquet import write_parquet
from tests.market.bars import plain_bars
from tests.strategies import random_panel

Spoil = Callable[[pd.DataFrame], pd.DataFrame]


def cell(row: int, column: str, value: object) -> Spoil:
    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({column: object})
        frame.loc[row, column] = value
        return frame

    return spoil


SPOILT: dict[str, tuple[Spoil, str]] = {
    "a missing column": (
        lambda f: f.drop(columns=["close", "low"]),
        r"no column for low, close among date, symbol, open, high, volume: .*close: close, c, ",
    ),
    "text in a price": (
        cell(5, "close", "n.a."),
        r"column 'close' must hold numbers, but data row 6 has 'n\.a\.'",
    ),
    "text in the volume": (
        cell(2, "volume", "1,000"),
        r"'volume' must hold numbers, but data row 3 has '1,000'",
    ),
    "a date that is none": (
        cell(1, "date", "2020-13-01"),
        r"'date' must hold dates .* data row 2 has '2020-13-01'",
    ),
    "an ambiguous date": (cell(1, "date", "03/04/2020"), r"data row 2 has '03/04/2020'"),
    "no symbol": (cell(3, "symbol", ""), r"column 'symbol' is empty on data row 4"),
    "one stock": (lambda f: f[f["symbol"] == "AA"], r"holds one symbol \(AA\), .* at least 2 symbols"),
    "one day": (lambda f: f.iloc[:2], r"holds 1 date: a panel needs at least 2"),
    "no rows": (lambda f: f.iloc[:0], r"has no rows"),
    "no price above zero": (lambda f: f.assign(close=0.0), r"no row has a positive close"),
    "nobody in the universe": (
        lambda f: f.assign(in_universe=False),
        r"universe 'auto' is empty on every date",
    ),
    "a membership that is neither": (
        lambda f: f.assign(in_universe="perhaps"),
        r"'in_universe' must hold true or false, but data row 1 has 'perhaps'",
    ),
    "bars of minutes": (
        lambda f: pd.concat([f] * 3),
        r"16 of 24 rows repeat a \(date, symbol\): .* daily bars",
    ),
}


def load_as(kind: str, frame: pd.DataFrame, path: Path) -> None:
    if kind == "frame":
        panel_from_frame(frame)
    elif kind == "csv":
        frame.to_csv(path, index=False)
        load_panel(path)
    else:
        frame.astype({name: str for name in frame if frame[name].dtype == object}).to_parquet(path)
        load_panel(path)


@pytest.mark.parametrize("name", SPOILT)
@pytest.mark.parametrize("kind", ["csv", "parquet", "frame"])
def test_bad_data_is_one_line_that_names_the_thing(tmp_path: Path, name: str, kind: str) -> None:
    spoil, message = SPOILT[name]
    frame = plain_bars()
    frame["date"] = frame["date"].dt.strftime("%Y-%m-%d")
    frame = spoil(frame).reset_index(drop=True)
    with pytest.raises(DataError, match=message) as caught:
        load_as(kind, frame, tmp_path / f"bars.{kind}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "held"), [(b"dear", "binary"), (date(2020, 1, 1), r"date32\[day\]")], ids=["bytes", "dates"]
)
def test_a_price_column_of_another_type_is_refused_by_its_type(
    tmp_path: Path, value: object, held: str
) -> None:
    path = tmp_path / "bars.parquet"
    plain_bars().assign(close=[value] * len(plain_bars())).to_parquet(path)
    with pytest.raises(DataError, match=rf"column 'close' holds {held}, expected numbers"):
        load_panel(path)


def load(path: Path, content: str | bytes) -> None:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    load_panel(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "", "is empty"),
        ("x.csv", "date,symbol,open,high,low,close,volume\n", "has no rows"),
        (
            "x.csv",
            "date,symbol,open,high,low,close,volume\n2020-01-01,A,1\n",
            "cannot be read as CSV: .*7 columns, got 3",
        ),
        (
            "x.csv",
            b"date,symbol,open,high,low,close,volume\n2020-01-01,\xff,1,1,1,1,1\n",
            "cannot be read as CSV",
        ),
        ("x.csv", "date,symbol,open,high,low,close,close,volume\n", "'close' appears more than once"),
        ("x.parquet", "date,symbol\n", "cannot be read as Parquet"),
        ("x.parquet", "", "cannot be read as Parquet"),
        ("x.xlsx", "PK", "unknown file type: use .parquet"),
    ],
)
def test_an_unreadable_file_is_one_line(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(tmp_path / name, content)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv does not exist"):
        load_panel(tmp_path / "nowhere.csv")


def test_a_folder_with_nothing_in_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither a panel"):
        load_panel(tmp_path)


def test_the_bad_file_of_a_folder_is_named(tmp_path: Path) -> None:
    for symbol in ("AA", "BB"):
        plain_bars(symbols=(symbol,)).drop(columns="symbol").to_csv(tmp_path / f"{symbol}.csv", index=False)
    text = (tmp_path / "BB.csv").read_text().replace("11.0", "eleven", 1)
    (tmp_path / "BB.csv").write_text(text)
    with pytest.raises(DataError, match=r"BB\.csv: column 'close' .* data row 1 has 'eleven'"):
        load_panel(tmp_path)


def test_an_unknown_symbol_is_named() -> None:
    with pytest.raises(DataError, match="unknown symbol 'ZZ': the data has 2 symbols, 'AA' to 'BB'"):
        panel_from_frame(plain_bars(), LoadOptions(symbols=("AA", "ZZ")))


def test_a_selection_of_one_symbol_cannot_be_ranked() -> None:
    with pytest.raises(DataError, match="name at least 2"):
        panel_from_frame(plain_bars(), LoadOptions(symbols=("AA", "AA")))


def test_a_period_outside_the_data_tells_its_range() -> None:
    with pytest.raises(DataError, match="covers 2020-01-01 to 2020-01-06"):
        panel_from_frame(plain_bars(), LoadOptions(start="2021-01-01"))


def test_a_universe_without_members_in_the_period_is_an_error() -> None:
    frame = plain_bars()
    frame["in_universe"] = frame["date"] < "2020-01-02"
    with pytest.raises(DataError, match="universe is empty on the 3 dates, 2 symbols selected"):
        panel_from_frame(frame, LoadOptions(start="2020-01-02"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"universe": "top"}, "'auto', 'all' or 'top:N', got 'top'"),
        ({"universe": "top:0"}, "got 'top:0'"),
        ({"start": "yesterday"}, "`start` must be a date such as 2012-12-31, got 'yesterday'"),
    ],
)
def test_options_are_checked_at_birth(options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        LoadOptions(**options)  # type: ignore[arg-type] # only texts are given


def test_the_universe_of_a_panel_folder_is_settled(tmp_path: Path) -> None:
    random_panel(1).save(tmp_path / "panel")
    with pytest.raises(DataError, match="settled"):
        load_panel(tmp_path / "panel", LoadOptions(universe="all"))


def test_wide_frames_need_unique_labels_and_numbers() -> None:
    frames = {name: random_panel(1).frame(name) for name in ("open", "high", "low", "close", "volume")}
    with pytest.raises(DataError, match="frame 'open' has the symbol S000 twice"):
        panel_from_wide({**frames, "open": frames["open"].set_axis(["S000"] * 8, axis=1)})
    wrong = frames["close"].astype(object)
    wrong.iloc[2, 3] = "much"
    with pytest.raises(DataError, match=r"frame 'close': column 'S003' .* data row 3 has 'much'"):
        panel_from_wide({**frames, "close": wrong})
    with pytest.raises(DataError, match="no column for volume"):
        panel_from_wide({name: frame for name, frame in frames.items() if name != "volume"})


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write"):
        write_parquet(random_panel(1), tmp_path / "file" / "x.parquet")


def test_numbers_beyond_float64_are_infinite_not_errors(tmp_path: Path) -> None:
    frame = plain_bars()
    frame.loc[0, "volume"] = np.inf
    frame.to_csv(tmp_path / "x.csv", index=False)
    panel = load_panel(tmp_path / "x.csv")
    assert np.isnan(panel.fields["volume"][0, 0])

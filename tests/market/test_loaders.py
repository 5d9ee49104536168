from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from numpy.testing import assert_array_equal

from market.loaders import LoadOptions, load_panel
from market.loaders.frames import panel_from_frame, panel_from_wide
from market.loaders.parquet import write_parquet
from market.panel import FIELDS, Panel
from tests.market.bars import long_frame, plain_bars
from tests.strategies import panels, random_panel

quick = settings(max_examples=25, deadline=None)


def complete(panel: Panel) -> bool:
    """Whether every date and symbol has a quote, so that a long table can hold the panel."""
    quoted = np.isfinite(panel.fields["close"])
    return bool(quoted.any(axis=0).all() and quoted.any(axis=1).all() and panel.universe.any())


@quick
@given(panel=panels())
def test_a_long_frame_gives_the_panel_it_was_made_of(panel: Panel) -> None:
    assume(complete(panel))
    shuffled = long_frame(panel).sample(frac=1.0, random_state=0)
    assert panel_from_frame(shuffled).content_hash == panel.content_hash


@quick
@given(panel=panels())
def test_wide_frames_give_the_panel_they_were_made_of(panel: Panel) -> None:
    assume(panel.universe.any())
    frames = {name: panel.frame(name) for name in FIELDS} | {
        "in_universe": panel.to_frame(panel.universe * 1.0)
    }
    assert panel_from_wide(frames).content_hash == panel.content_hash


@settings(max_examples=10, deadline=None)
@given(panel=panels())
def test_a_parquet_file_gives_the_panel_that_was_written(
    tmp_path_factory: pytest.TempPathFactory, panel: Panel
) -> None:
    assume(panel.universe.any())
    path = tmp_path_factory.mktemp("written") / "panel.parquet"
    write_parquet(panel, path)
    assert load_panel(path).content_hash == panel.content_hash


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_a_csv_file_gives_the_panel_it_was_made_of(tmp_path: Path, suffix: str) -> None:
    panel = random_panel(2)
    long_frame(panel).to_csv(tmp_path / f"bars{suffix}", index=False)
    assert Panel.load(tmp_path / f"bars{suffix}").content_hash == panel.content_hash


def test_a_folder_of_csv_files_takes_the_symbols_from_their_names(tmp_path: Path) -> None:
    panel = random_panel(2)
    for symbol, rows in long_frame(panel).groupby("symbol"):
        rows.drop(columns="symbol").to_csv(tmp_path / f"{symbol}.csv", index=False)
    assert Panel.load(tmp_path).content_hash == panel.content_hash


def test_a_panel_folder_is_opened_as_it_is(tmp_path: Path) -> None:
    random_panel(2).save(tmp_path / "panel")
    assert Panel.load(tmp_path / "panel").content_hash == random_panel(2).content_hash


@pytest.mark.parametrize("levels", [["date", "symbol"], ["symbol", "date"]])
@pytest.mark.parametrize("named", [True, False])
def test_index_levels_may_come_in_either_order_and_without_names(levels: list[str], named: bool) -> None:
    panel = random_panel(2)
    frame = long_frame(panel).set_index(levels)
    if not named:
        frame.index.names = [None, None]
    assert panel_from_frame(frame).content_hash == panel.content_hash


def test_columns_are_found_under_their_aliases() -> None:
    names = {"date": "Trade_Date", "symbol": "TS_CODE", "open": "O", "close": "Last", "volume": "vol"}
    assert panel_from_frame(plain_bars().rename(columns=names)).content_hash == (
        panel_from_frame(plain_bars()).content_hash
    )


@pytest.mark.parametrize("style", ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%dT00:00:00-05:00"])
def test_dates_may_be_spelt_in_several_ways(style: str) -> None:
    frame = plain_bars()
    frame["date"] = frame["date"].dt.strftime(style)
    assert_array_equal(panel_from_frame(frame).dates, panel_from_frame(plain_bars()).dates)


def test_dates_may_be_whole_numbers() -> None:
    frame = plain_bars()
    frame["date"] = frame["date"].dt.strftime("%Y%m%d").astype(int)
    assert_array_equal(panel_from_frame(frame).dates, panel_from_frame(plain_bars()).dates)


def test_a_symbol_is_text_even_if_it_looks_like_a_number_or_like_nothing(tmp_path: Path) -> None:
    plain_bars(symbols=("000001", "NA", "TRUE")).to_csv(tmp_path / "bars.csv", index=False)
    assert load_panel(tmp_path / "bars.csv").symbols == ("000001", "NA", "TRUE")


def test_semicolons_separate_too_and_empty_cells_are_missing(tmp_path: Path) -> None:
    frame = plain_bars()
    frame.loc[0, "open"] = np.nan
    frame.to_csv(tmp_path / "bars.csv", index=False, sep=";")
    panel = load_panel(tmp_path / "bars.csv")
    assert np.isnan(panel.fields["open"][0, 0])
    assert np.isfinite(panel.fields["open"]).sum() == 7


def test_vwap_is_kept_where_the_source_has_it() -> None:
    panel = panel_from_frame(plain_bars().assign(vwap=10.5))
    assert (panel.vwap == 10.5).all()


def test_raw_prices_follow_the_adjusted_close() -> None:
    frame = plain_bars().assign(**{"Adj Close": 5.5})
    panel = panel_from_frame(frame)
    assert panel.fields["close"][0, 0] == 5.5
    assert panel.fields["open"][0, 0] == 5.0
    assert panel.audit is not None
    assert panel.audit.count("raw prices beside an adjusted close") == 8


def test_without_a_universe_column_every_quote_is_a_member() -> None:
    panel = panel_from_frame(plain_bars().drop(index=3))
    assert_array_equal(panel.universe, np.isfinite(panel.fields["close"]))
    assert panel.universe.sum() == 7


@pytest.mark.parametrize("spelling", [("true", "false"), ("1", "0"), (1, 0), (True, False), ("Yes", "no")])
def test_membership_may_be_spelt_in_several_ways(spelling: tuple[object, object]) -> None:
    frame = plain_bars()
    frame["in_universe"] = np.where(frame["symbol"] == "AA", *(np.array(spelling, dtype=object)))
    assert panel_from_frame(frame).universe.tolist() == [[True, False]] * 4


def test_start_end_and_symbols_select_from_the_whole() -> None:
    whole = random_panel(2)
    options = LoadOptions(
        start=str(whole.dates[5]), end=str(whole.dates[20]), symbols=("S006", "S001", "S003")
    )
    part = panel_from_frame(long_frame(whole), options)
    assert part.symbols == ("S001", "S003", "S006")
    assert_array_equal(part.dates, whole.dates[5:21])
    assert_array_equal(part.fields["close"], whole.fields["close"][5:21, [1, 3, 6]])
    assert part.audit is not None


def test_wide_frames_may_differ_in_dates_and_symbols() -> None:
    panel = random_panel(2, missing=0.0)
    frames = {name: panel.frame(name) for name in FIELDS}
    frames["open"] = frames["open"].iloc[3:, 1:]
    opened = panel_from_wide(frames).fields["open"]
    assert np.isnan(opened[:3]).all()
    assert np.isnan(opened[:, 0]).all()
    assert_array_equal(opened[3:, 1:], panel.fields["open"][3:, 1:])


def test_timestamps_with_a_zone_keep_their_local_day() -> None:
    frame = plain_bars()
    frame["date"] = pd.DatetimeIndex(frame["date"]).tz_localize("Asia/Shanghai")
    assert_array_equal(panel_from_frame(frame).dates, panel_from_frame(plain_bars()).dates)

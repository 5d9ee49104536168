import datetime
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from market.dates import as_day
from market.errors import ConfigError, DataError
from market.loaders import LoadOptions
from tests.strategies import random_panel


def test_a_panel_survives_pickling_read_only() -> None:
    panel = random_panel(1)
    copy = pickle.loads(pickle.dumps(panel))
    assert copy.content_hash == panel.content_hash
    assert not copy.fields["close"].flags.writeable


def test_a_replaced_field_changes_the_hash_of_an_opened_panel(tmp_path: Path) -> None:
    panel = random_panel(1)
    panel.save(tmp_path / "panel")
    opened = type(panel).open(tmp_path / "panel")
    assert replace(opened, universe=np.zeros_like(panel.universe)).content_hash != opened.content_hash


@pytest.mark.parametrize("rows", [0, -1])
def test_a_head_without_dates_is_refused(rows: int) -> None:
    with pytest.raises(DataError, match=rf"at least one date, got head\({rows}\)"):
        random_panel(1).head(rows)


def test_a_period_outside_the_data_is_answered_with_its_range() -> None:
    panel = random_panel(1)
    with pytest.raises(DataError, match=f"the data covers {panel.dates[0]} to {panel.dates[-1]}"):
        panel.until("1999-01-01")


@pytest.mark.parametrize("date", ["soon", "NaT"])
def test_a_period_ends_on_a_date(date: str) -> None:
    with pytest.raises(DataError, match=f"written like 2012-12-31, got '{date}'"):
        random_panel(1).until(date)


def test_one_symbol_in_text_is_not_taken_for_a_list_of_letters() -> None:
    with pytest.raises(ConfigError, match="got the text 'AAPL'"):
        LoadOptions(symbols="AAPL")  # type: ignore[arg-type]  # the mistake under test


def test_a_panel_describes_itself_in_one_line() -> None:
    assert repr(random_panel(1)) == (
        "Panel(40 dates 2015-01-01..2015-02-25, 8 symbols, open high low close volume)"
    )


def test_importing_the_panel_does_not_import_pandas() -> None:
    check = "import sys, market.panel, market.loaders; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize(
    "date",
    [
        "2018-06-01",
        "20180601",
        datetime.date(2018, 6, 1),
        datetime.datetime(2018, 6, 1, 23, 59),
        pd.Timestamp("2018-06-01 12:00"),
        np.datetime64("2018-06-01T12:00:00.5"),
    ],
)
def test_a_day_has_many_spellings(date) -> None:
    assert as_day(date) == np.datetime64("2018-06-01", "D")


@pytest.mark.parametrize("date", ["yesterday", "2018", "2018-13-01", "", pd.NaT, np.datetime64("NaT")])
def test_what_is_no_day_is_refused(date) -> None:
    with pytest.raises(DataError, match="written like 2012-12-31"):
        as_day(date)

"""The US equities file, recounted with pandas; skipped where it is not at hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from market.audit import AuditReport
from market.loaders import load_panel
from market.loaders.parquet import write_parquet
from market.panel import Panel
from market.universe import top_dollar_volume_universe

SOURCE = Path(__file__).parents[3] / "shared" / "data" / "us_equities.parquet"
pytestmark = pytest.mark.skipif(
    not SOURCE.exists(), reason="the US equities file is not beside the repository"
)


@pytest.fixture(scope="module")
def panel() -> Panel:
    return load_panel(SOURCE)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_parquet(SOURCE)


@pytest.fixture(scope="module")
def audit(panel: Panel) -> AuditReport:
    assert panel.audit is not None
    return panel.audit


def overnight(panel: Panel, symbol: str, day: str) -> float:
    """Close-to-close return into `day`."""
    return float(panel.returns[np.searchsorted(panel.dates, np.datetime64(day)), panel.symbols.index(symbol)])


def test_every_row_becomes_a_quote(panel: Panel, rows: pd.DataFrame) -> None:
    assert panel.shape == (rows["date"].nunique(), rows["symbol"].nunique()) == (2266, 954)
    assert np.isfinite(panel.fields["close"]).sum() == len(rows)
    assert panel.universe.sum() == rows["in_universe"].sum()
    assert panel.tradable.sum() == (rows["volume"] > 0).sum()


def test_faults_are_counted_as_pandas_counts_them(audit: AuditReport, rows: pd.DataFrame) -> None:
    prices = rows[["open", "high", "low", "close"]].astype(float)
    usable = prices.where(prices > 0)
    assert audit.rows == len(rows)
    assert audit.count("open not positive") == (prices["open"] <= 0).sum()
    assert audit.count("low not positive") == (prices["low"] <= 0).sum()
    inverted = usable["high"] < usable["low"] * (1 - 1e-6)
    assert audit.count("high below low") == inverted.sum()
    sound = usable[~inverted]
    outside = (sound["close"] > sound["high"] * (1 + 1e-6)) | (sound["close"] < sound["low"] * (1 - 1e-6))
    assert audit.count("close outside low and high") == outside.sum()
    assert audit.count("volume zero or missing") == (rows["volume"] <= 0).sum()


@pytest.mark.parametrize(
    ("symbol", "day"), [("CSX", "2011-06-16"), ("DECK", "2010-07-06"), ("UHS", "2009-12-16")]
)
def test_forgotten_splits_are_repaired(panel: Panel, symbol: str, day: str) -> None:
    assert abs(overnight(panel, symbol, day)) < 0.1


@pytest.mark.parametrize(
    ("symbol", "day", "move"),
    [("AIG", "2008-09-15", -0.6), ("ILMN", "2011-10-07", -0.32), ("C", "2009-02-27", -0.39)],
)
def test_genuine_crashes_stay(panel: Panel, symbol: str, day: str, move: float) -> None:
    assert overnight(panel, symbol, day) == pytest.approx(move, abs=0.02)


def test_prices_without_a_repair_are_those_of_the_file(panel: Panel, rows: pd.DataFrame) -> None:
    apple = rows.loc[rows["symbol"] == "AAPL"].set_index("date")["close"].astype(float)
    column = panel.fields["close"][:, panel.symbols.index("AAPL")]
    np.testing.assert_array_equal(column[np.isfinite(column)], apple)


def test_the_panel_survives_being_written_and_audited_again(panel: Panel, tmp_path: Path) -> None:
    write_parquet(panel, tmp_path / "again.parquet")
    again = load_panel(tmp_path / "again.parquet")
    assert again.content_hash == panel.content_hash
    assert again.audit is not None
    assert again.audit.count("split not adjusted") == 0


def test_the_top_500_are_those_of_the_universe_column(panel: Panel) -> None:
    """The column was made by the same rule from unrepaired prices."""
    chosen = top_dollar_volume_universe(panel.dates, panel.fields["close"], panel.fields["volume"], count=500)
    later = panel.dates >= np.datetime64("2007-06-01")
    agreed, either = chosen & panel.universe, chosen | panel.universe
    assert agreed[later].sum() / either[later].sum() > 0.99

"""`evaluate` on the real market agrees with a straightforward computation from the raw file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import factorengine as fe
from tests.factors.programs import REVERSAL

DATA = Path(__file__).parents[3] / "shared" / "data" / "us_equities.parquet"
YEARS = ("2010-01-01", "2011-12-30")

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data/us_equities.parquet")


def test_a_five_day_reversal_has_the_scores_that_pandas_and_scipy_give() -> None:
    panel = fe.Panel.load(DATA, repair_splits=False, start=YEARS[0], end=YEARS[1])
    scores = fe.evaluate(REVERSAL, panel).to_dict()["horizons"]

    raw = pd.read_parquet(DATA)
    raw["date"] = pd.to_datetime(raw["date"])
    raw = raw[raw["date"].between(*YEARS)]
    close, volume, member = (
        raw.pivot(index="date", columns="symbol", values=name) for name in ("close", "volume", "in_universe")
    )
    close = close.astype(np.float64)
    signal = -(close / close.shift(5) - 1)
    signal = signal.where(member.eq(True))
    for horizon in (1, 3, 5, 10):
        bought = close.where(volume > 0).shift(-1)
        forward = close.shift(-1 - horizon) / bought - 1
        daily = [pair_scores(signal.loc[day], forward.loc[day]) for day in close.index]
        ic, rank_ic = (pd.Series(column).dropna() for column in zip(*daily, strict=True))
        expected = {
            "ic": ic.mean(),
            "icir": ic.mean() / ic.std(),
            "rank_ic": rank_ic.mean(),
            "rank_icir": rank_ic.mean() / rank_ic.std(),
        }
        assert scores[str(horizon)]["days"] == len(ic)
        for name, value in expected.items():
            assert scores[str(horizon)][name] == pytest.approx(value, abs=1e-9), (horizon, name)


def test_the_whole_repaired_file_has_the_scores_that_pandas_gives() -> None:
    panel = fe.Panel.load(DATA)
    scores = fe.evaluate(REVERSAL, panel).to_dict()["horizons"]

    raw = pd.read_parquet(DATA, columns=["date", "symbol", "volume", "in_universe"])
    raw["date"] = pd.to_datetime(raw["date"])
    volume, member = (raw.pivot(index="date", columns="symbol", values=n) for n in ("volume", "in_universe"))
    close = panel.frame("close")  # repaired; all else comes from the raw file
    signal = -(close / close.shift(5) - 1)
    signal = signal.where(member.eq(True))
    assert signal.shape == panel.shape
    for horizon in (1, 3, 5, 10):
        forward = close.shift(-1 - horizon) / close.where(volume > 0).shift(-1) - 1
        both = signal.notna() & forward.notna()
        enough = both.sum(axis=1) >= 10
        one, other = signal.where(both)[enough], forward.where(both)[enough]
        ic = row_correlation(one, other)
        rank_ic = row_correlation(one.rank(axis=1), other.rank(axis=1))
        expected = {
            "days": len(ic),
            "ic": ic.mean(),
            "icir": ic.mean() / ic.std(),
            "rank_ic": rank_ic.mean(),
            "rank_icir": rank_ic.mean() / rank_ic.std(),
        }
        for name, value in expected.items():
            assert scores[str(horizon)][name] == pytest.approx(value, abs=1e-9), (horizon, name)


def row_correlation(one: pd.DataFrame, other: pd.DataFrame) -> pd.Series:
    """Pearson correlation of each row of `one` with that of `other`; both have the same cells missing."""
    one, other = (frame.sub(frame.mean(axis=1), axis=0) for frame in (one, other))
    return (one * other).sum(axis=1) / np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))


def pair_scores(signal: pd.Series, forward: pd.Series) -> tuple[float, float]:
    both = signal.notna() & forward.notna()
    if both.sum() < 10:
        return np.nan, np.nan
    return stats.pearsonr(signal[both], forward[both])[0], stats.spearmanr(signal[both], forward[both])[0]

"""The seed programs against Alpha158's formulas, written again with pandas."""

import numpy as np
import pandas as pd
import pytest

from factors.causality import audit_causality
from factors.execution import run
from factors.program import Program
from factors.seeds import SEED_SETS, seed_sources
from market.errors import ConfigError
from market.panel import Panel

ALL = {name: text for library in SEED_SETS for name, text in seed_sources(library).items()}


def small_panel() -> Panel:
    rng = np.random.default_rng(3)
    shape = (90, 5)
    close = 30 * np.exp(np.cumsum(rng.normal(0, 0.02, shape), axis=0))
    open_ = close * np.exp(rng.normal(0, 0.01, shape))
    high, low = np.maximum(open_, close) * 1.01, np.minimum(open_, close) * 0.985
    volume = np.round(np.exp(rng.normal(12, 0.6, shape)))
    return Panel(
        dates=np.arange(np.datetime64("2021-01-01"), np.datetime64("2021-01-01") + shape[0]),
        symbols=tuple("ABCDE"),
        fields={"open": open_, "high": high, "low": low, "close": close, "volume": volume},
        universe=np.ones(shape, dtype=np.bool_),
        tradable=np.ones(shape, dtype=np.bool_),
    )


def line_fit(window: np.ndarray) -> np.ndarray:
    day = np.arange(len(window), dtype=np.float64)
    return np.polyval(np.polyfit(day, window, 1), day)


def last_residual(window: np.ndarray) -> float:
    return float(window[-1] - line_fit(window)[-1])


def explained_share(window: np.ndarray) -> float:
    residual = window - line_fit(window)
    return float(1 - (residual**2).sum() / ((window - window.mean()) ** 2).sum())


def alpha158(panel: Panel) -> dict[str, pd.DataFrame]:
    opens, high, low, close, volume = (
        pd.DataFrame(panel.fields[name]) for name in ("open", "high", "low", "close", "volume")
    )
    moved = (close / close.shift(1) - 1).abs() * volume
    change = np.log(volume / volume.shift(1) + 1)
    return {
        "corr5": close.rolling(5).corr(np.log(volume + 1)),
        "resi5": close.rolling(5).apply(last_residual, raw=True) / close,
        "resi10": close.rolling(10).apply(last_residual, raw=True) / close,
        "roc60": close.shift(60) / close,
        "rsqr5": close.rolling(5).apply(explained_share, raw=True),
        "cord5": (close / close.shift(1)).rolling(5).corr(change),
        "std5": close.rolling(5).std() / close,
        "klen": (high - low) / opens,
        "klow": (np.minimum(opens, close) - low) / opens,
        "vstd5": volume.rolling(5).std() / (volume + 1e-12),
        "wvma5": moved.rolling(5).std() / (moved.rolling(5).mean() + 1e-12),
    }


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_seed_equals_the_formula_it_names(name: str) -> None:
    panel = small_panel()
    expected = alpha158(panel)[name].to_numpy()
    np.testing.assert_allclose(run(Program.parse(ALL[name]), panel), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_seed_reads_no_later_day(name: str) -> None:
    program = Program.parse(ALL[name])
    audit_causality(lambda panel: run(program, panel), small_panel())


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_seed_names_its_rationale_and_its_source(name: str) -> None:
    assert "\n\nRationale: " in ALL[name]
    assert "\n\nSource: Qlib, Alpha158, " in ALL[name]
    assert max(map(len, ALL[name].splitlines())) <= 110


def test_a_window_in_a_name_is_the_default_of_the_program() -> None:
    for name, text in ALL.items():
        digits = "".join(filter(str.isdigit, name))
        expected = {"window": int(digits)} if digits else {}
        assert Program.parse(text).parameters.defaults() == expected


def test_the_sets_have_five_and_ten_seeds_in_their_order() -> None:
    assert list(seed_sources("alpha158-5")) == ["corr5", "resi5", "klen", "klow", "vstd5"]
    assert len(seed_sources("alpha158-10")) == 10


def test_an_unknown_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        ConfigError, match="no seed set is called 'alpha360': choose one of alpha158-5, alpha158-10"
    ):
        seed_sources("alpha360")

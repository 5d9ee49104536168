"""Dimensional analysis: what must not be added, ranked or returned."""

import pytest

from agents.grammar.units import unit_problems

SOUND = (
    "return data.close / ops.ts_mean(data.close, 5) - 1",
    "return ops.cs_rank(data.close * data.volume)",
    "usual = ops.ts_mean(data.volume, p['w'])\nreturn ops.cs_rank(data.volume / usual)",
    "return np.where(data.close > data.open, data.returns, 0)",
    "return (2 * data.close - data.high - data.low) / (data.high - data.low)",
    "return ops.ts_corr(data.close, data.volume, 10)",
    "return ops.safe_div(ops.ts_std(data.volume, 5), data.volume) + data.returns",
    "return anything(data.close) + data.volume * anything(data.open)",
)

UNSOUND = {
    "return data.close": "depends on the size of a share",
    "return -data.volume": "depends on the size of a share",
    "return data.close + data.volume": "different units",
    "return data.close - data.returns": "different units",
    "return ops.cs_rank(ops.ts_mean(data.vwap, 5))": "what `cs_rank` compares",
    "x = data.close * 2\nreturn x / data.volume": "depends on the size of a share",
    "return np.where(data.close > data.volume, data.returns, 0)": "different units",
    "return np.maximum(data.open, data.volume) / data.open": "different units",
}


@pytest.mark.parametrize("code", SOUND)
def test_a_score_in_comparable_units_is_sound(code: str) -> None:
    assert unit_problems(code) == []


@pytest.mark.parametrize(("code", "problem"), UNSOUND.items())
def test_nonsense_is_named(code: str, problem: str) -> None:
    assert any(problem in found for found in unit_problems(code))

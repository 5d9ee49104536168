"""What of a program Qlib can say, and the list of what it cannot."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factors.formulas import NotExpressibleError, read_formula, to_qlib, write_program
from market.errors import FactorEngineError
from tests.factors.programs import REVERSAL, body

NUMPY = "import numpy as np"
WINDOW = '{"w": {"type": "int", "low": 2, "high": 60, "default": 5}}'


def exported(statements: str, **parts: str) -> str:
    return to_qlib(body(statements, **{"header": NUMPY} | parts))


@pytest.mark.parametrize(
    ("expression", "formula"),
    [
        ("data.close", "$close"),
        ("data.returns", "($close / Ref($close, 1)) - 1"),
        ("-data.close", "-1 * $close"),
        ("np.log1p(np.abs(data.volume))", "Log((1 + Abs($volume)))"),
        ("np.where(data.close > data.open, 1.0, 0)", "If(($close > $open), 1, 0)"),
        ("np.where(~(data.close > 2) & (data.open < 3), 1, 0)", "If((Not(($close > 2)) & ($open < 3)), 1, 0)"),
        ("ops.where(data.close > 2, data.open, data.low)", "If(($close > 2), $open, $low)"),
        ("np.minimum(data.close, 3) ** 2", "Power(Less($close, 3), 2)"),
        ("ops.clip(data.close, low=1, high=2)", "Less(Greater($close, 1), 2)"),
        ("ops.safe_div(data.close, data.open)", "$close / $open"),
        ("ops.ts_wma(data.close, 5)", "WMA($close, 5)"),
        ("ops.ts_quantile(data.close, 5, 0.8)", "Quantile($close, 5, 0.8)"),
        ("ops.ts_mean(data.close, 5, min_periods=1)", "Mean($close, 5)"),
        ("ops.ts_argmax(data.close, window=5)", "5 - IdxMax($close, 5)"),
        ("5 - ops.ts_argmax(data.close, 5)", "IdxMax($close, 5)"),
        ("ops.ts_rank(data.close, 5) + ops.cs_rank(data.close)", "Rank($close, 5) + Rank($close)"),
        ("ops.ts_zscore(data.close, 5)", "($close - Mean($close, 5)) / Std($close, 5)"),
        ("ops.ts_pct_change(data.close, 5)", "($close / Ref($close, 5)) - 1"),
        ("ops.ts_range(data.close, 5)", "Max($close, 5) - Min($close, 5)"),
        ("ops.ts_beta(data.close, data.open, 5)", "Cov($close, $open, 5) / Var($open, 5)"),
        ("ops.signed_power(data.low - 9, 3)", "Sign(($low - 9)) * Power(Abs(($low - 9)), 3)"),
        ("ops.squash(data.close)", "$close / (Abs($close) + 1)"),
    ],
)  # fmt: skip
def test_an_expression_has_its_counterpart(expression, formula) -> None:
    assert exported(f"return {expression}") == formula


def test_names_and_parameters_are_replaced_by_what_they_stand_for() -> None:
    statements = """
    half = max(int(p["w"] / 2), LEAST)
    moved, unused = data.close, 0
    moved -= ops.ts_mean(moved, half)
    moved: float = moved / ops.ts_std(data.close, 2 * p["w"])
    return moved
    """
    text = body(
        "\n".join(map(str.strip, statements.strip().splitlines())), parameters=WINDOW, header="LEAST = 3"
    )
    assert to_qlib(text) == "($close - Mean($close, 3)) / Std($close, 10)"
    assert to_qlib(text, {"w": 9}) == "($close - Mean($close, 4)) / Std($close, 18)"


def test_a_comparison_guarded_against_missing_values_is_a_comparison() -> None:
    guarded = "return np.where(np.isnan(data.close - data.open), np.nan, data.close > data.open)"
    assert exported(guarded) == "$close > $open"
    with pytest.raises(NotExpressibleError, match=r"np\.where"):
        exported(guarded.replace("isnan(data.close - data.open)", "isnan(data.low)"))


def test_every_construct_without_counterpart_is_listed_by_its_line() -> None:
    text = f'''"""An idea."""

{NUMPY}

PARAMETERS = {{"field": {{"type": "categorical", "choices": ["close"], "default": "close"}}}}


def helper(x):
    return x


def factor(data, ops, p):
    total = ops.cs_zscore(data.close)
    for lag in range(3):
        total = total + helper(ops.ts_delay(data.close, 3)) + data.close % 2
    frame = data.frame(p["field"]).rolling(5).mean()
    total[:2] = data.close
    if True:
        total = total * ops.ts_product(data.open, 2)
    spread = ops.ts_mean(data.close, 5, min_periods=2) + np.tanh(data.close)
    return total + frame.to_numpy() + spread + (1 < data.close) * data.close[0]
'''
    with pytest.raises(NotExpressibleError) as refusal:
        to_qlib(text)
    assert refusal.value.constructs == (
        (13, "`ops.cs_zscore`"),
        (14, "a loop"),
        (15, "the function `helper`"),
        (15, "`data.close % 2`"),
        (16, '`p["field"]`'),
        (16, "the function `data.frame`"),
        (16, 'the function `data.frame(p["field"]).rolling`'),
        (16, 'the function `data.frame(p["field"]).rolling(5).mean`'),
        (17, "an assignment to `total[:2]`"),
        (18, "an `if` statement"),
        (19, "`ops.ts_product`"),
        (20, "`min_periods` other than 1"),
        (20, "`np.tanh`"),
        (21, "the function `frame.to_numpy`"),
        (21, "`data.close[0]`"),
    )


@pytest.mark.parametrize(
    ("statements", "construct"),
    [
        ("return 3", "a result without data"),
        ("x = data.close", "does not end with `return`"),
        ("x = data.close\n" + "x = x + x\n" * 40 + "return x", "at most 500 parts"),
        ("return ops.ts_mean(data.close, data.open)", "constant number of days"),
        ("return ops.ts_mean(data.close)", "`ops.ts_mean` without window"),
        ("return ops.ts_wma(data.close, 2, [1, 2])", r"\[1, 2\]"),
        ("return ops.ts_mean(data.close, 5, 6)", "the arguments of `ops.ts_mean`"),
        ("return np.log(data.close, data.open)", "`log` takes 1 operands, got 2"),
        ("return np.clip(data.close, 1)", "the arguments of `np.clip`"),
        ("return np.where(data.close, 1, 2)", "needs a condition"),
        ("data = data.close\nreturn data.close", "`data.close`"),
        ("return data.close * max()", "the arguments of `max`"),
        ("return (1 < data.close) * (0 < data.close < 2)", "`0 < data.close < 2`"),
        ("return np.maximum(data.close, 1, out=data.close)", "`np.maximum` with keywords"),
    ],
)
def test_what_is_no_formula_is_refused(statements, construct) -> None:
    with pytest.raises(NotExpressibleError, match=construct):
        exported(statements)


def test_parameters_change_the_exported_formula() -> None:
    program = write_program(read_formula("Sum($close, 5) / 5"))
    assert to_qlib(program, {"window": 8}) == "Sum($close, 8) / 8"


@given(
    place=st.integers(0, 400),
    cut=st.integers(0, 6),
    piece=st.sampled_from(["", "(", "ops.", "data", "[0]", "1e999", " or ", "\n"]),
)
def test_any_damaged_program_is_exported_or_refused(place, cut, piece) -> None:
    with suppress(FactorEngineError):
        read_formula(to_qlib(REVERSAL[:place] + piece + REVERSAL[place + cut :]), dialect="qlib")

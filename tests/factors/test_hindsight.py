"""Look-ahead that the text shows is refused with the causal alternative; honest code that looks alike is not."""

import pytest

from factors.errors import LookAheadError, PolicyError
from factors.policy import MAX_DEPTH, MAX_NODES
from factors.program import Program
from tests.factors.programs import body

HEADER = "import numpy as np\nimport pandas as pd"


@pytest.mark.parametrize(
    ("expression", "remedy"),
    [
        ("data.frame('close').shift(-1)", "a positive lag"),
        ("data.frame('close').shift(periods=-p['lag'])", "a positive lag"),
        ("data.frame('close').diff(-2)", "a positive lag"),
        ("data.frame('close').pct_change(-2)", "a positive lag"),
        ("data.frame('close').bfill()", "ffill"),
        ("data.frame('close').fillna(method='bfill')", "ffill"),
        ("data.frame('close').interpolate()", "ffill"),
        ("data.close[::-1] * 1.0", "ts_delay"),
        ("np.flipud(data.close)", "ts_delay"),
        ("data.close / np.nanmean(data.close, axis=0)", "ts_mean"),
        ("data.close - data.close.mean()", "ts_mean"),
        ("data.frame('close').rank()", "ts_rank"),
        ("data.frame('close').quantile(0.5)", "trailing window"),
        ("np.quantile(data.close, 0.5)", "trailing window"),
        ("np.quantile(data.close, 0.5, axis=0)", "trailing window"),
        ("np.sort(data.close, 0)", "cs_rank"),
        ("np.fft.rfft(data.close, axis=0)", "trailing window"),
        ("pd.qcut(data.close, 5)", "cs_bucket"),
        ("np.gradient(data.close, axis=0)", "ts_delta"),
        ("(np.log(ops.ts_mean(data.close, 5)) - 1).std(0)", "trailing window"),
        ("np.where(data.close > 1, data.open, 0.0).max(axis=0)", "trailing window"),
    ],
)
def test_what_the_text_shows_is_refused(expression, remedy) -> None:
    with pytest.raises(LookAheadError, match=rf"line 8: .* is look-ahead: use .*{remedy}"):
        Program.parse(body(f"return {expression}", header=HEADER))


def test_a_name_carries_its_shape_along() -> None:
    with pytest.raises(LookAheadError, match="line 10: `mean`"):
        Program.parse(
            body("x = data.close\ny = ops.cs_rank(x) - 0.5\nreturn y - y.mean(axis=0)", header=HEADER)
        )


@pytest.mark.parametrize(
    "statements",
    [
        "return data.close / np.nanmean(data.close, axis=1, keepdims=True)",
        "return data.frame('close').shift(1)",
        "return data.close[:, ::-1] * 1.0",
        "return data.frame('close').rolling(5).mean()",
        "return data.frame('close').rolling(5).rank()",
        "return data.frame('close').rolling(5).quantile(0.5)",
        "return data.frame('close').expanding().max()",
        "return data.frame('close').rank(axis=1)",
        "return data.frame('close').rank(axis='columns')",
        "return np.quantile(data.close, 0.5, 1)[:, None] - data.close",
        "return np.argsort(data.close, axis=1)",
        "return np.sort(data.close)",
        "return np.mean(np.stack([data.open, data.close]), axis=0)",
        "return np.max([data.open, data.close], axis=0)",
        "return np.cumsum(data.close, axis=0)",
        "x = data.close\nx = x[:5]\nreturn x.mean(axis=0)",
        "out = np.zeros(data.close.shape)\n"
        "for t in range(20, len(out)):\n    out[t] = data.close[t - 20 : t].mean(axis=0)\n"
        "return out",
    ],
)
def test_honest_code_is_left_alone(statements) -> None:
    Program.parse(body(statements, header=HEADER))


def test_size_and_nesting_are_bounded() -> None:
    deep = "-" * (MAX_DEPTH + 1) + "data.close"
    with pytest.raises(PolicyError, match="nested at most"):
        Program.parse(body(f"return {deep}"))
    with pytest.raises(PolicyError, match=rf"at most {MAX_NODES} syntax nodes"):
        Program.parse(body("x = [" + "1, " * MAX_NODES + "]\nreturn data.close"))

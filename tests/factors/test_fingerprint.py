import pytest

from factors.program import Program
from tests.factors.programs import REVERSAL, body


def mark(source: str) -> str:
    return Program.parse(source).fingerprint


@pytest.mark.parametrize(
    "other",
    [
        REVERSAL.replace("past_return", "x"),
        REVERSAL.replace("window", "days"),
        REVERSAL.replace("Five-day reversal", "Another story"),
        REVERSAL.replace("    past", "    # a comment\n    past").replace(" - 1", "-1"),
        REVERSAL.replace("(data, ops, p)", "(d, o, q)")
        .replace("data.", "d.")
        .replace("ops.", "o.")
        .replace("p[", "q["),
        REVERSAL.replace('"low": 2, "high": 20', '"high": 20, "low": 2'),
    ],
)
def test_names_comments_and_formatting_do_not_count(other) -> None:
    assert mark(other) == mark(REVERSAL)


@pytest.mark.parametrize(
    "other",
    [
        REVERSAL.replace("- 1", "- 2"),
        REVERSAL.replace("ts_delay", "ts_mean"),
        REVERSAL.replace("return -past", "return past"),
        REVERSAL.replace('"high": 20', '"high": 30'),
        REVERSAL.replace("data.close /", "data.vwap /"),
    ],
)
def test_logic_and_ranges_count(other) -> None:
    assert mark(other) != mark(REVERSAL)


def test_how_a_module_is_imported_does_not_count() -> None:
    one = body("return np.log(data.close)", header="import numpy as np")
    other = body("return numpy.log(data.close)", header="import numpy")
    third = body("return log(data.close)", header="from numpy import log")
    assert mark(one) == mark(other) == mark(third)


def test_equal_names_in_different_scopes_do_not_count() -> None:
    one = body(
        "def a(x):\n    y = x + 1\n    return y\ndef b(x):\n    y = x * 2\n    return y\nreturn a(b(data.close))"
    )
    other = body(
        "def f(u):\n    v = u + 1\n    return v\ndef g(w):\n    z = w * 2\n    return z\nreturn f(g(data.close))"
    )
    assert mark(one) == mark(other)


def test_two_parameters_swapped_in_the_code_count() -> None:
    short = '{"type": "int", "low": 1, "high": 9, "default": 2}'
    long = '{"type": "int", "low": 5, "high": 60, "default": 20}'
    ranges = f'{{"a": {short}, "b": {long}}}'
    one = body("return ops.ts_mean(data.close, p['a']) - ops.ts_mean(data.close, p['b'])", parameters=ranges)
    other = body(
        "return ops.ts_mean(data.close, p['b']) - ops.ts_mean(data.close, p['a'])", parameters=ranges
    )
    assert mark(one) != mark(other)

"""How a written program reads."""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factors.formulas import read_formula, write_program
from factors.program import Program
from tests.factors.formulas.evaluator import FORMULAS
from tests.factors.formulas.strategies import formulas


def written(text: str) -> str:
    return write_program(read_formula(text))


def statements(text: str) -> list[str]:
    return written(text).partition("p):\n")[2].replace("    ", "").splitlines()


def ranges(text: str) -> dict[str, dict[str, object]]:
    literal = re.search(r"^PARAMETERS = (\{.*?\}$)", written(text), re.MULTILINE | re.DOTALL)
    return ast.literal_eval(literal[1]) if literal else {}


def test_a_program_reads_as_a_person_would_write_it() -> None:
    formula = read_formula("Corr($close, Log($volume+1), 10)")
    text = write_program(
        formula, idea="Price moves with volume.", rationale="Haste.", source="Qlib, Alpha158, CORR10"
    )
    assert text == (
        '"""Price moves with volume.\n\n'
        "Rationale: Haste.\n\n"
        "Source: Qlib, Alpha158, CORR10\n"
        "Formula: Corr($close, Log($volume+1), 10)\n"
        '"""\n\n'
        "import numpy as np\n\n"
        "PARAMETERS = {\n"
        '    "window": {"type": "int", "low": 3, "high": 60, "default": 10, "log": True},\n'
        "}\n\n\n"
        "def factor(data, ops, p):\n"
        '    return ops.ts_corr(data.close, np.log(data.volume + 1), p["window"])\n'
    )


@pytest.mark.parametrize(
    ("text", "idea"),
    [
        (
            "Corr($close, Log($volume + 1), 10)",
            "The correlation of close and the log of (volume plus 1) over 10 days.",
        ),
        ("-rank(delta(close, 5))", "Minus the rank of the 5-day change of close."),
        ("close > open ? 1 : -1", "1 if close above open, else -1."),
    ],
)
def test_the_idea_defaults_to_the_formula_in_words(text, idea) -> None:
    assert Program.parse(written(text)).idea == idea


def test_the_words_for_a_long_formula_are_short() -> None:
    idea = Program.parse(written("+".join(["Corr($close, $volume / Ref($open, 3), 10)"] * 4))).idea
    assert idea.startswith("A combination of close, volume and open, led by the correlation of")
    assert len(idea) < 160


@pytest.mark.parametrize(
    ("text", "defaults"),
    [
        ("Mean($close, 5) / Ref($close, 5)", {"window": 5}),
        ("Ref($close, 5) / $close", {"window": 5}),
        ("Mean($close, 5) / Ref($close, 20)", {"mean_window": 5, "delay_days": 20}),
        ("delta(close, 3) + stddev(close, 9) + stddev(close, 4)",
         {"change_days": 3, "std_window": 9, "std_window_2": 4}),
        ("Mean(Std($close, 5), 5) + Max($close, 7)", {"window": 5, "max_window": 7}),
        ("$close / Ref($close, 1)", {}),
        ("$close / ($open + 1e-12) - 1", {}),
    ],
)  # fmt: skip
def test_equal_windows_are_one_parameter_named_by_what_it_does(text, defaults) -> None:
    assert Program.parse(written(text)).parameters.defaults() == defaults


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("Mean($close, 5)", 2, 60),
        ("Kurt($close, 30)", 10, 90),
        ("Kurt($close, 9)", 4, 60),
        ("Corr($close, $open, 2)", 2, 60),
    ],
)
def test_a_range_begins_where_the_operator_makes_sense(text, low, high) -> None:
    specification = ranges(text)["window"]
    assert (specification["low"], specification["high"], specification["log"]) == (low, high, True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "sum(close, 7) / 7 - close",
            'return ops.ts_sum(data.close, p["window"]) / p["window"] - data.close',
        ),
        (
            "IdxMax($high, 5) / 5",
            'return (p["window"] - ops.ts_argmax(data.high, p["window"])) / p["window"]',
        ),
        ("rank(close) * 2 + rank(open)", "return ops.cs_rank(data.close) * 2 + ops.cs_rank(data.open)"),
    ],
)
def test_a_divisor_that_is_the_window_follows_it(text, line) -> None:
    assert statements(text) == [line]


def test_a_weight_and_its_complement_are_one_parameter_below_one() -> None:
    assert ranges("close * 0.49 + open * (1 - 0.49)")["weight"]["high"] < 1
    assert statements("close * 0.49 + open * (1 - 0.49)") == [
        'return data.close * p["weight"] + data.open * (1 - p["weight"])'
    ]


def test_thresholds_and_exponents_are_parameters() -> None:
    defaults = Program.parse(written("(rank(close) > 0.7) * abs(open) ^ 1.5")).parameters.defaults()
    assert defaults == {"threshold": 0.7, "exponent": 1.5}


def test_what_is_used_twice_has_a_name() -> None:
    assert statements("Rank(Mean($close, 5)) / Mean($close, 5)") == [
        'mean_close = ops.ts_mean(data.close, p["window"])',
        "return ops.cs_rank(mean_close) / mean_close",
    ]


def test_a_name_hides_neither_a_field_nor_a_builtin() -> None:
    assert statements("($open + 1e-12) / Rank($open + 1e-12)") == [
        "open_value = data.open + 1e-12",
        "return open_value / ops.cs_rank(open_value)",
    ]


def test_a_comparison_is_missing_where_an_input_is() -> None:
    assert statements("rank(close > open ? 1 : 0)") == [
        "close_above_open = np.where(np.isnan(data.close - data.open), np.nan, data.close > data.open)",
        "return ops.cs_rank(ops.where(close_above_open, 1, 0))",
    ]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_line_fits_and_the_formula_is_found_in_the_text(text) -> None:
    program = written(text)
    assert max(map(len, program.splitlines())) <= 110
    docstring = ast.get_docstring(ast.parse(program)) or ""
    _, _, quoted = docstring.partition("Formula: ")
    assert quoted.split() == text.split()


@given(pair=formulas)
def test_a_long_formula_is_wrapped_and_can_be_read_again(pair) -> None:
    program = written(pair[0])
    assert max(map(len, program.splitlines())) <= 110
    quoted = (ast.get_docstring(ast.parse(program)) or "").partition("Formula: ")[2]
    assert "".join(quoted.split()) == "".join(pair[0].split())
    assert read_formula(quoted).tree == read_formula(pair[0]).tree


@given(idea=st.text(max_size=300), rationale=st.text(max_size=300), source=st.text(max_size=80))
def test_any_words_make_a_docstring(idea, rationale, source) -> None:
    formula = read_formula("Mean($close, 5)")
    program = Program.parse(write_program(formula, idea=idea, rationale=rationale, source=source))
    assert program.fingerprint == Program.parse(write_program(formula)).fingerprint

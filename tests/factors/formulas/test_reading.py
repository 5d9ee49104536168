"""What is read, what is refused, and that nothing else can happen."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factors.formulas import FormulaError, MissingDataError, read_formula, write_program
from factors.formulas.syntax import Call, Field, Number
from factors.lifting import lift_constants
from factors.program import Program
from market.errors import FactorEngineError
from tests.factors.formulas.evaluator import FORMULAS

CLOSE, OPEN = Field("close"), Field("open")


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("Rank($close)", "qlib"),
        ("$close", "qlib"),
        ("rank(close)", "worldquant"),
        ("Ts_Rank(close, 5)", "worldquant"),
        ("Log(close)", "worldquant"),
    ],
)
def test_the_notation_is_recognised(text, dialect) -> None:
    assert read_formula(text).dialect == dialect


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$close - $open - $low", "($close - $open) - $low"),
        ("$close - $open * $low", "$close - ($open * $low)"),
        ("-$close ** 2", "-($close ** 2)"),
        ("2 ** -$close", "2 ** (-$close)"),
        ("$close ** $open ** $low", "$close ** ($open ** $low)"),
        ("-1 * $close", "-$close"),
        ("--$close", "$close"),
        ("($close > 1) & ($open > 1) | ($low > 1)", "(($close > 1) & ($open > 1)) | ($low > 1)"),
        ("Gt(Add($close, 1), 2)", "$close + 1 > 2"),
        ("close > 1 || open > 1 && low > 1 ? 1 : 2", "(close > 1 || (open > 1 && low > 1)) ? 1 : 2"),
        ("close > 1 ? 1 : open > 1 ? 2 : 3", "close > 1 ? 1 : (open > 1 ? 2 : 3)"),
        ("close < 1 || close == 1 ? 1 : 0", "close <= 1 ? 1 : 0"),
        ("CLOSE ^ 2 / Open", "(close ^ 2) / open"),
        ("ts_std_dev(close, 5)", "stddev(close, 5.9)"),
        ("5 - ts_arg_max(close, 5)", "ts_argmax(close, 5)"),
        ("close * (2 + 3)", "close * 5"),
    ],
)
def test_two_spellings_are_one_tree(one, other) -> None:
    assert read_formula(one).tree == read_formula(other).tree


def test_a_tree_holds_operators_fields_numbers_and_days() -> None:
    expected = Call("ts_corr", (CLOSE, Call("add", (OPEN, Number(1e-12)))), 10)
    assert read_formula("Corr($close, $open + 1e-12, 10)").tree == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", r"column 1: expected a number, .* found the end"),
        ("rank(close", r"column 11: expected `,` or `\)`, found the end"),
        ("rank(close))", r"column 12: expected an operator or the end of the formula, found `\)`"),
        ("close close", r"column 7: expected an operator"),
        ("close + ", r"column 9: expected a number"),
        ("close # open", r"column 7: '#' is not part of a formula"),
        ("close > 1 ? 2", r"column 14: expected `:`"),
        ("Meen($close, 5)", r"column 1: `Meen` is no operator of the Qlib notation: did you mean `Mean`"),
        ("rnak(close)", r"did you mean `rank`"),
        ("rank(clsoe)", r"column 6: `clsoe` is no field .* did you mean `close`"),
        ("Mean(close, 5)", r"column 6: a field begins with a dollar sign: write `\$close`"),
        ("Ref($close, -2)", r"column 13: `Ref` with -2 days reads the future"),
        ("delay(close, -1)", r"reads the future"),
        ("Mean($close, 0)", r"1 to 2000 days, got 0"),
        ("Mean($close, 2001)", r"1 to 2000 days, got 2001"),
        ("Mean($close, 5.5)", r"whole number of days, got 5.5"),
        ("sum(close, 0.9)", r"1 to 2000 days, got 0.9"),
        ("Mean($close, $open)", r"constant number of days"),
        ("Mean($close)", r"column 1: `Mean` is called as Mean\(x, d\), got 1 arguments"),
        ("Mean(3, 5)", r"needs data, got a constant"),
        ("Quantile($close, 5, 80)", r"between 0 and 1, got 80"),
        ("winsorize(close, limit=3)", r"takes no `limit`"),
        ("1 + 1", r"reads data, got a constant"),
        ("$close / (1 - 1)** -1", r"finite number"),
        ("$close + 1e999", r"column 10: .*finite number"),
        ("If($close, 1, 2)", r"needs a condition, got a number"),
        ("close && open", r"column 7: `and` needs a condition"),
        ("1 < $close < 3", r"column 12: comparisons do not chain"),
        ("$close > 1 & $open > 2", r"needs a condition|do not chain"),
        ("group_rank(close)", r"called as group_rank\(x, group\)"),
        ("(" * 101 + "close" + ")" * 101, r"nest at most 100"),
        ("+".join(["close"] * 102), r"nested at most 100"),
        ("+".join(["(close+open+low+high+vwap+volume)"] * 60), r"at most 500 parts"),
        ("close" + " " * 10_000, r"at most 10000 characters"),
    ],
)
def test_a_refusal_says_where_and_what(text, complaint) -> None:
    with pytest.raises(FormulaError, match=complaint):
        read_formula(text)


def test_an_unknown_notation_is_refused() -> None:
    with pytest.raises(FormulaError, match="one of auto, qlib, worldquant, got 'excel'"):
        read_formula("close", dialect="excel")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("indneutralize(close, IndClass.sector) * rank(cap)", ("sector", "cap")),
        ("group_rank(close, industry)", ("industry",)),
        ("indneutralize(close, open)", ("indneutralize",)),
        ("Mask($close, 'SH000300')", ("SH000300", "Mask")),
        ("$close / $turnover", (r"turnover",)),
    ],
)
def test_data_that_no_panel_has_is_named(text, missing) -> None:
    with pytest.raises(MissingDataError) as refusal:
        read_formula(text)
    assert len(refusal.value.missing) == len(missing)
    assert all(word in found for word, found in zip(missing, refusal.value.missing, strict=True))


def understood_or_refused(text: str) -> None:
    with suppress(FormulaError):
        program = write_program(read_formula(text))
        Program.parse(program)
        assert lift_constants(program).lifted == ()


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text) -> None:
    understood_or_refused(text)


_WORDS = "( ) , + - * / ^ ** < > == || && | & ? : ! ~ = 0 1 5 0.3 1e-12 $close $open close volume adv20 cap Rank( Ref( "
_PIECES = (
    _WORDS + "Mean( Corr( If( rank( delay( ts_rank( min( signedpower( scale( Quantile( IndClass.sector"
).split()


@given(st.lists(st.sampled_from(_PIECES), max_size=25))
def test_any_row_of_tokens_is_understood_or_refused(pieces) -> None:
    understood_or_refused(" ".join(pieces))


@given(
    text=st.sampled_from(sorted(FORMULAS)),
    place=st.integers(0, 60),
    cut=st.integers(0, 4),
    piece=st.sampled_from([*_PIECES, ""]),
)
def test_any_damaged_formula_is_understood_or_refused(text, place, cut, piece) -> None:
    understood_or_refused(text[:place] + piece + text[place + cut :])


def test_every_refusal_is_one_of_the_engine() -> None:
    assert issubclass(MissingDataError, FormulaError)
    assert issubclass(FormulaError, FactorEngineError)

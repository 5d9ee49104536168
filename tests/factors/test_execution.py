import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from factors.causality import audit_causality
from factors.data import ProgramData
from factors.errors import ContractError, ExecutionError, LookAheadError, ProgramError
from factors.execution import Runnable, require_opinion, run
from factors.ops import OperatorCache, Operators
from factors.program import Program
from tests.factors.programs import REVERSAL, body
from tests.strategies import panels


def program(statements: str, **options: str) -> Program:
    return Program.parse(body(statements, **options))


@given(panel=panels())
@settings(max_examples=15, deadline=None)
def test_a_reversal_is_what_pandas_says(panel) -> None:
    expected = -(panel.frame("close") / panel.frame("close").shift(5) - 1)
    values = expected.where(np.isfinite(expected)).to_numpy()
    np.testing.assert_allclose(run(Program.parse(REVERSAL), panel), values, rtol=1e-12)


@given(panel=panels())
@settings(max_examples=10, deadline=None)
def test_a_frame_and_an_array_are_the_same_answer(panel) -> None:
    one = run(program("return data.close * 2"), panel)
    other = run(program("return data.frame('close') * 2"), panel)
    np.testing.assert_array_equal(one, other)


@pytest.fixture
def panel():
    from market.synthetic import SyntheticConfig, synthesize

    return synthesize(SyntheticConfig(dates=160, symbols=24), seed=3).panel


@pytest.mark.parametrize(
    ("statements", "error", "message"),
    [
        ("return 1.0", ContractError, "returns an array or a DataFrame, got float"),
        ("return data.close[1:]", ContractError, "returns shape"),
        ("return data.close.astype(str)", ContractError, "returns numbers"),
        (
            "return data.close + missing(1)\n\ndef missing(x):\n    return x",
            ExecutionError,
            "UnboundLocalError",
        ),
        ("return data.close[10000]", ExecutionError, "IndexError at line 7"),
        ("data.close[0, 0] = 1.0\nreturn data.close", ExecutionError, "read-only"),
        ("return ops.ts_men(data.close, 5)", ContractError, "no operator `ops.ts_men`; nearest: ts_mean"),
        ("return ops.ts_delay(data.close, -1)", LookAheadError, "lag"),
        ("return data.frame('price')", ContractError, "data.frame"),
    ],
)
def test_what_a_program_does_wrong_is_named(panel, statements, error, message) -> None:
    with pytest.raises(error, match=message):
        run(program(statements), panel)


def test_all_nan_is_no_opinion(panel) -> None:
    silent = program("return data.close * np.nan", header="import numpy as np")
    with pytest.raises(ContractError, match="NaN for every stock and day"):
        require_opinion(run(silent, panel), silent)


def test_infinities_are_no_opinion(panel) -> None:
    signal = run(program("return data.close / 0.0"), panel)
    assert not np.isinf(signal).any()


def test_a_compiled_function_of_the_program_checks_its_bounds(panel) -> None:
    text = """
@numba.njit
def walk(x):
    total = 0.0
    for i in range(len(x) + 100000):
        total += x[i]
    return total

walk(np.ascontiguousarray(data.close[:, 0]))
return data.close
"""
    with pytest.raises(ExecutionError, match="IndexError"):
        run(program(text, header="import numpy as np\nimport numba"), panel)


@pytest.mark.parametrize(
    "statements",
    [
        "x = data.close[:]\nreturn x / np.nanmean(x, axis=0)",
        "lag = len(p) - 1\nreturn data.frame('close').shift(lag)",
        "return np.full(data.close.shape, float(len(data.close)))",
        "return np.roll(data.close, len(p) - 1, axis=0)",
        "return data.close.shape[0] * data.close",
        "out = data.close.copy()\nout[:-1] = data.close[1:] / data.close[:-1]\nreturn out",
    ],
)
def test_a_look_ahead_is_found(panel, statements) -> None:
    guilty = program(statements, header="import numpy as np")
    with pytest.raises(LookAheadError, match=r"the score of SYN\d+ on \d{4}-"):
        audit_causality(lambda seen: run(guilty, seen), panel)


def test_an_honest_program_passes_the_audit(panel) -> None:
    honest = Program.parse(REVERSAL)
    audit_causality(lambda seen: run(honest, seen), panel)


def test_the_cache_changes_nothing_and_is_hit(panel) -> None:
    data = ProgramData(panel)
    cache = OperatorCache([data.close, data.volume, data.returns], max_bytes=2**24)
    cached = Operators(panel.universe, cache)
    runnable = Runnable(
        program(
            "x = ops.cs_rank(data.volume)\nreturn ops.ts_mean(x, 5) + ops.ts_mean(ops.cs_rank(data.volume), 5)"
        )
    )
    plain = runnable(data, Operators(panel.universe), {})
    np.testing.assert_array_equal(runnable(data, cached, {}), plain)
    np.testing.assert_array_equal(runnable(data, cached, {}), plain)
    assert (cache.misses, cache.hits) == (2, 6)


def test_a_program_cannot_change_what_the_cache_holds(panel) -> None:
    data = ProgramData(panel)
    operators = Operators(panel.universe, OperatorCache([data.close], max_bytes=2**24))
    spoiler = Runnable(program("x = ops.ts_mean(data.close, 5)\nx[:] = 0.0\nreturn x"))
    with pytest.raises(ExecutionError, match="read-only"):
        spoiler(data, operators, {})


def test_an_array_changed_in_place_is_computed_anew(panel) -> None:
    data = ProgramData(panel)
    operators = Operators(panel.universe, OperatorCache([data.close], max_bytes=2**24))
    text = "x = data.close.copy()\na = ops.ts_mean(x, 5).copy()\nx *= 2.0\nreturn ops.ts_mean(x, 5) - a * 2.0"
    difference = Runnable(program(text))(data, operators, {})
    assert np.nanmax(np.abs(difference)) < 1e-9


def test_the_cache_keeps_to_its_bytes(panel) -> None:
    data = ProgramData(panel)
    size = data.close.nbytes
    cache = OperatorCache([data.close], max_bytes=3 * size)
    operators = Operators(panel.universe, cache)
    for window in (*range(2, 12), 2):
        result = operators.ts_mean(data.close, window)
        np.testing.assert_allclose(result, pd.DataFrame(data.close).rolling(window).mean(), rtol=1e-9)
    assert cache.hits == 0


def test_errors_keep_their_stage() -> None:
    assert {error.stage for error in ProgramError.__subclasses__()} == {
        "parse", "policy", "contract", "causality", "stability", "novelty", "run", "sandbox", "timeout", "memory",
    }  # fmt: skip

"""What operators accept, and what they say when they refuse."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from factors import operators as ops
from factors.errors import ContractError, LookAheadError
from factors.operators.catalogue import OPERATORS

X = np.random.default_rng(0).normal(size=(12, 4))


@pytest.mark.parametrize(
    "call",
    [
        lambda: ops.ts_delay(X, -1),
        lambda: ops.ts_delta(X, -1),
        lambda: ops.ts_pct_change(X, -5),
        lambda: ops.ts_mean(X, -3),
        lambda: ops.ts_corr(X, X, -3),
        lambda: ops.ts_autocorr(X, 5, -1),
        lambda: ops.ts_quantile(X, -2, 0.5),
        lambda: ops.ts_fill(X, -2),
    ],
)
def test_looking_ahead_is_refused_by_name_and_with_a_remedy(call: Any) -> None:
    with pytest.raises(LookAheadError, match=r"`ts_\w+` needs .* got -\d: .*reads the future, .*"):
        call()


@pytest.mark.parametrize("window", [0, 2.5, "5", None, True, np.float64(5.0)])
def test_a_window_is_a_positive_whole_number(window: Any) -> None:
    with pytest.raises(ContractError, match="`ts_mean` needs"):
        ops.ts_mean(X, window)


def test_a_window_may_be_a_numpy_integer() -> None:
    assert_array_equal(ops.ts_mean(X, np.int32(3)), ops.ts_mean(X, 3))


@pytest.mark.parametrize("min_periods", [0, 6, 1.5])
def test_min_periods_lies_within_the_window(min_periods: Any) -> None:
    with pytest.raises(ContractError, match="min_periods"):
        ops.ts_mean(X, 5, min_periods=min_periods)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (X[:, 0], "x\\[:, None\\]"),
        (X[None], r"got shape \(1, 12, 4\)"),
        ([["a", "b"]], "needs numbers"),
        (np.full((2, 2), "text"), "needs numbers"),
        (None, "needs"),
    ],
)
def test_only_a_table_of_numbers_is_an_array(given: Any, named: str) -> None:
    with pytest.raises(ContractError, match=named):
        ops.ts_mean(given, 2)


@pytest.mark.parametrize(
    "same",
    [
        pd.DataFrame(X),
        np.asfortranarray(X),
        X[::-1][::-1],
        X.tolist(),
        np.repeat(X, 2, axis=1)[:, ::2],
    ],
    ids=["frame", "columns first", "reversed view", "lists", "strided"],
)
def test_any_layout_of_the_same_numbers_gives_the_same_result(same: Any) -> None:
    assert_array_equal(ops.ts_mean(same, 3), ops.ts_mean(X, 3))
    assert_array_equal(ops.cs_rank(same), ops.cs_rank(X))


def test_booleans_integers_and_singles_are_numbers() -> None:
    flags = X > 0
    for dtype in (bool, np.int16, np.float32):
        assert_array_equal(ops.ts_sum(flags.astype(dtype), 3), ops.ts_sum(flags.astype(float), 3))


@pytest.mark.parametrize(
    "call",
    [
        lambda: ops.ts_corr(X, X[:-1], 3),
        lambda: ops.cs_neutralize(X, X[:, :2]),
        lambda: ops.where(X > 0, X[:2], 0.0),
        lambda: ops.safe_div(X, X[:2]),
        lambda: ops.cs_rank(X, universe=X > 0)[:0] + ops.cs_rank(X, universe=(X > 0)[:2]),
        lambda: ops.cs_group_rank(X, np.zeros(3)),
    ],
)
def test_arrays_must_have_one_shape(call: Any) -> None:
    with pytest.raises(ContractError, match="shape"):
        call()


def test_a_universe_is_boolean() -> None:
    with pytest.raises(ContractError, match="boolean universe"):
        ops.cs_rank(X, universe=(X > 0).astype(float))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "call",
    [
        lambda: ops.ts_quantile(X, 3, 1.5),
        lambda: ops.cs_clip_quantile(X, 0.9, 0.1),
        lambda: ops.clip(X, 1.0, -1.0),
        lambda: ops.cs_bucket(X, 0),
        lambda: ops.cs_winsorize(X, float("nan")),
        lambda: ops.cs_neutralize(X),
        lambda: ops.safe_div(1.0, 2.0),
        lambda: ops.ts_wma(X, 3, [1.0, 2.0]),
        lambda: ops.ts_wma(X, 2, [1.0, -2.0]),
        lambda: ops.cs_group_demean(X, X),
        lambda: ops.cs_group_demean(X, np.array([0, 1, 2, 10**6])),
        lambda: ops.ts_scan(lambda state: state, X),  # type: ignore[arg-type, misc]
        lambda: ops.ts_scan(lambda state, value: state.upper() + value, X),  # type: ignore[attr-defined]
    ],
)
def test_a_bad_parameter_is_named_in_one_line(call: Any) -> None:
    with pytest.raises(ContractError, match=r"^`\w+` needs [^\n]*$"):
        call()


def test_the_edges_of_the_table_are_allowed() -> None:
    empty = np.empty((0, 4))
    assert ops.ts_mean(empty, 3).shape == (0, 4)
    assert ops.cs_rank(np.empty((3, 0))).shape == (3, 0)
    assert_array_equal(ops.ts_delay(X, 0), X)
    assert np.isnan(ops.ts_delay(X, 99)).all()
    assert np.isnan(ops.ts_mean(X, 99)).all()


def test_a_latch_holds_its_value_until_it_is_let_go() -> None:
    x = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    enter = np.array([[0], [1], [0], [0], [1]])
    leave = np.array([[0], [0], [0], [1], [1]])
    assert_array_equal(ops.ts_hold(x, enter, leave)[:, 0], [np.nan, 2.0, 2.0, np.nan, 5.0])


def test_a_step_of_ones_own_runs_down_the_days_and_sleeps_over_missing_ones() -> None:
    x = np.array([[1.0], [np.nan], [2.0], [4.0]])
    total = ops.ts_scan(lambda state, value: 0.5 * state + value, x, 8.0)
    assert_array_equal(total[:, 0], [5.0, np.nan, 4.5, 6.25])


def test_the_catalogue_describes_each_operator_in_a_line() -> None:
    for operator in OPERATORS.values():
        assert operator.summary.endswith(".")
        assert operator.universe == (operator.kind == "cross section")
        assert operator.name.startswith(("ts_", "cs_")) == (operator.kind != "elementwise")
    assert OPERATORS["ts_autocorr"].signature == "ts_autocorr(x, window, lag=1)"

"""Laws every operator obeys, checked over the whole catalogue: an operator without an oracle fails here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from factors.operators import threads
from factors.operators.catalogue import OPERATORS, Operator
from market.arrays import FloatArray
from tests.oracles import ORACLES

OPERATOR_NAMES = sorted(OPERATORS)
LAWS = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def leaky_sum(state: float, value: float) -> float:
    return 0.5 * state + value


@dataclass(frozen=True)
class Call:
    """One call of an operator: positional arguments and keywords."""

    arguments: tuple[Any, ...]
    keywords: dict[str, Any]

    def to(self, function: Callable[..., FloatArray]) -> FloatArray:
        return function(*self.arguments, **self.keywords)

    def map_arrays(self, change: Callable[[Any], Any]) -> "Call":
        """Change every argument with a row for each date."""
        dated = [change(a) if isinstance(a, np.ndarray) and a.ndim == 2 else a for a in self.arguments]
        named = {k: change(v) if isinstance(v, np.ndarray) else v for k, v in self.keywords.items()}
        return Call(tuple(dated), named)


def draw_array(rng: np.random.Generator, shape: tuple[int, int], kind: str) -> FloatArray:
    """Draw what markets and bad data look like: missing blocks, ties, constant stretches, infinities."""
    x = rng.normal(size=shape)
    if kind == "ties":
        x = np.rint(2 * x) / 2
    if kind == "walk":
        x = 100.0 * np.exp(0.02 * x.cumsum(axis=0))
    if kind == "offset":
        x = 1e6 + x
    if kind == "scales":
        x = x * 10.0 ** rng.integers(-6, 7, size=shape)
    if kind == "constant":
        x[:, : 1 + shape[1] // 2] = rng.normal() + 0.1
        x[: 1 + shape[0] // 2] = 0.3
    x[rng.random(shape) < rng.choice([0.0, 0.1, 0.6])] = np.nan
    rows = rng.integers(0, shape[0] + 1, 2)
    x[min(rows) : max(rows), rng.integers(0, shape[1])] = np.nan
    if kind == "infinite":
        x[rng.random(shape) < 0.2] = np.inf
        x[rng.random(shape) < 0.2] = -np.inf
    return x


def draw_argument(kind: str, name: str, rng: np.random.Generator, shape: tuple[int, int], data: str) -> Any:
    if name in {"condition", "enter", "leave"}:
        flags = (rng.random(shape) < 0.3).astype(float)
        flags[rng.random(shape) < 0.1] = np.nan
        return flags
    if name == "groups":
        groups = rng.integers(0, 3, size=shape).astype(float)
        groups[rng.random(shape) < 0.1] = np.nan
        return groups if rng.random() < 0.7 else groups[0]
    if name in {"low", "high"}:
        return {"low": 0.1, "high": 0.8}[name]
    return {
        "array": lambda: draw_array(rng, shape, data),
        "arrays": lambda: draw_array(rng, shape, "ties" if rng.random() < 0.3 else "walk"),
        "lag": lambda: int(rng.integers(1, 4)),
        "count": lambda: int(rng.integers(1, 6)),
        "share": lambda: float(rng.choice([0.0, 0.25, 0.5, 0.9, 1.0])),
        "number": lambda: float(rng.choice([0.5, 1.0, 1.5, 2.0])),
        "step": lambda: leaky_sum,
    }[kind]()


@st.composite
def calls(draw: st.DrawFn, operator: Operator, kinds: tuple[str, ...]) -> Call:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (draw(st.integers(1, 30)), draw(st.integers(1, 6)))
    data = draw(st.sampled_from(kinds))
    window = draw(st.sampled_from([1, 2, 3, 5, 8, 40]))
    arguments: list[Any] = []
    for argument in operator.arguments:
        if argument.kind == "window":
            arguments.append(window)
        elif argument.kind == "weights":
            arguments.append(list(rng.uniform(0.1, 2.0, window)))
        else:
            arguments.append(draw_argument(argument.kind, argument.name, rng, shape, data))
    keywords: dict[str, Any] = {}
    if operator.min_periods and draw(st.booleans()):
        keywords["min_periods"] = draw(st.integers(1, window))
    if operator.universe and draw(st.booleans()):
        days = np.sort(rng.integers(0, shape[0], shape[0]))  # most days have the members of the day before
        keywords["universe"] = (rng.random(shape) < 0.7)[days]
    return Call(tuple(arguments), keywords)


ANY_DATA = ("bell", "ties", "walk", "offset", "scales", "constant", "infinite")


def test_every_operator_has_an_oracle_and_every_oracle_an_operator() -> None:
    assert sorted(ORACLES) == OPERATOR_NAMES
    assert len(OPERATOR_NAMES) >= 60


@pytest.mark.parametrize("name", OPERATOR_NAMES)
def test_an_operator_agrees_with_its_oracle(name: str) -> None:
    operator = OPERATORS[name]

    @LAWS
    @given(call=calls(operator, ANY_DATA))
    def agrees(call: Call) -> None:
        expected = call.to(ORACLES[name])
        magnitude = largest_finite(*call.arguments)
        assert_allclose(
            call.to(operator.function), expected, rtol=1e-8, atol=tolerance(name, magnitude, expected)
        )

    agrees()


def largest_finite(*arguments: Any) -> float:
    arrays = [a[np.isfinite(a)] for a in arguments if isinstance(a, np.ndarray)]
    return max((float(np.abs(a).max()) for a in arrays if a.size), default=1.0)


def tolerance(name: str, magnitude: float, expected: FloatArray) -> float:
    """Rounding that a result may inherit from the size of its inputs: they cancel in these statistics."""
    finite = expected[np.isfinite(expected)]
    scale = float(np.abs(finite).max()) if finite.size else 0.0
    cancelling = {"cs_neutralize", "ts_residual", "ts_regression_residual", "cs_demean", "cs_group_demean"}
    return 1e-12 * scale + (1e-10 * magnitude if name in cancelling else 0.0) + 1e-14 * min(magnitude, 1.0)


@pytest.mark.parametrize("name", OPERATOR_NAMES)
def test_a_value_never_depends_on_a_later_day(name: str) -> None:
    operator = OPERATORS[name]

    @LAWS
    @given(call=calls(operator, ("bell", "walk", "infinite")), share=st.floats(0.0, 1.0))
    def is_causal(call: Call, share: float) -> None:
        full = call.to(operator.function)
        cut = 1 + int(share * (len(full) - 1))

        def other_future(x: Any) -> Any:
            changed = x.copy()
            changed[cut:] = (np.arange(changed[cut:].size) % 5).reshape(changed[cut:].shape)
            return changed

        assert_array_equal(call.map_arrays(lambda x: x[:cut]).to(operator.function), full[:cut])
        assert_array_equal(call.map_arrays(other_future).to(operator.function)[:cut], full[:cut])

    is_causal()


@pytest.mark.parametrize("name", OPERATOR_NAMES)
def test_an_operator_leaves_its_inputs_alone_and_returns_fresh_memory(name: str) -> None:
    operator = OPERATORS[name]

    @settings(LAWS, max_examples=3)
    @given(call=calls(operator, ("ties", "infinite")))
    def is_pure(call: Call) -> None:
        before = call.map_arrays(np.copy)

        def frozen(x: Any) -> Any:
            copy = x.copy()
            copy.flags.writeable = False
            return copy

        locked = call.map_arrays(frozen)
        result = locked.to(operator.function)
        assert result.flags.writeable
        assert result.flags.c_contiguous
        assert result.dtype == np.float64
        for argument, original in zip(locked.arguments, before.arguments, strict=True):
            if isinstance(argument, np.ndarray):
                assert not np.shares_memory(result, argument)
                assert_array_equal(argument, original)

    is_pure()


@pytest.mark.parametrize("name", OPERATOR_NAMES)
def test_threads_do_not_change_a_bit(name: str) -> None:
    rng = np.random.default_rng(5)
    operator = OPERATORS[name]
    arguments: list[Any] = []
    for argument in operator.arguments:
        fixed = {"window": 4, "weights": [1.0, 2.0, 3.0, 4.0]}.get(argument.kind)
        drawn = draw_argument(argument.kind, argument.name, rng, (30, 37), "ties") if fixed is None else fixed
        arguments.append(drawn)
    alone = operator.function(*arguments)
    with threads(3):
        together = operator.function(*arguments)
    assert_array_equal(together, alone)

import pytest

from factors.errors import ContractError
from factors.parameters import ParameterSpace

SPACE = ParameterSpace.parse(
    {
        "window": {"type": "int", "low": 2, "high": 60, "default": 20, "log": True},
        "power": {"type": "float", "low": 0.5, "high": 2.0, "default": 1.0},
        "field": {"type": "categorical", "choices": ["close", "vwap"], "default": "close"},
    }
)


def test_missing_values_are_defaults() -> None:
    assert SPACE.complete({"window": 5}) == {"window": 5, "power": 1.0, "field": "close"}


def test_a_whole_float_is_an_int() -> None:
    value = SPACE.complete({"window": 5.0})["window"]
    assert (value, type(value)) == (5, int)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"windw": 5}, "unknown parameter `windw`; .* window, power, field"),
        ({"window": 1}, r"must lie in \[2, 60\], got 1"),
        ({"window": "x"}, "must be a whole number, got 'x'"),
        ({"window": True}, "must be a whole number"),
        ({"power": float("nan")}, "must be a finite number"),
        ({"field": "open"}, "must be one of"),
    ],
)
def test_a_wrong_value_is_named_with_its_rule(values, message) -> None:
    with pytest.raises(ContractError, match=message):
        SPACE.complete(values)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"type": "int", "low": 0, "high": 9, "default": 1, "log": True}, "needs low > 0"),
        ({"type": "int", "low": 1, "high": 9, "default": 1, "log": True, "step": 2}, "drop one"),
        ({"type": "float", "low": 1, "high": 9, "default": 1, "step": -1}, "positive"),
        ({"type": "int", "low": 1, "high": 9}, "lacks 'default'"),
        ({"type": "int", "low": 1, "high": 9, "default": 1, "wide": 3}, "unknown key 'wide'"),
    ],
)
def test_a_wrong_range_is_refused(spec, message) -> None:
    with pytest.raises(ContractError, match=message):
        ParameterSpace.parse({"x": spec})

"""What the operators and NumPy functions of a program are in a formula that Qlib can compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

from factors.formulas.building import is_condition, make, number, whole_days
from factors.formulas.errors import FormulaError
from factors.formulas.operators import OPERATORS
from factors.formulas.syntax import Field, Node, Number, constant
from factors.operators.catalogue import Operator

Composition: TypeAlias = Callable[..., Node]
_ONE = Number(1.0)
_SAME: Final[Mapping[str, str]] = MappingProxyType(
    {"ts_wma": "ts_decay_linear", "safe_div": "div", "safe_log": "log"}
)
NUMPY: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(["abs", "absolute", "fabs"], "abs"),
        **dict.fromkeys(["divide", "true_divide"], "div"),
        **{name: name for name in "add log sign sqrt exp where".split()},
        "subtract": "sub",
        "multiply": "mul",
        "power": "pow",
        "negative": "neg",
        "greater": "gt",
        "greater_equal": "ge",
        "less": "lt",
        "less_equal": "le",
        "equal": "eq",
        "not_equal": "ne",
        "logical_and": "and",
        "logical_or": "or",
        "logical_not": "not",
    }
)


def returns() -> Node:
    """`data.returns`."""
    return _growth(Field("close"), days=1)


def smaller(x: Node, y: Node) -> Node:
    """The smaller of two values; of two conditions, both."""
    return make("and" if is_condition(x) and is_condition(y) else "smaller", x, y)


def larger(x: Node, y: Node) -> Node:
    """The larger of two values; of two conditions, either."""
    return make("or" if is_condition(x) and is_condition(y) else "larger", x, y)


def difference(x: Node, y: Node) -> Node:
    """`x - y`; 1 less a condition is its opposite."""
    opposite = x == Number(1.0) and is_condition(y) and not isinstance(y, Number)
    return make("not", y) if opposite else make("sub", x, y)


def _growth(x: Node, *, days: int) -> Node:
    return make("sub", make("div", x, make("ts_delay", x, days=days)), number(1))


def _zscore(x: Node, *, days: int) -> Node:
    return make("div", make("sub", x, make("ts_mean", x, days=days)), make("ts_std", x, days=days))


def _range(x: Node, *, days: int) -> Node:
    return make("sub", make("ts_max", x, days=days), make("ts_min", x, days=days))


def _position(x: Node, *, days: int) -> Node:
    return make("div", make("sub", x, make("ts_min", x, days=days)), _range(x, days=days))


def _signed_power(x: Node, exponent: Node) -> Node:
    return make("mul", make("sign", x), make("pow", make("abs", x), exponent))


def _log1p(x: Node) -> Node:
    return make("log", make("add", number(1), x))


def _clip(x: Node, low: Node, high: Node) -> Node:
    return smaller(larger(x, low), high)


_COMPOSED: Final[Mapping[str, Composition]] = MappingProxyType(
    {
        "ts_pct_change": _growth,
        "ts_zscore": _zscore,
        "ts_range": _range,
        "ts_position": _position,
        "ts_beta": lambda y, x, *, days: make(
            "div", make("ts_cov", y, x, days=days), make("ts_var", x, days=days)
        ),
        "signed_power": _signed_power,
        "log1p_sign": lambda x: make("mul", make("sign", x), _log1p(make("abs", x))),
        "squash": lambda x, scale=_ONE: make("div", x, make("add", make("abs", x), scale)),
        "clip": _clip,
        "minimum": smaller,
        "maximum": larger,
    }
)
NUMPY_COMPOSED: Final[Mapping[str, Composition]] = MappingProxyType(
    {
        "subtract": difference,
        "minimum": smaller,
        "maximum": larger,
        "clip": _clip,
        "log1p": _log1p,
        "square": lambda x: make("pow", x, number(2)),
    }
)


def is_known(operator: str) -> bool:
    """Whether Qlib has a counterpart of `ops.<operator>`."""
    same = OPERATORS.get(operator)
    return operator in _SAME or operator in _COMPOSED or bool(same and same.qlib)


def operator_node(operator: Operator, arguments: Sequence[Node | None]) -> Node:
    """Return what `ops.<operator>` computes of the arguments, in the order of its signature."""
    operands, days = [], None
    for argument, value in zip(operator.arguments, arguments, strict=False):
        if value is None:
            continue
        if argument.kind in {"window", "lag"}:
            days = whole_days(operator.name, constant(value), fractions=False)
        elif argument.kind == "weights":
            raise FormulaError(f"`{operator.name}` with weights of its own")
        else:
            operands.append(value)
    build = _COMPOSED.get(operator.name)
    if build is None:
        return make(_SAME.get(operator.name, operator.name), *operands, days=days)
    return build(*operands) if days is None else build(*operands, days=days)

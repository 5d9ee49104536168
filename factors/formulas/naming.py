"""Names for the steps and parameters of a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count

from factors.formulas.operators import OPERATORS
from factors.formulas.syntax import Call, Field, Node, Number

_LONGEST_NAME = 32
_NEGLIGIBLE = 1e-6
_DIGITS = {0.0: "zero", 1.0: "one"}
_ADJUSTMENTS = {
    **dict.fromkeys(["add", "sub"], "shifted_{a}|shifted_value"),
    **dict.fromkeys(["mul", "div"], "weighted_{a}|weighted_part"),
}
_VOLUME = Field("volume")
_PRICES = [Field(name) for name in ("vwap", "close", "open")]


def numbered(names: Iterable[str]) -> list[str]:
    """The names in their order, a repeated one numbered: `window`, `window_2`."""
    given: list[str] = []
    for name in names:
        numbers = (f"{name}_{number}" for number in count(2))
        given.append(name if name not in given else next(free for free in numbers if free not in given))
    return given


def suggested_name(node: Node, given: Mapping[Call, str]) -> str:
    """Return a name for the value of `node` that says what it is, built on the names that parts of it have."""
    if isinstance(node, Field):
        return node.name
    if isinstance(node, Number):
        return _DIGITS.get(node.value, "level")
    if node in given:
        return given[node]
    if (
        node.operator == "mul"
        and _VOLUME in node.operands
        and any(price in node.operands for price in _PRICES)
    ):
        return "money_traded"
    if mean := _as_mean(node):
        return suggested_name(mean, given)
    noun, _, short = (_adjusted(node) or OPERATORS[node.operator].noun).partition("|")
    operands = (suggested_name(operand, given) for operand in node.operands)
    name = noun.format(**dict(zip("abc", operands, strict=False)))
    return name if len(name) <= _LONGEST_NAME else short or noun.replace("{a}", "").strip("_")


def _adjusted(node: Call) -> str:
    """How arithmetic with a number is named: after the operand that is none."""
    operator, first, last = node.operator, node.operands[0], node.operands[-1]
    if operator not in _ADJUSTMENTS or not isinstance(last, Number):
        return "weighted_{b}|weighted_part" if operator == "mul" and isinstance(first, Number) else ""
    return "{a}" if abs(last.value) < _NEGLIGIBLE else _ADJUSTMENTS[operator]


def _as_mean(node: Call) -> Call | None:
    """`Sum(x, n) / n` as the mean that it is."""
    total, divisor = node.operands[0], node.operands[-1]
    if node.operator != "div" or not isinstance(total, Call) or total.operator != "ts_sum":
        return None
    same = divisor == Number(float(total.days or 0))
    return Call("ts_mean", total.operands, total.days) if same else None

"""Making nodes: checks what an operator is given and computes what is constant.

Constant arithmetic is done here, in float, except `1 - w` with 0 < w < 1, which belongs to the weight `w`.
"""

from __future__ import annotations

from math import floor, isfinite

import numpy as np

from factors.formulas.errors import FormulaError
from factors.formulas.operators import OPERATORS, Operator
from factors.formulas.syntax import Call, Node, Number, constant, holds_data

MAX_DAYS = 2000
_OTHER_END = {  # days counted from the other end of the window
    "argmax_day": "ts_argmax",
    "argmin_day": "ts_argmin",
    "ts_argmax": "argmax_day",
    "ts_argmin": "argmin_day",
}
_OR_EQUAL = {"lt": "le", "gt": "ge"}


def make(operator: str, *operands: Node, days: int | None = None) -> Node:
    """Return the node of an operator; `FormulaError` if the operands make no sense in it."""
    definition = OPERATORS[operator]
    if len(operands) != definition.arity:
        raise FormulaError(
            f"`{operator}` takes {definition.arity} operands, got {len(operands)}: count them."
        )
    if definition.kind == "value" and not any(map(holds_data, operands)):
        return _folded(definition, operands)
    _check_operands(definition, operands)
    return _simplified(operator, operands) or Call(operator, operands, days)


def number(value: float) -> Number:
    """Return a constant, which must be finite."""
    if not isfinite(value):
        raise FormulaError("a constant must be a finite number: rewrite the arithmetic around it.")
    return Number(value)


def is_condition(node: Node) -> bool:
    """Whether the value is 1 (true), 0 (false) or missing."""
    if isinstance(node, Call):
        return OPERATORS[node.operator].condition
    return isinstance(node, Number) and node.value in {0, 1}


def whole_days(operator: str, value: float | None, *, fractions: bool) -> int:
    """Return a window or lag in days; fractions are cut off if the notation has them."""
    if value is None:
        raise FormulaError(f"`{operator}` needs a constant number of days: windows cannot vary.")
    if value < 0:
        raise FormulaError(f"`{operator}` with {value:g} days reads the future: look back a positive number.")
    if not fractions and value != int(value):
        raise FormulaError(f"`{operator}` needs a whole number of days, got {value:g}: round it.")
    days = floor(value)
    if not 1 <= days <= MAX_DAYS:
        raise FormulaError(
            f"`{operator}` needs 1 to {MAX_DAYS} days, got {value:g}: choose a number in between."
        )
    return days


def _check_operands(operator: Operator, operands: tuple[Node, ...]) -> None:
    arrays = operands[: len(operands) - operator.numbers]
    if operator.kind != "value" and not all(map(holds_data, arrays)):
        raise FormulaError(f"`{operator.name}` needs data, got a constant: put a field such as close in it.")
    if any(constant(operand) is None for operand in operands[len(arrays) :]):
        raise FormulaError(f"`{operator.name}` needs a constant as its last argument, got an expression.")
    conditions = operands if operator.name in {"and", "or", "not"} else ()
    if not all(map(is_condition, operands[:1] if operator.name == "where" else conditions)):
        raise FormulaError(f"`{operator.name}` needs a condition, got a number: compare it, as in `x > 0`.")
    _check_range(operator.name, constant(operands[-1]) or 0.0)


def _check_range(operator: str, value: float) -> None:
    if operator == "ts_quantile" and not 0 <= value <= 1:
        raise FormulaError(f"a quantile lies between 0 and 1, got {value:g}: give it as a share.")
    if operator in {"cs_scale_to", "cs_winsorize"} and not 0 <= value <= 1e12:
        raise FormulaError(f"`{operator}` needs a constant from 0 to 1e12, got {value:g}: change it.")


def _folded(operator: Operator, operands: tuple[Node, ...]) -> Node:
    values = [constant(operand) for operand in operands]
    plain = all(isinstance(operand, Number) for operand in operands)
    if operator.name == "sub" and plain and values[0] == 1 and 0 < (values[1] or 0) < 1:
        return Call("sub", operands)
    with np.errstate(all="ignore"):
        return number(float(operator.fold(*values)))


def _simplified(operator: str, operands: tuple[Node, ...]) -> Node | None:
    """What is written shorter and has the same value, as `-(-x)`, `1 * x`, `x < y or x == y`."""
    first, last = operands[0], operands[-1]
    if operator == "neg" and isinstance(first, Call) and first.operator == "neg":
        return first.operands[0]
    if operator == "mul" and Number(1.0) in operands:
        return last if first == Number(1.0) else first
    if operator == "mul" and Number(-1.0) in operands:
        return make("neg", last if first == Number(-1.0) else first)
    if operator == "sub" and first == Number(0.0):
        return make("neg", last)
    if operator == "sub" and isinstance(last, Call) and last.operator in _OTHER_END:
        return Call(_OTHER_END[last.operator], last.operands, last.days) if first == _days_of(last) else None
    if operator == "or" and isinstance(first, Call) and isinstance(last, Call):
        same = set(first.operands) == set(last.operands)
        if same and first.operator in _OR_EQUAL and last.operator == "eq":
            return Call(_OR_EQUAL[first.operator], first.operands)
    return None


def _days_of(call: Call) -> Number:
    return Number(float(call.days or 0))

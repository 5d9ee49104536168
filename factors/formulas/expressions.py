"""The expressions of a program, evaluated with symbols."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from factors.data import FIELDS
from factors.formulas import counterparts
from factors.formulas.building import make, number
from factors.formulas.errors import FormulaError
from factors.formulas.steps import source_of
from factors.formulas.syntax import Call, Field, Node, Number, constant
from factors.operators.catalogue import OPERATORS, Operator

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
    ast.BitAnd: "and",
    ast.BitOr: "or",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "neg", ast.Invert: "not", ast.Not: "not"}
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Eq: "eq",
    ast.NotEq: "ne",
}
_OF_NUMBERS: dict[str, Callable[..., float]] = {
    "int": int,
    "float": float,
    "round": round,
    "abs": abs,
    "max": max,
    "min": min,
}


@dataclass(kw_only=True)
class Expressions:
    """Evaluates expressions of `factor`; a value is None if it, or a part of it, has no counterpart."""

    names: dict[str, Node | None]
    data: str
    ops: str
    p: str
    values: Mapping[str, object]
    tree: ast.Module
    problems: list[tuple[int, str]] = field(default_factory=list)

    def node(self, expression: ast.expr) -> Node | None:
        """Return what `expression` computes."""
        try:
            return self._evaluated(expression)
        except FormulaError as problem:
            self.problems.append((expression.lineno, problem.message.rstrip(".")))
            return None

    def _evaluated(self, expression: ast.expr) -> Node | None:
        if isinstance(expression, ast.Constant) and type(expression.value) in {int, float}:
            return number(float(expression.value))  # type: ignore[arg-type]
        if isinstance(expression, ast.Name) and expression.id in self.names:
            return self.names[expression.id]
        if isinstance(expression, ast.Attribute):
            return self._attribute(expression)
        if isinstance(expression, ast.Subscript):
            return self._parameter(expression)
        if isinstance(expression, ast.UnaryOp):
            return self._unary(expression)
        if isinstance(expression, ast.BinOp):
            return self._binary(expression)
        if isinstance(expression, ast.Compare):
            return self._comparison(expression)
        if isinstance(expression, ast.Call):
            return self._call(expression)
        raise _refused(expression)

    def _attribute(self, expression: ast.Attribute) -> Node | None:
        owner = expression.value
        if not self._is_argument(owner, self.data) or expression.attr not in FIELDS:
            raise _refused(expression)
        return counterparts.returns() if expression.attr == "returns" else Field(expression.attr)

    def _parameter(self, expression: ast.Subscript) -> Node | None:
        key = expression.slice.value if isinstance(expression.slice, ast.Constant) else None
        named = self._is_argument(expression.value, self.p) and isinstance(key, str)
        value = self.values.get(str(key)) if named else None
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain:
            raise _refused(expression)
        return number(float(value))  # type: ignore[arg-type]

    def _is_argument(self, node: ast.AST | None, argument: str) -> bool:
        """Whether `node` reads an argument of `factor` that was not bound to something else."""
        return isinstance(node, ast.Name) and node.id == argument and argument not in self.names

    # Operators of Python

    def _unary(self, expression: ast.UnaryOp) -> Node | None:
        operand = self.node(expression.operand)
        if operand is None or isinstance(expression.op, ast.UAdd):
            return operand
        return make(_UNARY[type(expression.op)], operand)

    def _binary(self, expression: ast.BinOp) -> Node | None:
        left, right = self.node(expression.left), self.node(expression.right)
        operator = _BINARY.get(type(expression.op))
        if operator is None and not isinstance(expression.op, ast.Sub):
            raise _refused(expression)
        if left is None or right is None:
            return None
        return make(operator, left, right) if operator else counterparts.difference(left, right)

    def _comparison(self, expression: ast.Compare) -> Node | None:
        sides = [self.node(side) for side in (expression.left, *expression.comparators)]
        operator = _COMPARED.get(type(expression.ops[0]))
        if operator is None or len(sides) != 2:
            raise _refused(expression)
        return self._made(operator, sides)

    def _made(self, operator: str, operands: list[Node | None]) -> Node | None:
        known = [operand for operand in operands if operand is not None]
        return make(operator, *known) if len(known) == len(operands) else None

    # Calls

    def _call(self, call: ast.Call) -> Node | None:
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if self._is_argument(owner, self.ops) and name in OPERATORS:
            return self._operator(call, OPERATORS[name])
        if isinstance(owner, ast.Name) and owner.id in self._numpy_names():
            return self._numpy(call, name)
        if owner is None and name in _OF_NUMBERS and name not in self.names and name not in self._functions():
            return self._of_numbers(call, name)
        self._arguments(call)
        if isinstance(owner, ast.Call):
            self.node(owner)
        raise _refused(call, f"the function `{source_of(call.func)[:40]}`")

    def _operator(self, call: ast.Call, operator: Operator) -> Node | None:
        positional = self._arguments(call)
        places = [argument.name for argument in operator.arguments]
        given = dict(zip(places, positional, strict=False)) | self._keywords(call)
        if not counterparts.is_known(operator.name):
            raise _refused(call, f"`ops.{operator.name}`")
        periods = given.pop("min_periods", Number(1.0))
        if periods != Number(1.0):
            raise _refused(call, "`min_periods` other than 1")
        if len(positional) > len(places) or not given.keys() <= set(places):
            raise _refused(call, f"the arguments of `ops.{operator.name}`")
        if None in given.values():
            return None
        if missing := [a.name for a in operator.arguments if a.default is None and a.name not in given]:
            optional = operator.name == "ts_wma" and missing == ["weights"]
            if not optional:
                raise _refused(call, f"`ops.{operator.name}` without {missing[0]}")
        return counterparts.operator_node(operator, [given.get(place) for place in places])

    def _numpy(self, call: ast.Call, name: str) -> Node | None:
        if name == "where" and len(call.args) == 3 and self._is_nan(call.args[1]):
            return self._guarded(call)
        operands = self._arguments(call)
        operator, composed = counterparts.NUMPY.get(name), counterparts.NUMPY_COMPOSED.get(name)
        if call.keywords or (operator is None and composed is None):
            raise _refused(call, f"`np.{name}`" + " with keywords" * bool(call.keywords))
        known = [operand for operand in operands if operand is not None]
        if len(known) < len(operands):
            return None
        try:
            return composed(*known) if composed else make(str(operator), *known)
        except TypeError:
            raise _refused(call, f"the arguments of `np.{name}`") from None

    def _guarded(self, call: ast.Call) -> Node | None:
        """`np.where(np.isnan(x - y), np.nan, x > y)` is a comparison that is missing where an input is."""
        missing, _, compared = call.args
        comparison = self.node(compared)
        if comparison is None:
            return None
        test = missing if isinstance(missing, ast.Call) and len(missing.args) == 1 else None
        if test is None or getattr(test.func, "attr", "") != "isnan" or not isinstance(comparison, Call):
            raise _refused(call)
        arrays = [operand for operand in comparison.operands if not isinstance(operand, Number)]
        expected = make("sub", *arrays) if len(arrays) == 2 else arrays[0]
        if self.node(test.args[0]) != expected:
            raise _refused(call)
        return comparison

    def _is_nan(self, expression: ast.expr) -> bool:
        owner = expression.value if isinstance(expression, ast.Attribute) else None
        named = isinstance(owner, ast.Name) and owner.id in self._numpy_names()
        return named and getattr(expression, "attr", "") == "nan"

    def _of_numbers(self, call: ast.Call, name: str) -> Node | None:
        operands = [constant(operand) for operand in self._arguments(call) if operand is not None]
        numbers = [operand for operand in operands if operand is not None]
        if len(numbers) < len(call.args) or call.keywords:
            raise _refused(call, f"the function `{name}`")
        try:
            return number(float(_OF_NUMBERS[name](*numbers)))
        except (TypeError, ValueError, OverflowError):
            raise _refused(call, f"the arguments of `{name}`") from None

    def _arguments(self, call: ast.Call) -> list[Node | None]:
        return [self.node(argument) for argument in call.args]

    def _keywords(self, call: ast.Call) -> dict[str, Node | None]:
        return {str(keyword.arg): self.node(keyword.value) for keyword in call.keywords}

    def _numpy_names(self) -> set[str]:
        imports = (node for node in self.tree.body if isinstance(node, ast.Import))
        aliases = (alias for node in imports for alias in node.names)
        return {alias.asname or alias.name for alias in aliases if alias.name == "numpy"}

    def _functions(self) -> set[str]:
        return {node.name for node in self.tree.body if isinstance(node, ast.FunctionDef)}


def _refused(expression: ast.expr, construct: str = "") -> FormulaError:
    return FormulaError(construct or f"`{source_of(expression)[:40]}`")

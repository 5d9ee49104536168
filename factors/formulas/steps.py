"""From a tree to the statements of `factor`: what is used twice or is too long gets a name of its own."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Mapping
from functools import cache

from factors.data import FIELDS
from factors.formulas.naming import numbered, suggested_name
from factors.formulas.operators import OPERATORS
from factors.formulas.syntax import Call, Field, Node, Number
from factors.formulas.windows import Window
from factors.syntax import parse

_WIDEST = 76
_COMPARISONS = frozenset("gt ge lt le eq ne".split())
_COUNTING = frozenset("ts_sum ts_count ts_argmax ts_argmin argmax_day argmin_day ts_decay_linear".split())


def body_of(tree: Node, windows: Mapping[int, Window]) -> list[str]:
    """The statements, without indentation."""
    steps = _Steps(tree, windows)
    result = steps.expression(tree)
    return [*steps.statements, f"return {source_of(result)}"]


class _Steps:
    """Collects named steps while the tree is written from the leaves up."""

    def __init__(self, tree: Node, windows: Mapping[int, Window]) -> None:
        self.statements: list[str] = []
        self._windows = windows
        self._names: dict[Call, str] = {}
        self._wanted: list[str] = []
        self._uses = Counter[Node]()
        self._count(tree, set())
        self._uses[tree] = 1

    def expression(self, node: Node) -> ast.expr:
        """The expression for `node`, after the steps that it needs."""
        if isinstance(node, Number):
            return _number(node.value)
        if isinstance(node, Field):
            return _template(f"data.{node.name}")
        if node not in self._names:
            written = self._fitting(node)
            return written if self._uses[node] < 2 or not node.has_data else self._name(node, written)
        return _template(self._names[node])

    def _fitting(self, node: Call) -> ast.expr:
        """Write an operator; while the line is too wide its widest operand becomes a step."""
        operands = [self.expression(operand) for operand in node.operands]
        while True:
            written = self._written(node, operands)
            parts = {
                place: operand
                for place, operand in enumerate(node.operands)
                if isinstance(operand, Call) and operand not in self._names and operand.has_data
            }
            if len(source_of(written)) <= _WIDEST or not parts:
                return written
            widest = max(parts, key=lambda place: len(source_of(operands[place])))
            operands[widest] = self._name(parts.pop(widest), operands[widest])

    def _written(self, node: Call, operands: list[ast.expr]) -> ast.expr:
        code = OPERATORS[node.operator].code
        if node.operator in _COMPARISONS:  # a number is never missing
            missing = [letter for letter, o in zip("ab", node.operands, strict=True) if isinstance(o, Number)]
            for letter in missing:
                code = code.replace("a - b", "a" if letter == "b" else "b")
        if node.operator in {"mul", "div"}:
            operands = [
                self._days(int(o.value)) if isinstance(o, Number) and self._counts(node, o) else written
                for o, written in zip(node.operands, operands, strict=True)
            ]
        filled = dict(zip("abc", operands, strict=False))
        if node.days is not None:
            filled["n"] = self._days(node.days)
        return _Filler(filled).fill(code)

    def _days(self, days: int) -> ast.expr:
        window = self._windows.get(days)
        return _number(days) if window is None else _template(f'p["{window.name}"]')

    def _counts(self, node: Call, number: Number) -> bool:
        """Whether a factor or divisor is the window of what it scales: `Sum(x, 5) / 5`."""
        others = [operand for operand in node.operands if operand != number]
        return number.value in self._windows and any(_spans(other, number.value) for other in others)

    def _name(self, node: Call, written: ast.expr) -> ast.expr:
        wanted = suggested_name(node, self._names)
        confusing = wanted in FIELDS or hasattr(builtins, wanted)
        self._wanted.append(f"{wanted}_value" if confusing else wanted)
        self._names[node] = numbered(self._wanted)[-1]
        self.statements.append(f"{self._names[node]} = {source_of(written)}")
        return _template(self._names[node])

    def _count(self, node: Node, seen: set[Node]) -> None:
        """Count where values are read: a comparison reads its operands twice, and has a name in any case."""
        self._uses[node] += 1
        if node in seen or not isinstance(node, Call):
            return
        seen.add(node)
        if node.operator in _COMPARISONS:
            self._uses[node] += 1
            self._uses.update(node.operands)
        for operand in node.operands:
            self._count(operand, seen)


def _spans(node: Node, days: float) -> bool:
    if not isinstance(node, Call):
        return False
    if node.operator in {"add", "sub", "neg", "abs", "div"}:
        return any(_spans(operand, days) for operand in node.operands)
    return node.operator in _COUNTING and node.days == days


def _number(value: float) -> ast.expr:
    size: float = abs(value)
    if size == int(size) and size < 1e15:
        size = int(size)
    literal = ast.Constant(size)
    return ast.UnaryOp(ast.USub(), literal) if value < 0 else literal


@cache
def _template(code: str) -> ast.expr:
    return parse(code, mode="eval").body


def source_of(tree: ast.AST) -> str:
    """The text of an expression or statement, which holds no string but names of parameters."""
    return ast.unparse(tree).replace("'", '"')


class _Filler(ast.NodeTransformer):
    """Puts expressions in the places of a template."""

    def __init__(self, filled: Mapping[str, ast.expr]) -> None:
        self._filled = filled

    def fill(self, code: str) -> ast.expr:
        """Return the filled template `code`."""
        filled: ast.expr = self.visit(parse(code, mode="eval").body)
        return filled

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A place is filled; other names stay."""
        return self._filled.get(node.id, node)

"""Whether a program computes something: what comes to nothing is not worth a trial.

Every expression gets a number, equal for equal computations whatever the names in between (value numbering);
equal numbers on both sides of a difference, a ratio or a correlation give it away.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable

from agents.grammar.tidying import called
from factors.syntax import parse

_PAIRS = {"ts_corr", "ts_beta", "ts_cov", "safe_div", "cs_neutralize", "minimum", "maximum"}


def is_degenerate(code: str) -> bool:
    """Whether the body pairs a thing with itself, names seen through: x - x, corr(x, x), where(c, x, x)."""
    values = _Values()
    for statement in parse(code).body:
        values.follow(statement)
    return values.paired_with_itself


class _Values:
    """The numbers of expressions and names, as far as the body has been followed."""

    def __init__(self) -> None:
        self.paired_with_itself = False
        self._numbers: dict[Hashable, int] = {}
        self._names: dict[str, int] = {}

    def follow(self, statement: ast.stmt) -> None:
        simple = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
        value = self._number(statement.value if isinstance(statement, ast.Assign) else statement)
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._names[node.id] = value if simple else self._next(("changed", node))

    def _number(self, part: object) -> int:
        if isinstance(part, ast.Name) and part.id in self._names:
            return self._names[part.id]
        if isinstance(part, list):
            return self._next(("list", *map(self._number, part)))
        if not isinstance(part, ast.AST):
            return self._next((type(part), part))
        self._look(part)
        fields = (self._number(value) for name, value in ast.iter_fields(part) if name != "ctx")
        return self._next((type(part), *fields))

    def _next(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def _look(self, node: ast.AST) -> None:
        pair = _pair(node)
        if len(pair) == 2 and self._number(pair[0]) == self._number(pair[1]):
            self.paired_with_itself = True


def _pair(node: ast.AST) -> list[ast.expr]:
    """Return the two things that `node` sets against each other, if it does so."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div):
        return [node.left, node.right]
    if isinstance(node, ast.Call) and called(node) in _PAIRS:
        return node.args[:2]
    return node.args[1:3] if isinstance(node, ast.Call) and called(node) == "where" else []

"""Whether a program computes something: what comes to nothing is not worth a trial."""

from __future__ import annotations

import ast
import copy

from agents.grammar.tidying import called

_PAIRS = {"ts_corr", "ts_beta", "ts_cov", "safe_div", "cs_neutralize", "minimum", "maximum"}


def is_degenerate(code: str) -> bool:
    """Whether the body pairs a thing with itself, names seen through: x - x, corr(x, x), where(c, x, x)."""
    return any(_pairs_with_itself(node) for node in ast.walk(_expanded(code)))


def _pairs_with_itself(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div):
        pair = [node.left, node.right]
    elif isinstance(node, ast.Call) and called(node) in _PAIRS:
        pair = node.args[:2]
    elif isinstance(node, ast.Call) and called(node) == "where":
        pair = node.args[1:3]
    else:
        return False
    return len(pair) == 2 and ast.dump(pair[0]) == ast.dump(pair[1])


def _expanded(code: str) -> ast.Module:
    """Return the body with every name replaced by what it was last bound to."""
    tree = ast.parse(code)
    expand = _Expand()
    for statement in tree.body:
        expand.visit(statement)
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            expand.known[statement.targets[0].id] = statement.value
    return tree


class _Expand(ast.NodeTransformer):
    def __init__(self) -> None:
        self.known: dict[str, ast.expr] = {}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        bound = isinstance(node.ctx, ast.Load) and node.id in self.known
        return copy.copy(self.known[node.id]) if bound else node

"""The statements of a program, evaluated with symbols: which formula a name stands for, line by line."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from factors.formulas.expressions import Expressions
from factors.formulas.steps import source_of
from factors.formulas.syntax import Node, holds_data

_STATEMENTS: dict[type[ast.stmt], str] = {
    ast.For: "a loop",
    ast.While: "a loop",
    ast.If: "an `if` statement",
    ast.With: "a `with` block",
    ast.Try: "a `try` block",
    ast.FunctionDef: "a function inside of `factor`",
}


class Statements:
    """Evaluates `factor`; what has no counterpart is collected in `problems` as (line, construct)."""

    def __init__(self, tree: ast.Module, values: Mapping[str, object]) -> None:
        self._factor = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "factor")
        arguments = self._factor.args
        data, ops, p = (argument.arg for argument in arguments.posonlyargs + arguments.args)
        self._names: dict[str, Node | None] = {}
        self._expressions = Expressions(names=self._names, data=data, ops=ops, p=p, values=values, tree=tree)
        self.problems = self._expressions.problems
        self._returned = False
        for statement in tree.body:
            self._bind_constant(statement)

    def result(self) -> Node | None:
        """The formula of the returned value; None if there are problems."""
        for statement in self._factor.body:
            if isinstance(statement, ast.Return):
                return self._end(statement)
            self._run(statement)
        self.problems.append((self._factor.lineno, "a `factor` that does not end with `return`"))
        return None

    def _end(self, statement: ast.Return) -> Node | None:
        node = self._expressions.node(statement.value) if statement.value else None
        if not self.problems and (node is None or not holds_data(node)):
            self.problems.append((statement.lineno, "a result without data"))
        return None if self.problems else node

    def _bind_constant(self, statement: ast.stmt) -> None:
        """Bind a number of the module; other values are reported where they are read."""
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            literal = isinstance(statement.value, ast.Constant | ast.UnaryOp | ast.BinOp)
            if literal and len(statement.targets) == 1:
                self._names[statement.targets[0].id] = self._expressions.node(statement.value)

    def _run(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Assign):
            self._assign(statement.targets, statement.value)
        elif isinstance(statement, ast.AnnAssign):
            self._assign([statement.target], statement.value)
        elif isinstance(statement, ast.AugAssign):
            read = ast.copy_location(ast.Name(getattr(statement.target, "id", ""), ast.Load()), statement)
            value = ast.copy_location(ast.BinOp(read, statement.op, statement.value), statement)
            self._assign([statement.target], value)
        elif not isinstance(statement, ast.Pass) and not _is_text(statement):
            self._refuse(statement)

    def _assign(self, targets: list[ast.expr], value: ast.expr | None) -> None:
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
        nodes = [self._expressions.node(part) if part else None for part in parts]
        for target in targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            if len(names) == len(nodes) and all(isinstance(name, ast.Name) for name in names):
                self._names.update(zip((ast.unparse(name) for name in names), nodes, strict=True))
            else:
                self.problems.append((target.lineno, f"an assignment to `{source_of(target)[:40]}`"))
                self._forget(target)

    def _refuse(self, statement: ast.stmt) -> None:
        """Report a statement, and what is inside of a block; names bound there stand for nothing."""
        kind = _STATEMENTS.get(type(statement), f"`{source_of(statement).splitlines()[0][:40]}`")
        self.problems.append((statement.lineno, kind))
        self._forget(statement)
        if isinstance(statement, ast.FunctionDef):
            self._names[statement.name] = None
            return
        for name in ("body", "orelse", "finalbody"):
            for inner in getattr(statement, name, []):
                self._run(inner)
        self._forget(statement)

    def _forget(self, tree: ast.AST) -> None:
        stored = (n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        self._names.update(dict.fromkeys(name.id for name in stored))


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)

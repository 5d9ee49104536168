"""A program's text and tree: scopes, bindings, calls, and where each piece lies in the text."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from factors.operators.catalogue import OPERATORS, Operator
from factors.syntax import parse

Function: TypeAlias = ast.FunctionDef
Number: TypeAlias = int | float
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.Module, ast.FunctionDef, ast.Lambda, *_COMPREHENSIONS)


class _Text:
    """Text edited by the places of its nodes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._starts = [0, *(line.end() for line in re.finditer(r"\r\n|\r|\n", source))]

    def offset(self, line: int, column: int) -> int:
        """Position of a line (from 1) and a column in UTF-8 bytes."""
        start = self._starts[line - 1]
        characters = self.source[start : start + column].encode()[:column].decode()
        return start + len(characters)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Half-open range of `node`."""
        place: Any = node
        return (
            self.offset(place.lineno, place.col_offset),
            self.offset(place.end_lineno, place.end_col_offset),
        )

    def segment(self, node: ast.AST) -> str:
        """Return the text of `node`."""
        return self.source[slice(*self.span(node))]

    def without_comments(self, start: int, end: int) -> str:
        """Return a piece that holds no string, its comments blanked."""
        return re.sub(r"#[^\r\n]*", lambda comment: " " * len(comment[0]), self.source[start:end])

    def line_start(self, offset: int) -> int:
        """Position where the line of `offset` begins."""
        return max(start for start in self._starts if start <= offset)


class Code:
    """A program's tree with parents, scopes, and who binds, reads and calls what."""

    def __init__(self, source: str) -> None:
        self.text = _Text(source)
        self.tree = parse(source)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.scopes: dict[ast.AST, ast.AST] = {}
        self.bindings: dict[tuple[ast.AST, str], list[ast.AST]] = defaultdict(list)
        self._loads: dict[tuple[ast.AST, str], list[ast.Name]] = defaultdict(list)
        self._place(self.tree, self.tree)
        self._bind()
        self.factor = next(n for n in self.tree.body if isinstance(n, Function) and n.name == "factor")
        _, self.operators, self.parameters = (
            argument.arg for argument in self.factor.args.posonlyargs + self.factor.args.args
        )

    def _place(self, node: ast.AST, scope: ast.AST) -> None:
        self.scopes[node] = scope
        outside: set[ast.AST] = set()
        inner = node if isinstance(node, _SCOPES) else scope
        if isinstance(node, Function):
            outside = {*node.decorator_list, *([node.returns] if node.returns else [])}
        if isinstance(node, ast.arguments):  # a default is computed where the function is defined
            outside, scope = {*node.defaults, *filter(None, node.kw_defaults)}, self.scopes[scope]
        for child in ast.iter_child_nodes(node):
            self.parents[child] = node
            self._place(child, scope if child in outside else inner)

    def _bind(self) -> None:
        for node, scope in self.scopes.items():
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self.bindings[scope, node.id].append(node)
            elif isinstance(node, ast.arg):
                self.bindings[scope, node.arg].append(node)
            elif isinstance(node, ast.alias):
                self.bindings[scope, (node.asname or node.name).split(".")[0]].append(node)
            elif isinstance(node, Function | ast.ExceptHandler) and node.name:
                self.bindings[scope, node.name].append(node)
            elif isinstance(node, ast.Nonlocal):
                for name, outer in ((name, outer) for name in node.names for outer in self._around(scope)):
                    self.bindings[outer, name] += [node, node]  # rebound: never followed
        for node in self.scopes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self._loads[self._home(node), node.id].append(node)

    def _around(self, scope: ast.AST) -> Iterator[ast.AST]:
        """`scope` and the scopes it lies in, from the inside."""
        yield scope
        while scope is not self.tree:
            scope = self.scopes[scope]
            yield scope

    def _home(self, name: ast.Name) -> ast.AST:
        """The scope that binds `name`; the module if none does."""
        return next((s for s in self._around(self.scopes[name]) if (s, name.id) in self.bindings), self.tree)

    def binding(self, name: ast.Name) -> ast.AST | None:
        """What binds `name`, if it is bound once."""
        found = self.bindings.get((self._home(name), name.id), [])
        return found[0] if len(found) == 1 else None

    def reads(self, bound: ast.AST) -> list[ast.Name]:
        """Where a name or argument is read; empty if it is bound more than once."""
        name = bound.id if isinstance(bound, ast.Name) else getattr(bound, "arg", getattr(bound, "name", ""))
        key = (self.scopes[bound], name)
        return self._loads[key] if len(self.bindings[key]) == 1 else []

    def owner(self, node: ast.AST) -> Function | None:
        """The outermost function around `node`; None if it is computed when the program is loaded."""
        functions = [s for s in self._around(self.scopes[node]) if isinstance(s, Function)]
        return functions[-1] if functions else None

    def compiled(self, node: ast.AST) -> Function | None:
        """The decorated function around `node`, if there is one."""
        around = (s for s in self._around(self.scopes[node]) if isinstance(s, Function) and s.decorator_list)
        return next(around, None)

    def callee(self, call: ast.Call) -> Function | None:
        """The function of the program that `call` calls."""
        bound = self.binding(call.func) if isinstance(call.func, ast.Name) else None
        return bound if isinstance(bound, Function) else None

    def calls(self, function: Function) -> list[ast.Call]:
        """The direct calls of `function`."""
        parents = ((name, self.parents[name]) for name in self.reads(function))
        return [call for name, call in parents if isinstance(call, ast.Call) and call.func is name]

    def is_module(self, node: ast.AST) -> bool:
        """Whether `node` begins with the name of an imported module."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and isinstance(self.binding(node), ast.alias)

    def operator(self, call: ast.Call) -> Operator | None:
        """The operator that `call` calls."""
        function = call.func
        if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
            return None
        plain = function.value.id == self.operators or function.attr.startswith(("ts_", "cs_"))
        return OPERATORS.get(function.attr) if plain else None

    def is_loop_variable(self, node: ast.AST) -> bool:
        """Whether `node` reads what a `for` statement counts."""
        bound = self.binding(node) if isinstance(node, ast.Name) else None
        return bound is not None and isinstance(self.parents[bound], ast.For)

    def is_scalar(self, node: ast.AST) -> bool:
        """Whether `node` is a number or a name bound to one."""
        if isinstance(node, ast.Name):
            value = assigned_value(self.parents, self.binding(node))
            return value is not None and number_of(value) is not None
        return number_of(node) is not None


def assigned_value(parents: Mapping[ast.AST, ast.AST], bound: ast.AST | None) -> ast.expr | None:
    """The expression that a plain assignment gives to the name `bound`."""
    statement = parents.get(bound) if bound else None
    if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(bound, ast.Name):
        return statement.value
    if isinstance(statement, ast.Tuple):
        outer = parents[statement]
        value = outer.value if isinstance(outer, ast.Assign) else None
        if isinstance(value, ast.Tuple) and len(value.elts) == len(statement.elts):
            return value.elts[[*map(id, statement.elts)].index(id(bound))]
    return None


def number_of(node: ast.AST) -> Number | None:
    """The value of a number literal, signed or not."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = number_of(node.operand) if isinstance(node.operand, ast.Constant) else None
        return None if inner is None else -inner if isinstance(node.op, ast.USub) else inner
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None

"""The identity of a program's logic: equal for texts that differ in names, comments and formatting only.

The syntax tree is rewritten to a canonical form — docstrings and import statements dropped, every name the
program itself binds replaced by its order of first appearance, parameter names likewise — then printed and
hashed. Ranges and defaults of parameters, constants and the order of statements count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator

from factors.syntax import parse

_FIXED = {"factor": "factor", "PARAMETERS": "PARAMETERS"}


def fingerprint(source: str) -> str:
    """Hex digest (16 characters) of the canonical form of a program's text, which must be valid Python."""
    tree = _without_docstrings(parse(source))
    parameters = parameters_literal(tree)
    canonical = _Canonical(parameters)
    code = [statement for statement in tree.body if not _assigns_parameters(statement)]
    logic = canonical.visit(ast.Module(code, []))
    ranges = sorted(
        (ast.unparse(canonical.visit(key)), ast.unparse(_sorted_dict(spec)))
        for key, spec in zip(parameters.keys, parameters.values, strict=True)
        if key is not None
    )
    text = ast.unparse(ast.fix_missing_locations(logic)) + repr(ranges)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def parameters_literal(tree: ast.Module) -> ast.Dict:
    """The dict literal assigned to `PARAMETERS` at module level; an empty one if there is none."""
    for statement in tree.body:
        if _assigns_parameters(statement) and isinstance(statement.value, ast.Dict):  # type: ignore[attr-defined]
            return statement.value  # type: ignore[attr-defined]
    return ast.Dict([], [])


def _assigns_parameters(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AnnAssign):
        return isinstance(statement.target, ast.Name) and statement.target.id == "PARAMETERS"
    return isinstance(statement, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "PARAMETERS" for target in statement.targets
    )


def _sorted_dict(spec: ast.expr) -> ast.expr:
    if not isinstance(spec, ast.Dict):
        return spec
    pairs = sorted(zip(spec.keys, spec.values, strict=True), key=lambda pair: ast.unparse(pair[0] or pair[1]))
    return ast.Dict([key for key, _ in pairs], [value for _, value in pairs])


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.FunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


class _Canonical(ast.NodeTransformer):
    """Renames what the program binds, scope by scope; names it does not bind stay as they are."""

    def __init__(self, parameters: ast.Dict) -> None:
        self._parameter_names = {key.value for key in parameters.keys if isinstance(key, ast.Constant)}
        self._canonical_parameter: dict[object, str] = {}
        self._scopes: list[dict[str, str]] = []
        self._count = 0

    def visit(self, node: ast.AST) -> ast.AST:
        """Rewrite `node`, in a scope of its own if it opens one."""
        if isinstance(node, ast.FunctionDef):
            node.name = self._rename(node.name)
            node.returns = None
        if not isinstance(node, _SCOPES):
            return super().visit(node)  # type: ignore[no-any-return]
        fixed = _FIXED | dict(_imported_names(node)) if isinstance(node, ast.Module) else {}
        self._scopes.append(dict.fromkeys(_bound_names(node), "") | fixed)
        result = super().visit(node)
        self._scopes.pop()
        return result  # type: ignore[no-any-return]

    def visit_Import(self, _: ast.Import) -> None:
        """Imports are told by the names they bind."""

    def visit_ImportFrom(self, _: ast.ImportFrom) -> None:
        """Imports are told by the names they bind."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A name becomes its canonical name."""
        return ast.Name(self._rename(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """An argument becomes its canonical name; its annotation is formatting."""
        return ast.arg(self._rename(node.arg))

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        """The bound exception becomes its canonical name."""
        node.name = self._rename(node.name) if node.name else None
        return self.generic_visit(node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        """Declared names become their canonical names."""
        return ast.Nonlocal([self._rename(name) for name in node.names])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """`x: int = 1` is `x = 1`."""
        return self.visit(ast.Assign([node.target], node.value)) if node.value else None

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """A parameter's name becomes its order of first use."""
        if not isinstance(node.value, str) or node.value not in self._parameter_names:
            return node
        fresh = f"p{len(self._canonical_parameter)}"
        return ast.Constant(self._canonical_parameter.setdefault(node.value, fresh))

    def _rename(self, name: str) -> str:
        for scope in reversed(self._scopes):
            if name in scope:
                if not scope[name]:
                    scope[name] = f"v{self._count}"
                    self._count += 1
                return scope[name]
        return name


_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.Module, ast.FunctionDef, ast.Lambda, *_COMPREHENSIONS)


def _imported_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _bound_names(scope: ast.AST) -> set[str]:
    """Names bound in `scope` itself: arguments, assignments, loops, functions; not those of inner scopes."""
    names: set[str] = set()
    outer: set[str] = set()

    def collect(node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        if isinstance(node, ast.Nonlocal):
            outer.update(node.names)
        if not isinstance(node, _SCOPES):
            _each_child(node, collect)

    if isinstance(scope, ast.FunctionDef | ast.Lambda):
        names.update(arg.arg for arg in ast.walk(scope.args) if isinstance(arg, ast.arg))
    _each_child(scope, collect)
    return names - outer


def _each_child(node: ast.AST, visit: Callable[[ast.AST], None]) -> None:
    for child in ast.iter_child_nodes(node):
        visit(child)

"""Leaving no loose ends after a change: no rank of a rank, no name, helper or parameter without a reader."""

from __future__ import annotations

import ast
from dataclasses import replace

from agents.grammar.draft import Draft
from agents.grammar.text import Text, identifiers
from factors.syntax import parse

_IDEMPOTENT = ("cs_rank", "cs_zscore", "cs_demean")


def tidied(draft: Draft) -> Draft:
    """Return a program of the same values by less text."""
    code = _without_unread(_without_repeats(draft.code))
    helpers = _called(draft.helpers, code)
    read = _strings(code).union(*map(_strings, helpers))
    named = identifiers(code).union(*map(identifiers, helpers))
    parameters = {name: parameter for name, parameter in draft.parameters.items() if name in read}
    imports = tuple(line for line in draft.imports if _imported(line) & named)
    return replace(draft, code=code, helpers=helpers, parameters=parameters, imports=imports)


def called(node: ast.AST) -> str:
    """Return the name after the last dot of what `node` calls: `where` for `np.where(...)`, else ""."""
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""


def operator(node: ast.AST) -> str:
    """Return the name of the operator that `node` calls, or "" if it does not call one."""
    function = node.func if isinstance(node, ast.Call) else None
    owner = function.value if isinstance(function, ast.Attribute) else None
    return called(node) if isinstance(owner, ast.Name) and owner.id == "ops" else ""


def _without_repeats(code: str) -> str:
    """Return `code` with a rank of a rank written as the rank."""
    text = Text(code)
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Call) and operator(node) in _IDEMPOTENT and len(node.args) == 1:
            inner = node.args[0]
            if operator(inner) == operator(node):
                return _without_repeats(text.replaced([(node, text.segment(inner))]))
    return code


def _without_unread(code: str) -> str:
    text = Text(code)
    read = {node.id for node in ast.walk(text.tree) if isinstance(node, ast.Name) and _is_read(node)}
    for statement in text.tree.body:
        names = _simple_names(statement)
        if names and names.isdisjoint(read):
            return _without_unread(text.without(statement))
    return code


def _is_read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _simple_names(statement: ast.stmt) -> set[str]:
    """Return the names an assignment binds; none if it binds anything else too."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    return names if len(names) == len(targets) else set()


def _called(helpers: tuple[str, ...], code: str) -> tuple[str, ...]:
    """Return the helpers that `code` reaches, in their order; a module-level constant counts as one."""
    reached, wanted = set[str](), identifiers(code)
    while found := [h for h in helpers if h not in reached and _defines(h) & wanted]:
        reached.update(found)
        wanted.update(*map(identifiers, found))
    return tuple(helper for helper in helpers if helper in reached)


def _defines(helper: str) -> set[str]:
    return {
        name
        for node in parse(helper).body
        for name in ([node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else _stored(node))
    }


def _stored(node: ast.AST) -> list[str]:
    return [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _imported(line: str) -> set[str]:
    names = (alias for node in ast.walk(parse(line)) for alias in getattr(node, "names", ()))
    return {alias.asname or alias.name for alias in names}


def _strings(source: str) -> set[str]:
    constants = (node for node in ast.walk(parse(source)) if isinstance(node, ast.Constant))
    return {node.value for node in constants if isinstance(node.value, str)}

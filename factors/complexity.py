"""How large a program is, and how much of it is another's: what its value leaves in the text, not in the data.

A program is read as the expression that it returns: a local name that is bound once stands for its value, so that the
same formula in one line or in five is the same. Parameters and numbers are all alike; names of operators and of fields
count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from factors.fingerprint import parameters_literal
from factors.syntax import parse

SMALLEST_SHARED = 4  # nodes: below, every two programs share something


@dataclass(frozen=True, kw_only=True)
class Complexity:
    """nodes and depth of the syntax tree without docstrings, distinct operators called, declared parameters."""

    nodes: int
    depth: int
    operators: int
    parameters: int

    @classmethod
    def of(cls, source: str) -> Complexity:
        """Measure a program's text, which must be valid Python."""
        tree = parse(source)
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        return cls(
            nodes=sum(sum(1 for _ in _code(function)) for function in functions),
            depth=max((_depth(function) for function in functions), default=0),
            operators=len(set(_operators(tree))),
            parameters=len(parameters_literal(tree).keys),
        )

    def to_dict(self) -> dict[str, int]:
        """As JSON values."""
        return asdict(self)


def subtrees(source: str) -> dict[str, int]:
    """The expressions inside a program: digest → nodes, expressions of fewer than `SMALLEST_SHARED` left out.

    Empty for a text whose names lead to each other in thousands of steps, which is no formula.
    """
    try:
        shape = _Shape(parse(source))
    except RecursionError:
        return {}
    return {digest: nodes for digest, nodes in shape.seen.items() if nodes >= SMALLEST_SHARED}


def shared_part(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The largest expression that both hold, as a share of the larger program: 1 = the same formula, 0 = nothing."""
    largest = max([*one.values(), *other.values()], default=0)
    shared = max((nodes for digest, nodes in one.items() if digest in other), default=0)
    return shared / largest if largest else 0.0


class _Shape:
    """Digests of all expressions of a program, each computed once however often its name is used."""

    def __init__(self, tree: ast.Module) -> None:
        self.seen: dict[str, int] = {}
        self._bound: dict[str, ast.expr] = {}
        self._known: dict[ast.AST, tuple[str, int]] = {}
        for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
            self._bound = dict(_bound_once(function))
            statements = (node for node in ast.walk(function) if isinstance(node, ast.stmt))
            for node in (child for statement in statements for child in ast.iter_child_nodes(statement)):
                if isinstance(node, ast.expr):
                    self._digest(node, frozenset())

    def _digest(self, node: ast.AST, inside: frozenset[str]) -> tuple[str, int]:
        if node in self._known:
            return self._known[node]
        if isinstance(node, ast.Name) and node.id in self._bound and node.id not in inside:
            return self._digest(self._bound[node.id], inside | {node.id})
        if isinstance(node, ast.Constant) or _is_parameter(node):
            label, children = "value", []
        else:
            label, children = (
                _label(node),
                [child for child in ast.iter_child_nodes(node) if not _is_context(child)],
            )
        parts = [self._digest(child, inside) for child in children]
        nodes = 1 + sum(count for _, count in parts)
        digest = hashlib.blake2b(
            f"{label}({','.join(part for part, _ in parts)})".encode(), digest_size=8
        ).hexdigest()
        if isinstance(node, ast.expr):
            self.seen[digest] = nodes
        self._known[node] = digest, nodes
        return digest, nodes


def _label(node: ast.AST) -> str:
    name = type(node).__name__
    if isinstance(node, ast.Attribute):
        return f"{name} {node.attr}"
    return f"{name} {node.id}" if isinstance(node, ast.Name) else name


def _is_context(node: ast.AST) -> bool:
    return isinstance(node, ast.expr_context)


def _is_parameter(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "p"


def _bound_once(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    stores = [
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if stores.count(name) == 1:
                yield name, node.value


def _operators(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "ops":
                yield node.func.attr


def _code(function: ast.FunctionDef) -> Iterator[ast.AST]:
    documented = ast.get_docstring(function) is not None
    for statement in function.body[1 if documented else 0 :]:
        yield from (node for node in ast.walk(statement) if not _is_context(node))


def _depth(node: ast.AST) -> int:
    return 1 + max(
        (_depth(child) for child in ast.iter_child_nodes(node) if not _is_context(child)), default=0
    )

"""Editing Python text by its syntax tree: only the edited span changes, comments and layout stay."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from factors.syntax import parse

Edit: TypeAlias = tuple[ast.AST, str]

_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List, ast.Tuple, ast.Dict)


class Text:
    """A piece of Python text, its tree, and the place of every node in it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tree = parse(source)
        self._bytes = source.encode()
        self._line_starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._line_starts.append(self._line_starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Half-open byte range of `node`; columns of the syntax tree count bytes, not characters."""
        start = self._line_starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = self._line_starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        return start, end

    def segment(self, node: ast.AST) -> str:
        """Return the text of `node`."""
        start, end = self.span(node)
        return self._bytes[start:end].decode()

    def replaced(self, edits: Iterable[Edit]) -> str:
        """Return the text with each node's span replaced; spans must not overlap."""
        pieces, position = [], 0
        for (start, end), text in sorted((self.span(node), text) for node, text in edits):
            pieces += [self._bytes[position:start], text.encode()]
            position = end
        return b"".join([*pieces, self._bytes[position:]]).decode()

    def without(self, statement: ast.stmt) -> str:
        """Return the text without the lines of `statement`."""
        lines = self.source.split("\n")
        del lines[statement.lineno - 1 : statement.end_lineno]
        return "\n".join(lines)

    def operand(self, node: ast.expr) -> str:
        """Return the text of `node`, in parentheses unless it binds as tightly as a name."""
        return self.segment(node) if isinstance(node, _ATOMS) else f"({self.segment(node)})"


def identifiers(source: str) -> set[str]:
    """Every name that `source` binds or reads, function and argument names included."""
    return set(_bound_or_read(parse(source)))


def _bound_or_read(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef):
            yield node.name


def renamed(source: str, names: Mapping[str, str], keys: Mapping[str, str]) -> str:
    """`source` with the names in `names` and the string literals in `keys` renamed."""
    text = Text(source)
    edits: list[Edit] = []
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Name) and node.id in names:
            edits.append((node, names[node.id]))
        elif isinstance(node, ast.arg) and node.arg in names:
            edits.append((node, text.segment(node).replace(node.arg, names[node.arg], 1)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in keys:
            edits.append((node, f'"{keys[node.value]}"'))
    return _functions_renamed(text.replaced(edits), names)


def _functions_renamed(source: str, names: Mapping[str, str]) -> str:
    lines = source.split("\n")
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line.replace(f"def {node.name}", f"def {names[node.name]}", 1)
    return "\n".join(lines)


def fresh(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or `wanted_2`, `wanted_3`, … whichever is the first not in `taken`."""
    reserved = set(taken)
    candidates = (f"{wanted}_{number}" for number in range(2, len(reserved) + 3))
    return wanted if wanted not in reserved else next(name for name in candidates if name not in reserved)

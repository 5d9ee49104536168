"""The finished program: its docstring opens with the idea, its PARAMETERS hold the merged ranges."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from agents.grammar.ranges import literal
from agents.replies.errors import ReplyError
from agents.replies.ranges import read_range
from agents.replies.syntax import docstring_paragraphs, first_function_line, parsed, parsed_or_none, replaced
from factors.errors import ContractError
from factors.parameters import ParameterSpace

_WIDTH = 110


def with_idea(source: str, idea: str) -> str:
    """`source` whose docstring's first paragraph is `idea`; the other paragraphs stay."""
    tree = parsed(source)
    current, rest = docstring_paragraphs(tree)
    if current == idea:
        return source
    wrapped = textwrap.fill(idea, _WIDTH, break_long_words=False, break_on_hyphens=False)
    body = _escaped(f"{wrapped}\n\n{rest}" if rest else wrapped)
    docstring = f'"""{body}\n"""' if "\n" in body else f'"""{body}"""'
    if ast.get_docstring(tree) is not None:
        return replaced(source, tree.body[0], docstring)
    return f"{docstring}\n\n{source.lstrip()}"


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'{escaped[:-1]}\\"' if escaped.endswith('"') else escaped


def with_ranges(source: str, said: Mapping[str, Any], base: str | None, repairs: list[str]) -> str:
    """`source` whose PARAMETERS are its own ranges with those `said` put over them, without unused ones."""
    tree = parsed(source)
    statement = _declaration(tree)
    own = _own_ranges(statement)
    old = _readable_ranges(base) if base and said else {}
    used = _Used(tree, statement)
    ranges = {}
    for name, written in {**own, **said}.items():
        if not isinstance(name, str) or not name.isidentifier() or name not in used:
            repairs.append(f"parameter `{str(name)[:60]}` is not used by the code and was dropped")
            continue
        strict = (
            read_range(name, own[name], _strict(old.get(name)), repairs)
            if name in own
            else _strict(old.get(name))
        )
        ranges[name] = read_range(name, written, strict, repairs) if name in said else strict
    undeclared = sorted(used.by_subscript - set(ranges))
    if undeclared:
        raise ReplyError(
            f'the code reads p["{undeclared[0]}"], which is not declared: give its range in PARAMETERS.'
        )
    return source if statement is not None and ranges == own else _declared(source, statement, ranges)


def _readable_ranges(base: str) -> dict[str, Any]:
    """The ranges of the program before the change; none if it is so broken that they cannot be read."""
    tree = parsed_or_none(base)
    try:
        return _own_ranges(_declaration(tree)) if tree else {}
    except ReplyError:
        return {}


def _strict(own: object) -> Mapping[str, Any] | None:
    return own if isinstance(own, dict) and "type" in own else None


def _declaration(tree: ast.Module) -> ast.Assign | ast.AnnAssign | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and any(
            isinstance(target, ast.Name) and target.id == "PARAMETERS" for target in targets
        ):
            return node
    return None


def _own_ranges(statement: ast.Assign | ast.AnnAssign | None) -> dict[str, Any]:
    if statement is None:
        return {}
    try:
        value = ast.literal_eval(statement.value) if statement.value else None
    except (ValueError, TypeError, RecursionError, MemoryError):
        value = None
    if not isinstance(value, dict):
        raise ReplyError(
            f"`PARAMETERS` (line {statement.lineno}) must be a literal dict of ranges: no calls or names in it."
        )
    return value


class _Used:
    """The parameters that a program's code reads; all of them if it also reads some by a computed name."""

    def __init__(self, tree: ast.Module, declaration: ast.stmt | None) -> None:
        declared = set(ast.walk(declaration)) if declaration else set()
        nodes = [node for node in ast.walk(tree) if node not in declared]
        self._strings = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        self._mapping = next(_third_arguments(tree), "p")
        reads = [n for n in nodes if isinstance(n, ast.Subscript) and self._is_mapping(n.value)]
        self._computed = any(not isinstance(n.slice, ast.Constant) for n in reads) or any(
            isinstance(n, ast.Attribute)
            and self._is_mapping(n.value)
            and n.attr in ("items", "values", "keys")
            for n in nodes
        )
        self.by_subscript = {
            n.slice.value
            for n in reads
            if isinstance(n.slice, ast.Constant) and isinstance(n.slice.value, str)
        }

    def __contains__(self, name: str) -> bool:
        return self._computed or name in self._strings

    def _is_mapping(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == self._mapping


def _third_arguments(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "factor" and len(node.args.args) == 3:
            yield node.args.args[2].arg


def _declared(source: str, statement: ast.stmt | None, ranges: Mapping[str, Any]) -> str:
    try:
        text = f"PARAMETERS = {literal(ParameterSpace.parse(dict(ranges)))}"
    except ContractError as problem:
        raise ReplyError(str(problem)) from None
    if statement is not None:
        return replaced(source, statement, text)
    tree = parsed(source)
    lines, at = source.split("\n"), first_function_line(tree)
    head = "\n".join(lines[:at]).rstrip()
    return "\n\n".join(filter(None, [head, text])) + "\n\n\n" + "\n".join(lines[at:])

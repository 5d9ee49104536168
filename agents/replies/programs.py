"""Whole programs, or whole functions of the current one, among the texts that a reply offers."""

# ruff: noqa: RUF001 (replies hold such characters)

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from agents.replies.cleaning import plain_code
from agents.replies.errors import ReplyError
from agents.replies.syntax import defines_factor, first_function_line, first_line, parsed_or_none

_FACTOR = re.compile(r"^[ \t]*def[ \t]+factor[ \t]*[(（]", re.MULTILINE)
_ELIDED = re.compile(
    r"\b(?:rest|remain\w*|existing|unchanged|same as|previous code)\b|其余|保持不变|不变|省略", re.IGNORECASE
)


def whole_program(texts: Sequence[str], base: str | None, notes: list[str]) -> str | None:
    """The first text that is Python and not the current program; else the first that defines `factor`."""
    texts = [text for text in texts if _FACTOR.search(text)]
    fresh = [text for text in texts if base is None or text.split() != base.split()] or texts
    valid = [text for text in fresh if (tree := parsed_or_none(plain_code(text))) and defines_factor(tree)]
    if len(valid) > 1:
        notes.append("several programs were offered; the first was taken")
    if not valid:
        return next(iter(fresh), None)
    return _completed(plain_code(valid[0]), base, notes) if base else valid[0]


def _completed(code: str, base: str, notes: list[str]) -> str:
    """`code`, put into the current program if it holds functions and imports only."""
    tree, host = parsed_or_none(code), parsed_or_none(base)
    if not tree or not host or not defines_factor(host):
        return code
    if not all(isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom) for node in tree.body):
        return code
    notes.append("the functions given replace those of the current program")
    imports = [ast.unparse(node) for node in tree.body if not isinstance(node, ast.FunctionDef)]
    texts = _functions(code, tree)
    lines, known = base.split("\n"), [node for node in host.body if isinstance(node, ast.FunctionDef)]
    for node in reversed(known):
        lines[first_line(node) : node.end_lineno] = texts.pop(
            node.name, lines[first_line(node) : node.end_lineno]
        )
    at = first_function_line(host)
    missing = [line for line in imports if line not in lines]
    added = [line for text in texts.values() for line in [*text, "", ""]]
    return "\n".join([*lines[:at], *missing, *([""] if missing else []), *added, *lines[at:]])


def _functions(code: str, tree: ast.Module) -> dict[str, list[str]]:
    """The lines of each function, decorators included."""
    lines, functions = code.split("\n"), [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {node.name: lines[first_line(node) : node.end_lineno] for node in functions}


def check_nothing_elided(source: str, base: str | None) -> None:
    """Raise `ReplyError` if a comment stands for lines that were left out."""
    known = set(base.split("\n")) if base else set()
    for line in source.split("\n"):
        comment = line.lstrip().startswith(("#", "...", "…"))
        elided = comment and line not in known and ("..." in line or "…" in line)
        if elided and _ELIDED.search(line):
            raise ReplyError(f"the program leaves code out at `{line.strip()[:100]}`: write every line.")

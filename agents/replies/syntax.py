"""The syntax trees of programs that nobody has checked yet."""

from __future__ import annotations

import ast

from agents.grammar.text import Text
from agents.replies.errors import ReplyError
from factors.program import MAX_SOURCE_CHARACTERS
from factors.syntax import parse


def parsed(source: str) -> ast.Module:
    """The tree of `source`; `ReplyError` names the line that is not Python."""
    if len(source) > MAX_SOURCE_CHARACTERS:
        raise ReplyError(
            f"a program has at most {MAX_SOURCE_CHARACTERS} characters, got {len(source)}: shorten it."
        )
    try:
        return parse(source)
    except SyntaxError as problem:
        line = (source.split("\n")[(problem.lineno or 1) - 1 :] or [""])[0].strip()[:120]
        raise ReplyError(
            f"the resulting program is not Python: line {problem.lineno}, {problem.msg}: `{line}`. Correct that line."
        ) from None
    except (ValueError, RecursionError, MemoryError) as problem:
        raise ReplyError(
            f"the resulting program cannot be parsed ({problem or 'nested too deeply'}): write it more simply."
        ) from None


def parsed_or_none(source: str) -> ast.Module | None:
    """The tree of `source`, if it is Python."""
    try:
        return parsed(source)
    except ReplyError:
        return None


def replaced(source: str, statement: ast.stmt, text: str) -> str:
    """`source` with `statement`, of its tree, written as `text`."""
    return Text(source).replaced([(statement, text)])


def defines_factor(tree: ast.Module) -> bool:
    """Whether a function `factor` stands at module level."""
    return any(isinstance(node, ast.FunctionDef) and node.name == "factor" for node in tree.body)


def first_function_line(tree: ast.Module) -> int:
    """The index of the line where the first function begins; `tree` has one."""
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    return first_line(function)


def first_line(function: ast.FunctionDef) -> int:
    """The index of the line where `function` begins, decorators included."""
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)]) - 1


def docstring_paragraphs(tree: ast.Module) -> tuple[str, str]:
    """The idea, blanks normalised as `Program.parse` does it, and the rest of the docstring."""
    docstring = (ast.get_docstring(tree) or "").strip()
    first, _, rest = docstring.partition("\n\n")
    return " ".join(first.split()), rest.strip("\n")

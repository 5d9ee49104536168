"""A factor program: one Python text with its idea, its parameter space and its identity.

The text is all there is to audit. It has a docstring (first paragraph: the idea), a literal `PARAMETERS` and a
function `factor(data, ops, p)` that returns a (T, N) score, higher = expected to do better, NaN = no opinion.
Parsing reads the text only; nothing of it is executed.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from factors.errors import ContractError, SyntaxProgramError
from factors.fingerprint import fingerprint, parameters_literal
from factors.parameters import ParameterSpace
from factors.policy import check_policy
from factors.syntax import parse
from market.errors import DataError

MAX_SOURCE_CHARACTERS = 50_000
_MOST_NAME_CHARACTERS = 60
_ENTRY_ARGUMENTS = ["data", "ops", "p"]


@dataclass(frozen=True, kw_only=True)
class Program:
    """A parsed program that obeys the static contract and policy."""

    source: str
    name: str
    idea: str
    parameters: ParameterSpace
    fingerprint: str

    @classmethod
    def parse(cls, source: str, *, name: str | None = None) -> Program:
        """Read a program's text.

        Raises `SyntaxProgramError`, `ContractError` or `PolicyError`; each names the line and the remedy.
        `name` defaults to a slug of the idea's first words.
        """
        tree = _parse_text(source)
        _check_entry_point(tree)
        check_policy(tree)
        idea = _idea(tree)
        return cls(
            source=source,
            name=name or slug(idea),
            idea=idea,
            parameters=ParameterSpace.parse(_parameters(tree)),
            fingerprint=fingerprint(source),
        )


def read_program(path: str | Path) -> Program:
    """Parse the program in the file `path`; its name is the file's stem."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"no program file at `{path}`: check the path.") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(f"`{path}` cannot be read as a text file: {problem}.") from None
    return Program.parse(text, name=path.stem)


def _parse_text(source: str) -> ast.Module:
    if len(source) > MAX_SOURCE_CHARACTERS:
        raise ContractError(
            f"a program has at most {MAX_SOURCE_CHARACTERS} characters, got {len(source)}: shorten it."
        )
    try:
        return parse(source)
    except SyntaxError as problem:
        raise SyntaxProgramError(f"line {problem.lineno}: {problem.msg}.") from None
    except (ValueError, RecursionError, MemoryError) as problem:
        raise SyntaxProgramError(f"the text cannot be parsed: {problem}.") from None


def _check_entry_point(tree: ast.Module) -> None:
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "factor"]
    if len(functions) != 1:
        raise ContractError(
            f"a program defines `factor` exactly once, found {len(functions)}: "
            "add `def factor(data, ops, p):` at module level."
        )
    arguments = functions[0].args
    names = [argument.arg for argument in arguments.posonlyargs + arguments.args]
    if len(names) != len(_ENTRY_ARGUMENTS) or arguments.vararg or arguments.kwonlyargs or arguments.kwarg:
        raise ContractError(f"`factor` takes (data, ops, p), got ({', '.join(names)}).")


def _parameters(tree: ast.Module) -> object:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "PARAMETERS" for target in targets):
            break
    else:
        raise ContractError("a program assigns `PARAMETERS`: write `PARAMETERS = {}` if there are none.")
    literal = parameters_literal(tree)
    try:
        if isinstance(node.value, ast.Dict):  # type: ignore[attr-defined]
            return ast.literal_eval(literal)
    except (ValueError, TypeError):
        pass
    raise ContractError("`PARAMETERS` must be a literal dict: no calls, names or arithmetic in it.")


def _idea(tree: ast.Module) -> str:
    docstring = ast.get_docstring(tree)
    if not docstring or not docstring.strip():
        raise ContractError("a program opens with a docstring that states its idea: add one.")
    first_paragraph = docstring.strip().split("\n\n")[0]
    return " ".join(textwrap.dedent(first_paragraph).split())


def slug(idea: str) -> str:
    """A short identifier made of an idea's first words."""
    words = re.findall(r"[a-z0-9]+", idea.lower())
    name = "_".join(words[:6])[:_MOST_NAME_CHARACTERS].strip("_")
    return name if name.isidentifier() else f"factor_{name}".strip("_")

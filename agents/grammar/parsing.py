"""From a program's text to a draft: a `factor` with one way out is opened, any other becomes a helper."""

from __future__ import annotations

import ast
import functools
import re
import textwrap

from agents.grammar.draft import Draft
from agents.grammar.text import Text, fresh, identifiers, renamed
from factors.parameters import ParameterSpace

_FILLER = {
    "a",
    "an",
    "and",
    "as",
    "at",
    "by",
    "for",
    "from",
    "how",
    "in",
    "is",
    "its",
    "it",
    "of",
    "on",
    "or",
    "own",
}
_FILLER |= {
    "over",
    "per",
    "than",
    "that",
    "the",
    "to",
    "today",
    "todays",
    "was",
    "were",
    "with",
    "few",
    "last",
    "past",
}


@functools.lru_cache(maxsize=512)
def parse_draft(source: str) -> Draft:
    """Return the draft of a program that meets the contract.

    Raises `SyntaxError` if the text is not Python, `ContractError` if its PARAMETERS are wrong, `ValueError`
    if it has no module-level `factor` or builds PARAMETERS by code.
    """
    text = Text(source)
    idea, rationale = _docstring(text.tree)
    factor = _factor(text.tree)
    helpers = tuple(_segment(text, node) for node in text.tree.body if _is_helper(node))
    draft = Draft(
        name=_slug(idea),
        idea=idea,
        rationale=rationale,
        imports=tuple(
            text.segment(node) for node in text.tree.body if isinstance(node, ast.Import | ast.ImportFrom)
        ),
        helpers=helpers,
        parameters=dict(ParameterSpace.parse(_parameters(text.tree))),
        code=_body(text, factor) if _opens(factor) else "return data.returns",
    )
    return draft if _opens(factor) else _called(draft, _segment(text, factor))


def lifted(draft: Draft, name: str) -> tuple[str, str]:
    """`draft`'s factor as a helper function called `name`, and the expression that calls it."""
    body = textwrap.indent(draft.code, "    ", lambda line: bool(line.strip()))
    return f"def {name}(data, ops, p):\n{body}", f"{name}(data, ops, p)"


def _called(draft: Draft, function: str) -> Draft:
    taken = draft.taken | identifiers(function)
    name = fresh(f"{draft.name}_score", taken)
    helper = renamed(function, {"factor": name}, {})
    return Draft(
        name=draft.name,
        idea=draft.idea,
        rationale=draft.rationale,
        imports=draft.imports,
        helpers=(*draft.helpers, helper),
        parameters=draft.parameters,
        code=f"return {name}(data, ops, p)",
    )


def _docstring(tree: ast.Module) -> tuple[str, str]:
    paragraphs = re.split(r"\n\s*\n", ast.get_docstring(tree) or "An unexplained factor.")
    flat = [" ".join(paragraph.split()) for paragraph in paragraphs]
    reasons = [part.partition(":")[2].strip() for part in flat[1:] if part.lower().startswith("rationale:")]
    return flat[0], " ".join(reasons)


def _slug(idea: str) -> str:
    words = [
        word
        for word in re.findall(r"[a-z]+", idea.partition(",")[0].lower().replace("'", ""))
        if word not in _FILLER
    ]
    return "_".join(words[:3]) or "factor"


def _factor(tree: ast.Module) -> ast.FunctionDef:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "factor":
            return node
    raise ValueError("a program needs a module-level function `factor`.")


def _parameters(tree: ast.Module) -> object:
    for node in tree.body:
        if _assigns_parameters(node):
            return ast.literal_eval(node.value)  # type: ignore[attr-defined]
    return {}


def _assigns_parameters(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "PARAMETERS" for target in node.targets
    )


def _is_helper(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom) or _assigns_parameters(node):
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    return not (isinstance(node, ast.FunctionDef) and node.name == "factor")


def _segment(text: Text, node: ast.stmt) -> str:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    lines = [f"@{text.segment(decorator)}" for decorator in decorators]
    return "\n".join([*lines, text.segment(node)])


def _opens(factor: ast.FunctionDef) -> bool:
    """Whether the body can be edited in place: plain arguments, one statement a line, one final return."""
    arguments = [argument.arg for argument in factor.args.args]
    last = factor.body[-1]
    return (
        arguments == ["data", "ops", "p"]
        and not factor.decorator_list
        and isinstance(last, ast.Return)
        and last.value is not None
        and factor.body[0].lineno > factor.lineno
        and _returns(factor) == 1
        and not _has_multiline_text(factor)
    )


def _returns(node: ast.AST) -> int:
    inner = (
        child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.FunctionDef | ast.Lambda)
    )
    return sum(_returns(child) for child in inner) + isinstance(node, ast.Return)


def _has_multiline_text(node: ast.AST) -> bool:
    texts = (child for child in ast.walk(node) if isinstance(child, ast.Constant | ast.JoinedStr))
    return any(text.end_lineno != text.lineno for text in texts)


def _body(text: Text, factor: ast.FunctionDef) -> str:
    """Return the body's lines without its docstring, comments above the first statement included."""
    first = _after_header(text, factor)
    lines = text.source.split("\n")[first : factor.end_lineno]
    return textwrap.dedent("\n".join(lines)).strip("\n")


def _after_header(text: Text, factor: ast.FunctionDef) -> int:
    if ast.get_docstring(factor) is not None:
        return factor.body[0].end_lineno or factor.lineno
    header_end = max([factor.lineno, *(arg.end_lineno or 0 for arg in factor.args.args)])
    lines = text.source.split("\n")
    while not lines[header_end - 1].split("#")[0].rstrip().endswith(":"):
        header_end += 1
    return header_end

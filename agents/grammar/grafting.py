"""Joining parts: a measure or a whole program is put into a draft, and a shape over them ends it."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import replace

from agents.grammar.draft import Draft
from agents.grammar.measures import Measure
from agents.grammar.parsing import lifted
from agents.grammar.shapes import Shape
from agents.grammar.text import Text, fresh, renamed
from factors.parameters import Parameter
from factors.syntax import parse

LONGEST_IDEA = 180
_INLINED = 45


def opening(measure: Measure) -> Draft:
    """Return the plainest program of a measure: its rank among the stocks of the day."""
    return Draft(
        name=measure.name,
        idea=f"{measure.says[:1].upper()}{measure.says[1:]}.",
        rationale=measure.because,
        helpers=measure.helpers,
        parameters=dict(measure.parameters),
        code=f"{measure.code}\nreturn ops.cs_rank({measure.name})",
    )


def bare(measure: Measure) -> Draft:
    """Return the measure itself, for shapes that rank it themselves."""
    draft = opening(measure)
    return draft.returning(measure.name)


def with_measure(draft: Draft, measure: Measure) -> tuple[Draft, str]:
    """`draft` with `measure` computed before its return, and the name it is bound to."""
    lines, keys = _fitted(draft, _new_lines(draft, measure.code), measure.parameters)
    names = _new_names(draft, [lines]) | _helper_names(draft, measure.helpers)
    grown = draft.preceded_by(renamed(lines, names, {})).with_parameters(_rekeyed(measure.parameters, keys))
    return _helped(grown, measure.helpers, names), names.get(measure.name, measure.name)


def with_program(draft: Draft, other: Draft) -> tuple[Draft, str]:
    """`draft` with `other` as a helper function, and the name its score is bound to."""
    keys = {key: fresh(key, draft.parameters) for key in other.parameters}
    helpers = tuple(renamed(helper, {}, keys) for helper in other.helpers)
    names = _helper_names(draft, helpers)
    fitted = replace(other, code=renamed(other.code, names, keys))
    taken = draft.taken.union(fitted.taken, names.values())
    score = fresh("other_score", taken)
    function, call = lifted(fitted, fresh(other.name, taken | {score}))
    grown = draft.preceded_by(f"{score} = {call}").with_parameters(_rekeyed(other.parameters, keys))
    grown = _helped(grown, helpers, names).with_helpers((function,))
    return replace(grown, imports=(*draft.imports, *other.imports)), score


def shaped(draft: Draft, shape: Shape, *, y: str = "", z: str = "") -> Draft:
    """`draft` ended by `shape`; `y` and `z` name the shape's partner and condition."""
    draft, x = _input(draft, shape)
    code, keys = _fitted(draft, shape.code, shape.parameters)
    names = _new_names(draft, [code]) | _helper_names(draft, shape.helpers)
    ending = renamed(code, {"x": x, "y": y, "z": z} | names, {})
    text = draft.text
    grown = replace(draft, code=text.replaced([(text.tree.body[-1], ending)]))
    grown = grown.with_parameters(_rekeyed(shape.parameters, keys))
    return replace(_helped(grown, shape.helpers, names), name=f"{draft.name}_{shape.name}")


def reasons(*parts: str, most: int = 5) -> str:
    """Return the sentences of several rationales, each once; of too many, the first and the latest."""
    sentences = list(dict.fromkeys(s for part in parts for s in re.split(r"(?<=[.!?])\s+", part) if s))
    return " ".join(sentences if len(sentences) <= most else sentences[:2] + sentences[2 - most :])


def phrase(idea: str) -> str:
    """Return an idea as part of a sentence: no full stop, no capital, not too long."""
    flat = idea.strip().rstrip(".")
    if len(flat) > LONGEST_IDEA:
        whole_clauses, _, _ = flat[:LONGEST_IDEA].rpartition(",")
        flat = whole_clauses or textwrap.shorten(flat, LONGEST_IDEA, placeholder=" …")
    return flat[:1].lower() + flat[1:]


def _input(draft: Draft, shape: Shape) -> tuple[Draft, str]:
    """Return what to write for `x`: the returned expression if short and used once, else a name for it."""
    text = draft.text
    expression = text.tree.body[-1].value  # type: ignore[attr-defined]
    uses = sum(isinstance(node, ast.Name) and node.id == "x" for node in ast.walk(parse(shape.code)))
    if uses == 1 and isinstance(expression, ast.Call) and len(text.segment(expression)) <= _INLINED:
        return draft, text.segment(expression)
    return draft.named_result()


def _fitted(draft: Draft, code: str, parameters: Mapping[str, Parameter]) -> tuple[str, dict[str, str]]:
    keys = {key: fresh(key, draft.parameters) for key in parameters}
    return renamed(code, {}, keys), keys


def _rekeyed(parameters: Mapping[str, Parameter], keys: Mapping[str, str]) -> dict[str, Parameter]:
    return {keys[name]: parameter for name, parameter in parameters.items()}


def _new_lines(draft: Draft, code: str) -> str:
    present = set(draft.code.split("\n"))
    return "\n".join(line for line in code.split("\n") if line not in present)


def _assigned(code: str) -> list[str]:
    """Return the names that statements of `code` bind at its outermost level."""
    text = Text(code)
    targets = [t for node in text.tree.body if isinstance(node, ast.Assign) for t in node.targets]
    functions = [node.name for node in text.tree.body if isinstance(node, ast.FunctionDef)]
    return [target.id for target in targets if isinstance(target, ast.Name)] + functions


def _new_names(draft: Draft, codes: Iterable[str]) -> dict[str, str]:
    """Return what to call the names that `codes` bind, so that none means something else in `draft`."""
    return {name: fresh(name, draft.taken) for code in codes for name in _assigned(code)}


def _helper_names(draft: Draft, helpers: Iterable[str]) -> dict[str, str]:
    return _new_names(draft, [helper for helper in helpers if helper not in draft.helpers])


def _helped(draft: Draft, helpers: Iterable[str], names: Mapping[str, str]) -> Draft:
    return draft.with_helpers(tuple(renamed(helper, names, {}) for helper in helpers))

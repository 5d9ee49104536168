"""A program taken apart, so that parts can be added, exchanged and removed, and put together as text again.

idea, rationale   the two paragraphs of the docstring
imports, helpers  what stands at module level besides PARAMETERS and `factor`
parameters        the ranges to search
code              the body of `factor`, unindented; its last line is `return <expression>`
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agents.grammar.ranges import literal
from agents.grammar.text import Text, fresh, identifiers
from factors.parameters import Parameter

WIDTH = 108
_ARGUMENTS = {"data", "ops", "p", "np", "pd", "numba", "math", "factor", "PARAMETERS"}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The parts of one program; a change returns a new draft."""

    name: str
    idea: str
    rationale: str = ""
    imports: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    code: str

    @property
    def text(self) -> Text:
        """The body of `factor` with its syntax tree."""
        return Text(self.code)

    @property
    def result(self) -> str:
        """The expression that `factor` returns."""
        text = self.text
        return text.segment(_returned(text.tree))

    @property
    def taken(self) -> set[str]:
        """Names that a new part may not use for something else."""
        return _ARGUMENTS.union(identifiers(self.code), *map(identifiers, self.helpers))

    def returning(self, expression: str) -> Draft:
        """Return the same program with another returned expression."""
        text = self.text
        return replace(self, code=text.replaced([(_returned(text.tree), expression)]))

    def named_result(self) -> tuple[Draft, str]:
        """Return the program with its result bound to a name, and that name."""
        text = self.text
        expression = _returned(text.tree)
        if isinstance(expression, ast.Name):
            return self, expression.id
        name = fresh("score", self.taken)
        statement = f"{name} = {text.segment(expression)}\nreturn {name}"
        return replace(self, code=text.replaced([(text.tree.body[-1], statement)])), name

    def preceded_by(self, lines: str) -> Draft:
        """Return the program with `lines` put in front of its return statement."""
        text = self.text
        last = text.tree.body[-1]
        return replace(self, code=text.replaced([(last, f"{lines}\n{text.segment(last)}")]))

    def with_parameters(self, parameters: Mapping[str, Parameter]) -> Draft:
        """Return the program with further parameters."""
        return replace(self, parameters={**self.parameters, **parameters})

    def with_helpers(self, helpers: tuple[str, ...]) -> Draft:
        """Return the program with those of `helpers` that it does not have yet."""
        return replace(self, helpers=tuple(dict.fromkeys((*self.helpers, *helpers))))

    def with_defaults(self, values: Mapping[str, object]) -> Draft:
        """Return the program with `values` as defaults, as far as they lie in the ranges."""
        return replace(
            self, parameters={name: _defaulting(p, values.get(name)) for name, p in self.parameters.items()}
        )

    def told_as(self, *, idea: str, rationale: str) -> Draft:
        """Return the same program with another docstring."""
        return replace(self, idea=_sentence(idea), rationale=rationale)

    def render(self) -> str:
        """Return the program's text."""
        body = textwrap.indent(self.code, "    ", lambda line: bool(line.strip()))
        parts = [*self.helpers, f"def factor(data, ops, p):\n{body}"]
        functions = "\n\n\n".join(parts)
        imports = "\n".join(self._complete_imports(functions))
        blocks = [self._docstring(), imports, f"PARAMETERS = {literal(self.parameters)}"]
        return "\n\n".join(filter(None, blocks)) + f"\n\n\n{functions}\n"

    def _docstring(self) -> str:
        paragraphs = [self.idea, f"Rationale: {self.rationale}" if self.rationale else ""]
        wrapped = [textwrap.fill(part, WIDTH, break_long_words=False) for part in paragraphs if part]
        closing = '\n"""' if len(wrapped) > 1 or "\n" in wrapped[0] else '"""'
        return '"""' + "\n\n".join(wrapped).replace("\\", "/").replace('"', "'") + closing

    def _complete_imports(self, functions: str) -> list[str]:
        wanted = [*self.imports]
        if "np" in identifiers(functions) and "import numpy as np" not in wanted:
            wanted.append("import numpy as np")
        return sorted(dict.fromkeys(wanted))


def _returned(tree: ast.Module) -> ast.expr:
    last = tree.body[-1]
    assert isinstance(last, ast.Return)  # noqa: S101 (what a draft is)
    assert last.value is not None  # noqa: S101 (what a draft is)
    return last.value


def _sentence(idea: str) -> str:
    flat = idea.strip().rstrip(".")
    return f"{flat[:1].upper()}{flat[1:]}."


def _defaulting(parameter: Parameter, value: object) -> Parameter:
    if value is None:
        return parameter
    try:
        return replace(parameter, default=parameter.admit(value))  # type: ignore[arg-type]
    except ValueError:
        return parameter

"""The other constants of a program that act as knobs, declared as parameters: equal ones are one.

Which constants are knobs is for `factors.lifting` to say, so that a written program leaves it nothing to lift.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factors.formulas.naming import numbered
from factors.formulas.steps import source_of
from factors.lifting.constants import Constant, constants_of
from factors.lifting.ranges import specification_of
from factors.lifting.text import Code
from factors.syntax import parse

_HEADER = "import numpy as np\n\n\n"


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The statements with their knobs replaced, and the `PARAMETERS` entries of the knobs."""

    body: list[str]
    parameters: dict[str, dict[str, Any]]


def with_knobs(body: list[str]) -> Tuned:
    """Replace the knobs in the statements of `factor` by parameters."""
    code = Code(_HEADER + "def factor(data, ops, p):\n" + "".join(f"    {line}\n" for line in body))
    groups: dict[tuple[str, float], list[Constant]] = {}
    for knob in constants_of(code):
        groups.setdefault((_role(knob), knob.value), []).append(knob)
    names = numbered(role for role, _ in groups)
    replaced = {
        literal: name
        for name, knobs in zip(names, groups.values(), strict=True)
        for knob in knobs
        for literal in knob.literals
    }
    tree = _Replacer(replaced).visit(code.factor)
    return Tuned(
        body=[source_of(statement) for statement in tree.body],
        parameters={name: _specification(knobs) for name, knobs in zip(names, groups.values(), strict=True)},
    )


def _role(knob: Constant) -> str:
    return "weight" if knob.role == "decay" else knob.role


def _specification(knobs: list[Constant]) -> dict[str, Any]:
    """The narrowest of the ranges: the weight of `w * x + (1 - w) * y` stays below 1."""
    return min(map(specification_of, knobs), key=lambda entry: entry["high"] - entry["low"])


class _Replacer(ast.NodeTransformer):
    def __init__(self, replaced: Mapping[ast.expr, str]) -> None:
        self._replaced = replaced

    def visit(self, node: ast.AST) -> Any:
        """A knob becomes its parameter."""
        name = self._replaced.get(node)  # type: ignore[call-overload]
        return super().visit(node) if name is None else parse(f'p["{name}"]', mode="eval").body

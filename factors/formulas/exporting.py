"""From a program back to a formula: its `factor` is evaluated with symbols in the place of arrays.

Qlib computes a window from its first row on, takes a comparison with a missing value for false, has infinity where
`safe_div` and `safe_log` have nothing, and lacks the one-argument `Rank` (of the day's stocks): register one there.
"""

from __future__ import annotations

from collections.abc import Mapping

from factors.formulas.errors import NotExpressibleError
from factors.formulas.operators import OPERATORS
from factors.formulas.statements import Statements
from factors.formulas.syntax import Field, Node, Number
from factors.program import Program
from factors.syntax import parse


def to_qlib(source: str, parameters: Mapping[str, object] | None = None) -> str:
    """Return a program's text as a Qlib expression, parameters replaced by their values.

    Raises `NotExpressibleError`, which lists every construct without a counterpart by its line, and what
    `Program.parse` and `ParameterSpace.complete` raise for a text that is no program or values out of range.
    """
    values = Program.parse(source).parameters.complete(parameters)
    statements = Statements(parse(source), values)
    result = statements.result()
    if result is None:
        raise NotExpressibleError(sorted(dict.fromkeys(statements.problems), key=lambda found: found[0]))
    text = _written(result)
    bracketed = not isinstance(result, Field | Number) and OPERATORS[result.operator].qlib.startswith("(")
    return text[1:-1] if bracketed else text


def _written(node: Node) -> str:
    if isinstance(node, Field):
        return f"${node.name}"
    if isinstance(node, Number):
        whole = node.value == int(node.value) and abs(node.value) < 1e15
        return repr(int(node.value) if whole else node.value)
    operands = dict(zip("abc", map(_written, node.operands), strict=False))
    return OPERATORS[node.operator].qlib.format(n=node.days, **operands)

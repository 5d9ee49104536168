"""How a notation's operators take their arguments, written as `ts_corr x y d`.

The first word is the operator of `factors.formulas.operators`; then `x y z` are operands, `d` a number of days, and any
other word the name of a constant. Alternatives, separated by `|`, are told apart by the number of arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from factors.formulas.building import make, whole_days
from factors.formulas.errors import FormulaError
from factors.formulas.syntax import Node, constant


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a call: its value, the keyword it came with, and where it stands."""

    value: Node
    keyword: str
    column: int


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One way of calling an operator."""

    operator: str
    roles: tuple[str, ...]

    def build(self, name: str, arguments: Sequence[Argument], *, fractions: bool) -> Node:
        """Return the node of a call with as many arguments as there are roles."""
        operands, days = [], None
        for role, argument in zip(self.roles, arguments, strict=True):
            if argument.keyword not in {"", role}:
                raise FormulaError(
                    f"`{name}` takes no `{argument.keyword}` here: leave the keyword out.",
                    column=argument.column,
                )
            if role == "d":
                days = _days(name, argument, fractions=fractions)
            else:
                operands.append(argument.value)
        return make(self.operator, *operands, days=days)


def signatures(rows: Mapping[str, str]) -> Mapping[str, tuple[Signature, ...]]:
    """Read a table of `name: alternatives`."""
    return MappingProxyType(
        {name: tuple(map(_signature, alternatives.split("|"))) for name, alternatives in rows.items()}
    )


def _signature(text: str) -> Signature:
    operator, *roles = text.split()
    return Signature(operator=operator, roles=tuple(roles))


def build_call(
    name: str, choices: Sequence[Signature], arguments: Sequence[Argument], *, fractions: bool
) -> Node:
    """Return the node of the alternative that takes this many arguments."""
    for signature in choices:
        if len(signature.roles) == len(arguments):
            return signature.build(name, arguments, fractions=fractions)
    calls = " or ".join(f"{name}({', '.join(choice.roles)})" for choice in choices)
    raise FormulaError(f"`{name}` is called as {calls}, got {len(arguments)} arguments: add or remove some.")


def _days(name: str, argument: Argument, *, fractions: bool) -> int:
    try:
        return whole_days(name, constant(argument.value), fractions=fractions)
    except FormulaError as problem:
        raise FormulaError(problem.message, column=argument.column) from None

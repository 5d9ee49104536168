"""The constants of a program that act as knobs."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from factors.fingerprint import parameters_literal
from factors.lifting.flow import MOVES_ROWS, ROLES, Flow, Use, default_arguments, omits, row_offset
from factors.lifting.text import Code, Function, Number, assigned_value, number_of


@dataclass(frozen=True, kw_only=True)
class Constant:
    """A knob: its literals in the text, how they act, and the places where the parameter will stand."""

    value: Number
    literals: tuple[ast.expr, ...]
    uses: tuple[Use, ...]
    sites: tuple[ast.expr, ...] = ()
    omissions: tuple[tuple[ast.Call, str], ...] = ()
    removed: ast.stmt | None = None

    @property
    def role(self) -> str:
        """The most telling of the roles."""
        return min((use.role for use in self.uses), key=ROLES.index)


def constants_of(code: Code) -> list[Constant]:
    """The knobs in the order of the text; equal row offsets of a function are one."""
    constants = []
    merged: dict[tuple[object, Number], list[Constant]] = defaultdict(list)
    for literal, value in all_literals(code):
        uses = tuple(Flow(code, value).uses(literal))
        if not uses:
            continue
        constant = _constant(code, literal, value, uses)
        owner = code.owner(literal)
        written_here = constant.sites == (literal,) and not isinstance(code.parents[literal], ast.Assign)
        if owner in indexed(code) and written_here and all(use.rows for use in uses):
            merged[owner, abs(value)].append(constant)
        else:
            constants.append(constant)
    constants += [_one(value, parts) for (_, value), parts in merged.items()]
    return sorted(constants, key=lambda c: code.text.span(c.literals[0]))


def all_literals(code: Code) -> Iterator[tuple[ast.expr, Number]]:
    """Every number that could be a knob, with its sign."""
    ignored: set[ast.AST] = set(ast.walk(parameters_literal(code.tree)))
    for node in code.parents:
        if node in ignored:
            continue
        if isinstance(node, ast.JoinedStr):
            ignored.update(ast.walk(node))
        value = number_of(node)
        if value is None or not isinstance(node, ast.expr):
            continue
        ignored.update(ast.walk(node))  # the number inside of a signed one
        if 1e-6 < abs(value) < 1e12 and abs(value) != 1:
            yield node, value


def _constant(code: Code, literal: ast.expr, value: Number, uses: tuple[Use, ...]) -> Constant:
    parent = code.parents[literal]
    function = code.parents[parent] if isinstance(parent, ast.arguments) else None
    if isinstance(parent, ast.arguments) and isinstance(function, Function) and code.owner(literal) is None:
        argument = default_arguments(parent)[literal]
        calls = [call for call in code.calls(function) if omits(call, function, argument)]
        omissions = tuple((call, argument.arg) for call in calls)
        return Constant(value=value, literals=(literal,), uses=uses, omissions=omissions)
    names = _module_names(code, literal)
    if names:
        sites = tuple(name for bound in names for name in code.reads(bound))
        statement = parent if isinstance(parent, ast.Assign | ast.AnnAssign) else None
        return Constant(value=value, literals=(literal,), uses=uses, sites=sites, removed=statement)
    return Constant(value=value, literals=(literal,), uses=uses, sites=(literal,))


def _module_names(code: Code, literal: ast.expr) -> list[ast.Name]:
    """The names of the module that are bound to `literal`."""
    if code.scopes[literal] is not code.tree:
        return []
    bound = [node for (scope, _), nodes in code.bindings.items() if scope is code.tree for node in nodes]
    return [n for n in bound if isinstance(n, ast.Name) and assigned_value(code.parents, n) is literal]


def _one(value: Number, parts: list[Constant]) -> Constant:
    literals = tuple(literal for part in parts for literal in part.literals)
    uses = tuple(use for part in parts for use in part.uses)
    unsigned = tuple(n.operand if isinstance(n, ast.UnaryOp) else n for n in literals)
    return Constant(value=value, literals=literals, uses=uses, sites=unsigned)


def indexed(code: Code) -> set[Function | None]:
    """The functions that address rows relative to each other."""
    return {code.owner(node) for node in code.parents if _addresses_rows(code, node)}


def _addresses_rows(code: Code, node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", "") in MOVES_ROWS
    parent = code.parents[node]
    return isinstance(node, ast.expr) and row_offset(code, parent, node) is not None

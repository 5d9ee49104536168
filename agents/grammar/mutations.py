"""Small changes to the text of any program: each returns the draft changed, or None if it cannot."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from agents.grammar.draft import Draft
from agents.grammar.ranges import LONGEST_WINDOW
from agents.grammar.text import Text, fresh
from agents.grammar.tidying import called, operator
from factors.parameters import FloatParameter, IntParameter, Parameter

Change: TypeAlias = Callable[[Draft, np.random.Generator], Draft | None]

PRICE_FIELDS = ("open", "high", "low", "close", "vwap")
SIBLINGS: tuple[tuple[str, ...], ...] = (
    ("ts_mean", "ts_median", "ts_ema", "ts_decay_linear"),
    ("ts_std", "ts_mad"),
    ("ts_rank", "ts_zscore"),
    ("cs_rank", "cs_zscore"),
)
"""Operators of one signature and one unit: exchanging them keeps a program sound but changes its meaning."""

STRUCTURAL_NUMBERS = (-1, 0, 0.5, 1, 2)
"""Numbers that are part of a definition and not a choice: halves, signs, one day, twice."""


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A named change; `says` and `because` tell it in the docstring if it changes what the program means."""

    name: str
    says: str
    because: str
    change: Change


def swap_operator(draft: Draft, rng: np.random.Generator) -> Draft | None:
    """Exchange one operator for a sibling."""
    text = draft.text
    family = {name: group for group in SIBLINGS for name in group}
    calls = [n for n in ast.walk(text.tree) if isinstance(n, ast.Call) and operator(n) in family]
    if not calls:
        return None
    call = calls[rng.integers(len(calls))]
    others = [name for name in family[operator(call)] if name != operator(call)]
    return replace(draft, code=text.replaced([(call.func, f"ops.{others[rng.integers(len(others))]}")]))


def swap_field(draft: Draft, rng: np.random.Generator) -> Draft | None:
    """Exchange one price for another price of the same bar."""
    text = draft.text
    prices = [n for n in ast.walk(text.tree) if isinstance(n, ast.Attribute) and _is_price(n)]
    if not prices:
        return None
    price = prices[rng.integers(len(prices))]
    others = [name for name in PRICE_FIELDS if name != price.attr]
    return replace(draft, code=text.replaced([(price, f"data.{others[rng.integers(len(others))]}")]))


def drop_term(draft: Draft, rng: np.random.Generator) -> Draft | None:
    """Keep one side of a sum or product, the ungated branch of a gate, or what an operator was applied to."""
    text = draft.text
    options = [(node, kept) for node in ast.walk(text.tree) for kept in _droppable(node)]
    if not options:
        return None
    node, kept = options[rng.integers(len(options))]
    return replace(draft, code=text.replaced([(node, _standing_in(text, node, kept))]))


def refocus(draft: Draft, rng: np.random.Generator) -> Draft | None:
    """Move the ranges around the best values: narrower in the middle, further out at an edge."""
    numeric = [name for name, parameter in draft.parameters.items() if _refocused(parameter) != parameter]
    if not numeric:
        return None
    name = numeric[rng.integers(len(numeric))]
    return replace(draft, parameters={**draft.parameters, name: _refocused(draft.parameters[name])})


def lift_constant(draft: Draft, rng: np.random.Generator) -> Draft | None:
    """Turn one number of the code into a parameter that the tuner may choose."""
    text = draft.text
    numbers = [node for node in ast.walk(text.tree) if isinstance(node, ast.Constant)]
    choices = [(number, found) for number in numbers if (found := _lifted(text.tree, number))]
    if not choices:
        return None
    number, (name, parameter) = choices[rng.integers(len(choices))]
    name = fresh(name, draft.parameters)
    return replace(draft, code=text.replaced([(number, f'p["{name}"]')])).with_parameters({name: parameter})


MUTATIONS = (
    Mutation(
        name="swap_operator",
        says="{idea}, by another estimator",
        because="Another estimator of the same idea weighs chance and change differently.",
        change=swap_operator,
    ),
    Mutation(
        name="swap_field",
        says="{idea}, from another price of the day",
        because="Each price of the day is set by other people.",
        change=swap_field,
    ),
    Mutation(
        name="drop_term",
        says="{idea}, with one part left out",
        because="A part that does not help only adds noise.",
        change=drop_term,
    ),
    Mutation(name="refocus", says="{idea}", because="", change=refocus),
    Mutation(name="lift_constant", says="{idea}", because="", change=lift_constant),
)


def _is_price(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "data" and node.attr in PRICE_FIELDS


def _droppable(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
        sides = [node.left, node.right]
        return sides if all(map(_is_array, sides)) else []
    if isinstance(node, ast.Call) and called(node) == "where":
        return [branch for branch in node.args[1:] if _is_array(branch) and not _is_weighted(branch)]
    keeping = {"ts_mean", "ts_ema", "ts_median", "ts_decay_linear", "ts_delay", "cs_neutralize", "cs_zscore"}
    return node.args[:1] if isinstance(node, ast.Call) and operator(node) in keeping else []


def _is_array(node: ast.expr) -> bool:
    return not isinstance(node, ast.Constant | ast.Subscript)


def _is_weighted(node: ast.expr) -> bool:
    """Whether a branch is a score times a number or parameter: without its gate it may be nothing at all."""
    return isinstance(node, ast.BinOp) and not all(map(_is_array, (node.left, node.right)))


def _standing_in(text: Text, node: ast.AST, kept: ast.expr) -> str:
    """Return the text of `kept`, in parentheses where it takes the place of an operand."""
    inside = (parent for parent in ast.walk(text.tree) if node in ast.iter_child_nodes(parent))
    tight = any(
        isinstance(parent, ast.BinOp | ast.UnaryOp | ast.Compare | ast.Attribute) for parent in inside
    )
    return text.operand(kept) if tight else text.segment(kept)


def _refocused(parameter: Parameter) -> Parameter:
    if isinstance(parameter, IntParameter) and parameter.low >= 1 and parameter.step == 1:
        low, high = max(1, round(parameter.default / 2)), min(LONGEST_WINDOW, 2 * parameter.default)
        return replace(parameter, low=low, high=max(high, parameter.default))
    if isinstance(parameter, FloatParameter) and parameter.step is None and not parameter.log:
        reach = (parameter.high - parameter.low) / 4
        return _within(parameter, parameter.default - reach, parameter.default + reach)
    return parameter


def _within(parameter: FloatParameter, low: float, high: float) -> FloatParameter:
    """Return the part of [low, high] that the parameter allows: thresholds and weights keep their limits."""
    inside = max(low, parameter.low), min(high, parameter.high)
    return (
        replace(parameter, low=round(inside[0], 3), high=round(inside[1], 3))
        if inside[0] < inside[1]
        else parameter
    )


def _lifted(tree: ast.AST, number: ast.Constant) -> tuple[str, Parameter] | None:
    """Return a name and a range to replace `number` by, if it is a choice and not part of a definition."""
    value = number.value
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or value in STRUCTURAL_NUMBERS
        or value < 0
    ):
        return None
    if isinstance(value, float):
        return "level", FloatParameter(low=value / 3, high=value * 3, default=value, log=True)
    if value > LONGEST_WINDOW or not _is_window(tree, number):
        return None
    low, high = max(2, value // 3), min(LONGEST_WINDOW, value * 3)
    return "window", IntParameter(low=low, high=high, default=value, log=True)


def _is_window(tree: ast.AST, number: ast.Constant) -> bool:
    calls = (
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and operator(node).startswith("ts_")
    )
    return any(number is argument for call in calls for argument in call.args[1:])

"""The windows and lags of a formula as parameters: equal numbers of days are one parameter.

A single parameter is called `window`; of several each is called after what it does (`corr_window`, `delay_days`). One
day is no parameter: it means "yesterday", not "lately".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from factors.formulas.naming import numbered
from factors.formulas.operators import OPERATORS, Operator
from factors.formulas.syntax import Call, Node, walk

_SHORT_RANGE, _SHORTEST = (
    60,
    3,
)  # a window is searched up to 60 days, and down to a third of the published one
_LAGS = {"ts_delay": "delay_days", "ts_delta": "change_days", "ts_pct_change": "change_days"}


@dataclass(frozen=True, kw_only=True)
class Window:
    """A number of days and the parameter that it is."""

    days: int
    name: str
    least: int

    @property
    def specification(self) -> dict[str, Any]:
        """The `PARAMETERS` entry."""
        low = min(self.days, max(self.least, self.days // _SHORTEST))
        high = max(_SHORT_RANGE, 3 * self.days)
        return {"type": "int", "low": low, "high": high, "default": self.days, "log": True}


def windows_of(tree: Node) -> dict[int, Window]:
    """The windows by their days, in the order of the formula."""
    uses: dict[int, list[Operator]] = defaultdict(list)
    for node in walk(tree):
        if isinstance(node, Call) and node.days is not None and node.days > 1:
            uses[node.days].append(OPERATORS[node.operator])
    names = _names(uses.values())
    return {
        days: Window(days=days, name=name, least=max(operator.least for operator in operators))
        for name, (days, operators) in zip(names, uses.items(), strict=True)
    }


def _names(uses: Iterable[list[Operator]]) -> list[str]:
    wanted = [_name(operators) for operators in uses]
    return ["window"] if len(wanted) == 1 else numbered(wanted)


def _name(operators: list[Operator]) -> str:
    names = {_LAGS.get(o.name) or f"{o.name.split('_')[o.name.startswith('ts_')]}_window" for o in operators}
    return names.pop() if len(names) == 1 else "window"

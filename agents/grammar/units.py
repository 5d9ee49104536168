"""Dimensional analysis of a program: every array has a unit, no score depends on the size of a share.

A price is dollars per share, a volume is shares. A quantity can be compared across stocks only if the shares
cancel: a split must not change it. Returns, ranks and correlations have no unit; dollar volume compares too.

    close / ts_mean(close)   no unit         ts_std(volume) / volume   no unit
    close * volume           dollars         close + volume            nonsense
    close                    not comparable  cs_rank(close)            ranks what does not compare
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TypeAlias

from agents.grammar.tidying import called
from factors.syntax import parse

Unit: TypeAlias = tuple[int, int] | None
"""Powers of dollars and of shares; None = not known, or fits anything."""

PRICE: Unit = (1, -1)
SHARES: Unit = (0, 1)
PLAIN: Unit = (0, 0)

FIELD_UNITS: dict[str, Unit] = dict.fromkeys(("open", "high", "low", "close", "vwap"), PRICE)
FIELD_UNITS |= {"volume": SHARES, "returns": PLAIN}

_UNITLESS = {
    f"ts_{name}" for name in ("pct_change", "skew", "kurt", "rank", "zscore", "corr", "rsquare", "autocorr")
}
_UNITLESS |= {"ts_argmin", "ts_argmax", "ts_count", "cs_rank", "cs_zscore", "cs_scale", "log1p_sign"}
_KEEPING = {
    f"ts_{name}"
    for name in ("delay", "delta", "sum", "mean", "std", "min", "max", "median", "quantile", "mad")
}
_KEEPING |= {"ts_slope", "ts_residual", "ts_decay_linear", "ts_ema", "ts_wma", "cs_demean", "cs_winsorize"}
_KEEPING |= {"cs_neutralize", "cs_clip", "abs", "nan_to_num"}
_ALIKE = {"minimum", "maximum", "fmin", "fmax"}


def unit_problems(code: str) -> list[str]:
    """Return what is dimensionally wrong with the body of a factor, in words; an empty list if nothing is."""
    return _Reader().read(code)


@dataclass
class _Reader:
    """Walks a body once, statement by statement, remembering the unit of every name."""

    known: dict[str, Unit] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def read(self, code: str) -> list[str]:
        for statement in parse(code).body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                self.known[statement.targets[0].id] = self.unit(statement.value)
            elif isinstance(statement, ast.Return) and statement.value is not None:
                self._comparable(self.unit(statement.value), "the returned score", statement.value)
        return self.problems

    def unit(self, node: ast.expr) -> Unit:
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "data":
            return FIELD_UNITS.get(node.attr)
        if isinstance(node, ast.UnaryOp):
            return self.unit(node.operand)
        if isinstance(node, ast.BinOp):
            return self._binary(node.op, self.unit(node.left), self.unit(node.right), node)
        if isinstance(node, ast.Compare):
            self._same([self.unit(side) for side in (node.left, *node.comparators)], node)
            return PLAIN
        return self._call(node) if isinstance(node, ast.Call) else None

    def _binary(self, kind: ast.operator, left: Unit, right: Unit, node: ast.BinOp) -> Unit:
        if isinstance(kind, ast.Add | ast.Sub):
            return self._same([left, right], node)
        if not isinstance(kind, ast.Mult | ast.Div):
            return None
        left, right = _factor(node.left, left), _factor(node.right, right)
        return _combined(left, right, 1 if isinstance(kind, ast.Mult) else -1)

    def _call(self, node: ast.Call) -> Unit:
        name = called(node)
        units = [self.unit(argument) for argument in node.args]
        if not units:
            return None
        if name.startswith("cs_"):
            self._comparable(units[0], f"what `{name}` compares", node)
        if name in _UNITLESS:
            return PLAIN
        if name in _KEEPING:
            return units[0]
        if name in _ALIKE:
            return self._same(units, node)
        if name == "where":
            return self._same(units[1:], node)
        if name == "safe_div":
            return _combined(units[0], units[1], -1)
        return PLAIN if name == "sign" else None

    def _same(self, units: list[Unit], node: ast.expr) -> Unit:
        stated = list(dict.fromkeys(unit for unit in units if unit is not None))
        if len(stated) > 1:
            self.problems.append(f"`{ast.unparse(node)}` joins quantities of different units")
        return stated[0] if stated else None

    def _comparable(self, unit: Unit, what: str, node: ast.expr) -> None:
        if unit is not None and unit[1] != 0:
            self.problems.append(f"{what} depends on the size of a share: `{ast.unparse(node)}`")


def _factor(node: ast.expr, unit: Unit) -> Unit:
    """Return the unit of a factor: a number or parameter has none here, although it adds to anything."""
    return PLAIN if isinstance(node, ast.Constant | ast.Subscript) else unit


def _combined(left: Unit, right: Unit, sign: int) -> Unit:
    if left is None or right is None:
        return None
    return left[0] + sign * right[0], left[1] + sign * right[1]

"""What a number does: followed through names, arithmetic and helpers to the place where it acts."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from factors.lifting.text import Code, Function, Number, number_of
from factors.operators.catalogue import Operator

_LONGEST_CHAIN = 30
"""Names that a value is followed through."""
ROLES = "window lag span count quantile percentile exponent decay threshold limit level scale weight".split()
DAYS = frozenset({"window", "lag", "span", "count"})
_SCALARS = DAYS | {"quantile", "percentile", "exponent"}
"""Roles that arithmetic hands on: in `ts_mean(x, 2 * n)` n is a window."""
_Signature: TypeAlias = tuple[tuple[str, str], ...]
_LEVELS: _Signature = (("x1", "threshold"), ("x2", "threshold"))
_METHODS: Final[Mapping[str, _Signature]] = {
    "rolling": (("window", "window"),),
    "ewm": (("com", "span"), ("span", "span"), ("halflife", "span"), ("alpha", "decay")),
    **dict.fromkeys(["shift", "diff", "pct_change"], (("periods", "lag"),)),
    "ffill": (("limit", "window"),),
    "quantile": (("q", "quantile"),),
    "clip": (("lower", "limit"), ("upper", "limit")),
    "pow": (("other", "exponent"),),
    **dict.fromkeys(["gt", "ge", "lt", "le"], (("other", "threshold"),)),
}
_FUNCTIONS: Final[Mapping[str, _Signature]] = {
    **dict.fromkeys(["quantile", "nanquantile"], (("a", ""), ("q", "quantile"))),
    **dict.fromkeys(["percentile", "nanpercentile"], (("a", ""), ("q", "percentile"))),
    "clip": (("a", ""), ("a_min", "limit"), ("a_max", "limit")),
    **dict.fromkeys(["power", "pow"], (("x1", "base"), ("x2", "exponent"))),
    **dict.fromkeys(["maximum", "minimum", "fmax", "fmin"], _LEVELS),
    **dict.fromkeys(["greater", "greater_equal", "less", "less_equal"], _LEVELS),
    "roll": (("a", ""), ("shift", "lag")),
    "sliding_window_view": (("x", ""), ("window_shape", "window")),
}
MOVES_ROWS = frozenset({"roll", "sliding_window_view"})
_OPERATOR_ROLES = {
    "share": "quantile",
    "window": "window",
    "lag": "lag",
    "count": "count",
    "weights": "weight",
}
_NUMBER_ROLES = {
    "exponent": "exponent",
    "low": "limit",
    "high": "limit",
    "limit": "limit",
    "scale": "scale",
    "value": "level",
}
_UNITS = frozenset({0.5, 2, 252, *(10**digits for digits in range(2, 12))})
_SCALE_FREE = frozenset("cs_rank cs_zscore cs_gauss cs_group_rank cs_group_zscore".split())


@dataclass(frozen=True, kw_only=True)
class Use:
    """One way a value acts: `exact` if a float of the same value gives the same result, `rows` if it counts rows."""

    role: str
    name: str = ""
    exact: bool = False
    rows: bool = False
    least: int = 1
    node: ast.AST


class Flow:
    """Follows one value from the place where it is written; past arithmetic it is NaN, of which nothing is known."""

    def __init__(self, code: Code, value: Number, followed: set[ast.AST] | None = None) -> None:
        self._code = code
        self._value = value
        self._followed: set[ast.AST] = set() if followed is None else followed

    def uses(self, node: ast.AST) -> list[Use]:
        """The knobs that `node`, whose value depends on the constant, turns."""
        parent = self._code.parents[node]
        if isinstance(parent, ast.UnaryOp) or (isinstance(parent, ast.IfExp) and node is not parent.test):
            return self.uses(parent)
        if isinstance(
            parent, ast.Assign | ast.AnnAssign | ast.Tuple | ast.List | ast.For | ast.comprehension
        ):
            return self._collected(node, [])
        if isinstance(parent, ast.keyword) and parent.arg:
            return self._argument(self._call(parent), parent.arg, node)
        if isinstance(parent, ast.Call) and node in parent.args:
            return self._argument(parent, parent.args.index(node), node)
        if isinstance(parent, ast.BinOp):
            return self._operand(parent, node)
        if isinstance(parent, ast.AugAssign) and isinstance(parent.op, ast.Mult):
            return self._of("decay", parent) if 0 < self._value < 1 and self._is_repeated(parent) else []
        if isinstance(parent, ast.Compare):
            return self._compared(parent, node)
        if isinstance(parent, ast.Subscript | ast.Slice):
            return self._subscript(parent, node)
        return self._default(parent, node) if isinstance(parent, ast.arguments) else []

    def _call(self, keyword: ast.keyword) -> ast.Call:
        call = self._code.parents[keyword]
        return call if isinstance(call, ast.Call) else ast.Call(ast.Constant(None), [], [])

    def _of(self, role: str, node: ast.AST, **details: Any) -> list[Use]:
        return [Use(role=role, node=node, **details)]

    def _named(self, bound: ast.AST) -> list[Use]:
        """What the reads of a name do. Another read may need a whole number, so no use of a name is exact."""
        if bound in self._followed or len(self._followed) > _LONGEST_CHAIN:
            return []
        self._followed.add(bound)
        uses = [use for name in self._code.reads(bound) for use in self.uses(name)]
        own = bound.id if isinstance(bound, ast.Name) else getattr(bound, "arg", "")
        return [replace(use, exact=False, name=own) for use in uses]

    def _collected(self, node: ast.AST, path: list[int]) -> list[Use]:
        """What the item of a literal list does, at `path` inside of `node`: assigned, looped over or an argument."""
        parent = self._code.parents[node]
        if isinstance(parent, ast.Tuple | ast.List):
            return self._collected(parent, [parent.elts.index(node), *path])  # type: ignore[arg-type]
        if isinstance(parent, ast.Assign):
            return [use for target in parent.targets for use in self._received(target, path)]
        if isinstance(parent, ast.AnnAssign):
            return self._received(parent.target, path)
        if isinstance(parent, ast.For | ast.comprehension) and node is parent.iter:
            return self._received(parent.target, path[1:])
        if isinstance(parent, ast.Call) and node in parent.args:
            return self._in_argument(parent, parent.args.index(node), node, path)
        return []

    def _in_argument(self, call: ast.Call, place: int, node: ast.AST, path: list[int]) -> list[Use]:
        name = getattr(call.func, "id", "")
        if name in {"zip", "enumerate"} and path:
            return self._collected(call, [path[0], place if name == "zip" else 1, *path[1:]])
        found = self._argument(call, place, node)
        return [use for use in found if use.role in {"quantile", "percentile", "weight"} and not use.rows]

    def _received(self, target: ast.AST, path: list[int]) -> list[Use]:
        while path and isinstance(target, ast.Tuple | ast.List) and path[0] < len(target.elts):
            if any(isinstance(item, ast.Starred) for item in target.elts):
                return []
            target, path = target.elts[path[0]], path[1:]
        if not isinstance(target, ast.Name):
            return []
        if not path:
            return self._named(target)
        return [use for name in self._code.reads(target) for use in self._collected(name, path)]

    def _default(self, arguments: ast.arguments, node: ast.AST) -> list[Use]:
        function = self._code.parents[arguments]
        argument = default_arguments(arguments).get(node)
        if argument is None or not isinstance(function, Function):
            return []
        code, calls = self._code, self._code.calls(function)
        passed_on = len(calls) < len(code.reads(function))
        omitted = passed_on or any(omits(call, function, argument) for call in calls)
        return self._named(argument) if omitted else []

    # Arguments

    def _argument(self, call: ast.Call, place: int | str, node: ast.AST) -> list[Use]:
        function = call.func
        helper, operator = self._code.callee(call), self._code.operator(call)
        if any(isinstance(argument, ast.Starred) for argument in call.args):
            return []
        if helper:
            argument = _received_by(helper, place)
            return self._named(argument) if argument else []
        if operator:
            return self._operator_argument(operator, call, place, node)
        if isinstance(function, ast.Attribute) and not self._code.is_module(function):
            return self._library_argument(_METHODS, function.attr, call, place)
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return self._builtin_argument(name, call, place) or self._library_argument(
            _FUNCTIONS, name, call, place
        )

    def _operator_argument(
        self, operator: Operator, call: ast.Call, place: int | str, node: ast.AST
    ) -> list[Use]:
        arguments = operator.arguments
        known = {a.name: a for a in arguments} | dict(enumerate(arguments))
        argument = known.get(place)
        if argument is None:
            return []
        if operator.name == "safe_div":
            return self._weight(call, node, None, divides=argument.name == "y")
        weighted = any(a.kind == "weights" and _gives(call, i, a.name) for i, a in enumerate(arguments))
        if weighted and argument.kind == "window":
            return []  # it is the number of weights
        role = _OPERATOR_ROLES.get(argument.kind) or _NUMBER_ROLES.get(argument.name, "")
        if operator.name in {"maximum", "minimum"}:
            role = "threshold"
        if role == "limit" and "quantile" in operator.name:
            role = "quantile"
        exact = role not in DAYS | {"weight"}
        name = f"{operator.name}_{argument.name}" if role != "threshold" else ""
        return self._checked(role, call, name=name, exact=exact, least=_least(call))

    def _library_argument(
        self, signatures: Mapping[str, _Signature], function: str, call: ast.Call, place: int | str
    ) -> list[Use]:
        signature = signatures.get(function, ())
        known = dict(signature) | {position: role for position, (_, role) in enumerate(signature)}
        role = known.get(place, "")
        name = f"{function}_{role}" if signatures is _METHODS and role in DAYS | {"decay"} else ""
        exact = role in {"quantile", "percentile", "limit", "threshold"}
        return self._checked(
            role, call, name=name, exact=exact, least=_least(call), rows=function in MOVES_ROWS
        )

    def _builtin_argument(self, name: str, call: ast.Call, place: int | str) -> list[Use]:
        if name in {"int", "float", "round", "abs"} and place == 0:
            return self.uses(call)
        if name in {"min", "max"} and abs(self._value) != 2:
            return [replace(use, exact=False) for use in self.uses(call)] or self._of("threshold", call)
        if name in {"range", "prange"}:
            starts = place == 0 and len(call.args) > 1
            return self._checked("lag" if starts or place == 2 else "window", call, rows=True)
        return []

    def _checked(self, role: str, node: ast.AST, **details: Any) -> list[Use]:
        """A use in `role`, unless the value makes no sense or defines something in it."""
        value = self._value
        if role == "base":
            role = "" if value >= 1 else "decay"
        senseless = (
            (role in DAYS and value < 2)
            or (role in {"quantile", "decay"} and (value <= 0 or value >= 1))
            or (role == "percentile" and (value <= 0 or value >= 100))
            or (role == "exponent" and value == 2)
        )
        return [] if senseless or not role else self._of(role, node, **details)

    # Arithmetic

    def _operand(self, parent: ast.BinOp, node: ast.AST) -> list[Use]:
        outer = Flow(self._code, math.nan, self._followed).uses(parent)
        other = parent.right if node is parent.left else parent.left
        inherited = [use for use in outer if use.role in _SCALARS or use.rows]
        if inherited:
            factor = isinstance(parent.op, ast.Mult | ast.Div | ast.FloorDiv) and abs(self._value) in {0.5, 2}
            return [] if factor else [replace(use, exact=False, name="") for use in inherited]
        if isinstance(parent.op, ast.Pow):
            return self._checked("base" if node is parent.left else "exponent", parent)
        if isinstance(parent.op, ast.Mult | ast.Div):
            return self._weight(
                parent, node, other, divides=isinstance(parent.op, ast.Div) and node is parent.right
            )
        if isinstance(parent.op, ast.Add | ast.Sub) and self._code.is_scalar(other):
            complement = isinstance(parent.op, ast.Sub) and number_of(other) == 1 and 0 < self._value < 1
            return [replace(use, exact=False, role="decay" if complement else use.role) for use in outer]
        return []

    def _weight(
        self, node: ast.expr, operand: ast.AST, other: ast.expr | None, *, divides: bool
    ) -> list[Use]:
        if isinstance(node, ast.Call):
            other = next((argument for argument in node.args if argument is not operand), None)
        if abs(self._value) in _UNITS or isinstance(other, ast.List | ast.Tuple):
            return []
        if (divides and other and _averages(other, self._value)) or self._only_scales(node, set()):
            return []
        decays = self._is_in_exponential(node) or (0 < self._value < 1 and self._recurs(node, other))
        return self._of("decay" if decays else "weight", node, exact=divides)

    def _only_scales(self, node: ast.AST, seen: set[ast.AST]) -> bool:
        """Whether `node` is the score, or a factor or divisor of it."""
        code, parent = self._code, self._code.parents[node]
        if isinstance(parent, ast.Return):
            return code.scopes[parent] is code.factor
        if isinstance(parent, ast.UnaryOp) or (
            isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div)
        ):
            return self._only_scales(parent, seen)
        if isinstance(parent, ast.Call):
            operator = code.operator(parent)
            scale_free = operator is not None and operator.name in _SCALE_FREE and node in parent.args[:1]
            return scale_free and self._only_scales(parent, seen)
        if isinstance(parent, ast.Assign) and parent not in seen and len(parent.targets) == 1:
            reads = code.reads(parent.targets[0]) if isinstance(parent.targets[0], ast.Name) else []
            return bool(reads) and all(self._only_scales(name, seen | {parent}) for name in reads)
        return False

    def _is_in_exponential(self, node: ast.AST) -> bool:
        while isinstance(node, ast.BinOp | ast.UnaryOp):
            node = self._code.parents[node]
        return isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "exp"

    def _is_repeated(self, node: ast.AST) -> bool:
        while node is not self._code.tree and not isinstance(node, ast.For | ast.While):
            node = self._code.parents[node]
        return node is not self._code.tree

    def _recurs(self, node: ast.AST, other: ast.AST | None) -> bool:
        """Whether the constant multiplies an earlier value of what the statement assigns."""
        while not isinstance(node, ast.stmt):
            node = self._code.parents[node]
        targets = node.targets if isinstance(node, ast.Assign) else []
        assigned = {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
        loops = {name for name in assigned if any(t for t in targets if root(t) != name)}
        read = (
            {root(n) for n in ast.walk(other) if isinstance(n, ast.Name | ast.Subscript)} if other else set()
        )
        return bool((assigned - loops) & read)

    def _compared(self, parent: ast.Compare, node: ast.AST) -> list[Use]:
        others = [side for side in (parent.left, *parent.comparators) if side is not node]
        ordered = all(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in parent.ops)
        if not ordered or any(map(_is_size, others)):
            return []
        if any(map(self._code.is_loop_variable, others)):
            return self._checked("lag", parent, rows=True)
        return self._of("threshold", parent, exact=True)

    def _subscript(self, parent: ast.Subscript | ast.Slice, node: ast.AST) -> list[Use]:
        place = row_offset(self._code, parent, node)
        return self._of("lag", place, rows=True) if place else []


def row_offset(code: Code, parent: ast.AST, node: ast.AST) -> ast.AST | None:
    """The subscript of whose rows `node` is a bound or a computed index."""
    if isinstance(parent, ast.Slice):
        if node is parent.step:
            return None
        node, parent = parent, code.parents[parent]
    elif not isinstance(node, ast.BinOp):
        return None
    if isinstance(parent, ast.Tuple) and node is parent.elts[0]:
        node, parent = parent, code.parents[parent]
    return parent if isinstance(parent, ast.Subscript) and node is parent.slice else None


def root(node: ast.AST) -> str:
    """The name at the left end of `x[...].attribute`; "" if there is none."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_size(node: ast.AST) -> bool:
    """Whether `node` is the size of an array."""
    if isinstance(node, ast.Subscript):
        return _is_size(node.value)
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") == "len"
    return isinstance(node, ast.Attribute) and node.attr in {"shape", "size", "ndim"}


def _averages(dividend: ast.expr, value: Number) -> bool:
    """Whether `value` divides as many terms, or a sum or a position whose unit it may be."""
    if isinstance(dividend, ast.Call):
        name = getattr(dividend.func, "attr", getattr(dividend.func, "id", ""))
        return bool(re.search(r"sum$|^ones|arg(min|max)$", name))
    terms = 1
    while isinstance(dividend, ast.BinOp) and isinstance(dividend.op, ast.Add | ast.Sub):
        dividend, terms = dividend.left, terms + 1
    return terms == value


def _least(call: ast.Call) -> int:
    """The smallest window that a literal `min_periods` allows."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "min_periods"]
    value = number_of(given[0]) if given else None
    return value if isinstance(value, int) else 1


def _received_by(function: Function, place: int | str) -> ast.arg | None:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    if isinstance(place, int):
        return positional[place] if place < len(positional) else None
    return next((a for a in [*arguments.args, *arguments.kwonlyargs] if a.arg == place), None)


def _gives(call: ast.Call, place: int, name: str) -> bool:
    return place < len(call.args) or any(keyword.arg == name for keyword in call.keywords)


def omits(call: ast.Call, function: Function, argument: ast.arg) -> bool:
    """Whether the call leaves the argument to its default."""
    given = [*range(len(call.args)), *(keyword.arg for keyword in call.keywords)]
    return not any(_received_by(function, place) is argument for place in given if place is not None)


def default_arguments(arguments: ast.arguments) -> dict[ast.AST, ast.arg]:
    """Default expression → argument."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[ast.AST, ast.arg] = dict(zip(arguments.defaults[::-1], positional[::-1], strict=False))
    named = zip(arguments.kw_defaults, arguments.kwonlyargs, strict=True)
    return defaults | {default: argument for default, argument in named if default}

"""Hidden constants: number literals that act as knobs but are not in `PARAMETERS`, found and made parameters.

A literal is judged by where its value flows: through names bound once, loops over literal lists, arithmetic and
arguments of helper functions, to a window, lag, span, count, quantile, exponent, decay, threshold, limit or weight.
`lift_constants` declares it with its value as the default and a range around it, and edits the text in place.
A literal in a helper becomes one more argument of the helper, passed by every caller.

What stays because it defines rather than tunes: 0 and ±1; 2 and 0.5 as a factor, 2 as an exponent; n that divides n
terms or a sum; 100, 1000, … and 252 as a factor or divisor; magnitudes up to 1e-6 (an epsilon) and from 1e12 (a
sentinel); what only scales the returned score; added offsets; subscripts, shapes, axes, `ddof`, `min_periods`;
comparisons for equality and with the size of an array; defaults of arguments that every call gives.

Row offsets (slice bounds, `x[t - 5]`, `range` beside them) depend on each other: a changed one alone would misalign
rows or read the future. Equal ones in a function are lifted as one parameter; of several sizes none is.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from factors.fingerprint import parameters_literal
from factors.operators.catalogue import OPERATORS, Operator

Function: TypeAlias = ast.FunctionDef
Number: TypeAlias = int | float

_LONGEST_WINDOW = 250
_LONGEST_CHAIN = 30
"""Names that a value is followed through."""
_ROLES = "window lag span count quantile percentile exponent decay threshold limit level scale weight".split()
_DAYS = frozenset({"window", "lag", "span", "count"})
_SCALARS = _DAYS | {"quantile", "percentile", "exponent"}
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
_MOVES_ROWS = frozenset({"roll", "sliding_window_view"})
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
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.Module, ast.FunctionDef, ast.Lambda, *_COMPREHENSIONS)


@dataclass(frozen=True, kw_only=True)
class Lifted:
    """One constant that became a parameter; `literal` is the text at `line` of the original."""

    name: str
    line: int
    literal: str
    role: str
    specification: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Lifting:
    """The text with its knobs declared; `kept` names by (line, literal, reason) those that could not be."""

    source: str
    lifted: tuple[Lifted, ...] = ()
    kept: tuple[tuple[int, str, str], ...] = ()

    def diff(self, original: str) -> str:
        """Return the unified diff from `original`; empty if nothing was lifted."""
        old, new = original.splitlines(keepends=True), self.source.splitlines(keepends=True)
        return "".join(difflib.unified_diff(old, new, "original", "lifted"))


def lift_constants(source: str) -> Lifting:
    """Declare the hidden constants of a program's text, which must pass `Program.parse`.

    With default parameters the new text computes exactly what `source` does; lifting it again lifts nothing.
    """
    code = _Code(source)
    rewriting = _Rewriting(code)
    kept = []
    for constant in _constants(code):
        reason = _obstacle(code, constant)
        if reason:
            kept += [(node.lineno, code.text.segment(node), reason) for node in constant.literals]
        else:
            rewriting.lift(constant)
    lifted = tuple(rewriting.lifted)
    return Lifting(source=rewriting.text() if lifted else source, lifted=lifted, kept=tuple(kept))


# -- The text and its tree ---------------------------------------------------------------------------------------


class _Text:
    """Text edited by the places of its nodes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._starts = [0, *(line.end() for line in re.finditer(r"\r\n|\r|\n", source))]

    def offset(self, line: int, column: int) -> int:
        """Position of a line (from 1) and a column in UTF-8 bytes."""
        start = self._starts[line - 1]
        characters = self.source[start : start + column].encode()[:column].decode()
        return start + len(characters)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Half-open range of `node`."""
        place: Any = node
        return (
            self.offset(place.lineno, place.col_offset),
            self.offset(place.end_lineno, place.end_col_offset),
        )

    def segment(self, node: ast.AST) -> str:
        """Return the text of `node`."""
        return self.source[slice(*self.span(node))]

    def without_comments(self, start: int, end: int) -> str:
        """Return a piece that holds no string, its comments blanked."""
        return re.sub(r"#[^\r\n]*", lambda comment: " " * len(comment[0]), self.source[start:end])

    def line_start(self, offset: int) -> int:
        """Position where the line of `offset` begins."""
        return max(start for start in self._starts if start <= offset)


class _Code:
    """A program's tree with parents, scopes, and who binds, reads and calls what."""

    def __init__(self, source: str) -> None:
        self.text = _Text(source)
        self.tree = ast.parse(source)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.scopes: dict[ast.AST, ast.AST] = {}
        self.bindings: dict[tuple[ast.AST, str], list[ast.AST]] = defaultdict(list)
        self._loads: dict[tuple[ast.AST, str], list[ast.Name]] = defaultdict(list)
        self._place(self.tree, self.tree)
        self._bind()
        self.factor = next(n for n in self.tree.body if isinstance(n, Function) and n.name == "factor")
        _, self.operators, self.parameters = (
            argument.arg for argument in self.factor.args.posonlyargs + self.factor.args.args
        )

    def _place(self, node: ast.AST, scope: ast.AST) -> None:
        self.scopes[node] = scope
        outside: set[ast.AST] = set()
        inner = node if isinstance(node, _SCOPES) else scope
        if isinstance(node, Function):
            outside = {*node.decorator_list, *([node.returns] if node.returns else [])}
        if isinstance(node, ast.arguments):  # a default is computed where the function is defined
            outside, scope = {*node.defaults, *filter(None, node.kw_defaults)}, self.scopes[scope]
        for child in ast.iter_child_nodes(node):
            self.parents[child] = node
            self._place(child, scope if child in outside else inner)

    def _bind(self) -> None:
        for node, scope in self.scopes.items():
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self.bindings[scope, node.id].append(node)
            elif isinstance(node, ast.arg):
                self.bindings[scope, node.arg].append(node)
            elif isinstance(node, ast.alias):
                self.bindings[scope, (node.asname or node.name).split(".")[0]].append(node)
            elif isinstance(node, Function | ast.ExceptHandler) and node.name:
                self.bindings[scope, node.name].append(node)
            elif isinstance(node, ast.Nonlocal):
                for name, outer in ((name, outer) for name in node.names for outer in self._around(scope)):
                    self.bindings[outer, name] += [node, node]  # rebound: never followed
        for node in self.scopes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self._loads[self._home(node), node.id].append(node)

    def _around(self, scope: ast.AST) -> Iterator[ast.AST]:
        """`scope` and the scopes it lies in, from the inside."""
        yield scope
        while scope is not self.tree:
            scope = self.scopes[scope]
            yield scope

    def _home(self, name: ast.Name) -> ast.AST:
        """The scope that binds `name`; the module if none does."""
        return next((s for s in self._around(self.scopes[name]) if (s, name.id) in self.bindings), self.tree)

    def binding(self, name: ast.Name) -> ast.AST | None:
        """What binds `name`, if it is bound once."""
        found = self.bindings.get((self._home(name), name.id), [])
        return found[0] if len(found) == 1 else None

    def reads(self, bound: ast.AST) -> list[ast.Name]:
        """Where a name or argument is read; empty if it is bound more than once."""
        name = bound.id if isinstance(bound, ast.Name) else getattr(bound, "arg", getattr(bound, "name", ""))
        key = (self.scopes[bound], name)
        return self._loads[key] if len(self.bindings[key]) == 1 else []

    def owner(self, node: ast.AST) -> Function | None:
        """The outermost function around `node`; None if it is computed when the program is loaded."""
        functions = [s for s in self._around(self.scopes[node]) if isinstance(s, Function)]
        return functions[-1] if functions else None

    def compiled(self, node: ast.AST) -> Function | None:
        """The decorated function around `node`, if there is one."""
        around = (s for s in self._around(self.scopes[node]) if isinstance(s, Function) and s.decorator_list)
        return next(around, None)

    def callee(self, call: ast.Call) -> Function | None:
        """The function of the program that `call` calls."""
        bound = self.binding(call.func) if isinstance(call.func, ast.Name) else None
        return bound if isinstance(bound, Function) else None

    def calls(self, function: Function) -> list[ast.Call]:
        """The direct calls of `function`."""
        parents = ((name, self.parents[name]) for name in self.reads(function))
        return [call for name, call in parents if isinstance(call, ast.Call) and call.func is name]

    def is_module(self, node: ast.AST) -> bool:
        """Whether `node` begins with the name of an imported module."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and isinstance(self.binding(node), ast.alias)

    def operator(self, call: ast.Call) -> Operator | None:
        """The operator that `call` calls."""
        function = call.func
        if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
            return None
        plain = function.value.id == self.operators or function.attr.startswith(("ts_", "cs_"))
        return OPERATORS.get(function.attr) if plain else None

    def is_loop_variable(self, node: ast.AST) -> bool:
        """Whether `node` reads what a `for` statement counts."""
        bound = self.binding(node) if isinstance(node, ast.Name) else None
        return bound is not None and isinstance(self.parents[bound], ast.For)

    def is_scalar(self, node: ast.AST) -> bool:
        """Whether `node` is a number or a name bound to one."""
        if isinstance(node, ast.Name):
            value = _assigned(self.parents, self.binding(node))
            return value is not None and _number(value) is not None
        return _number(node) is not None


def _assigned(parents: Mapping[ast.AST, ast.AST], bound: ast.AST | None) -> ast.expr | None:
    """The expression that a plain assignment gives to the name `bound`."""
    statement = parents.get(bound) if bound else None
    if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(bound, ast.Name):
        return statement.value
    if isinstance(statement, ast.Tuple):
        outer = parents[statement]
        value = outer.value if isinstance(outer, ast.Assign) else None
        if isinstance(value, ast.Tuple) and len(value.elts) == len(statement.elts):
            return value.elts[[*map(id, statement.elts)].index(id(bound))]
    return None


def _number(node: ast.AST) -> Number | None:
    """The value of a number literal, signed or not."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _number(node.operand) if isinstance(node.operand, ast.Constant) else None
        return None if inner is None else -inner if isinstance(node.op, ast.USub) else inner
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


# -- What a constant does ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Use:
    """One way a value acts: `exact` if a float of the same value gives the same result, `rows` if it counts rows."""

    role: str
    name: str = ""
    exact: bool = False
    rows: bool = False
    least: int = 1
    node: ast.AST


class _Flow:
    """Follows one value from the place where it is written; past arithmetic it is NaN, of which nothing is known."""

    def __init__(self, code: _Code, value: Number, followed: set[ast.AST] | None = None) -> None:
        self._code = code
        self._value = value
        self._followed: set[ast.AST] = set() if followed is None else followed

    def uses(self, node: ast.AST) -> list[_Use]:
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

    def _of(self, role: str, node: ast.AST, **details: Any) -> list[_Use]:
        return [_Use(role=role, node=node, **details)]

    def _named(self, bound: ast.AST) -> list[_Use]:
        """What the reads of a name do. Another read may need a whole number, so no use of a name is exact."""
        if bound in self._followed or len(self._followed) > _LONGEST_CHAIN:
            return []
        self._followed.add(bound)
        uses = [use for name in self._code.reads(bound) for use in self.uses(name)]
        own = bound.id if isinstance(bound, ast.Name) else getattr(bound, "arg", "")
        return [replace(use, exact=False, name=own) for use in uses]

    def _collected(self, node: ast.AST, path: list[int]) -> list[_Use]:
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

    def _in_argument(self, call: ast.Call, place: int, node: ast.AST, path: list[int]) -> list[_Use]:
        name = getattr(call.func, "id", "")
        if name in {"zip", "enumerate"} and path:
            return self._collected(call, [path[0], place if name == "zip" else 1, *path[1:]])
        found = self._argument(call, place, node)
        return [use for use in found if use.role in {"quantile", "percentile", "weight"} and not use.rows]

    def _received(self, target: ast.AST, path: list[int]) -> list[_Use]:
        while path and isinstance(target, ast.Tuple | ast.List) and path[0] < len(target.elts):
            if any(isinstance(item, ast.Starred) for item in target.elts):
                return []
            target, path = target.elts[path[0]], path[1:]
        if not isinstance(target, ast.Name):
            return []
        if not path:
            return self._named(target)
        return [use for name in self._code.reads(target) for use in self._collected(name, path)]

    def _default(self, arguments: ast.arguments, node: ast.AST) -> list[_Use]:
        function = self._code.parents[arguments]
        argument = _defaults(arguments).get(node)
        if argument is None or not isinstance(function, Function):
            return []
        code, calls = self._code, self._code.calls(function)
        passed_on = len(calls) < len(code.reads(function))
        omitted = passed_on or any(_omits(call, function, argument) for call in calls)
        return self._named(argument) if omitted else []

    # Arguments

    def _argument(self, call: ast.Call, place: int | str, node: ast.AST) -> list[_Use]:
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
    ) -> list[_Use]:
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
        exact = role not in _DAYS | {"weight"}
        name = f"{operator.name}_{argument.name}" if role != "threshold" else ""
        return self._checked(role, call, name=name, exact=exact, least=_least(call))

    def _library_argument(
        self, signatures: Mapping[str, _Signature], function: str, call: ast.Call, place: int | str
    ) -> list[_Use]:
        signature = signatures.get(function, ())
        known = dict(signature) | {position: role for position, (_, role) in enumerate(signature)}
        role = known.get(place, "")
        name = f"{function}_{role}" if signatures is _METHODS and role in _DAYS | {"decay"} else ""
        exact = role in {"quantile", "percentile", "limit", "threshold"}
        return self._checked(
            role, call, name=name, exact=exact, least=_least(call), rows=function in _MOVES_ROWS
        )

    def _builtin_argument(self, name: str, call: ast.Call, place: int | str) -> list[_Use]:
        if name in {"int", "float", "round", "abs"} and place == 0:
            return self.uses(call)
        if name in {"min", "max"} and abs(self._value) != 2:
            return [replace(use, exact=False) for use in self.uses(call)] or self._of("threshold", call)
        if name in {"range", "prange"}:
            starts = place == 0 and len(call.args) > 1
            return self._checked("lag" if starts or place == 2 else "window", call, rows=True)
        return []

    def _checked(self, role: str, node: ast.AST, **details: Any) -> list[_Use]:
        """A use in `role`, unless the value makes no sense or defines something in it."""
        value = self._value
        if role == "base":
            role = "" if value >= 1 else "decay"
        senseless = (
            (role in _DAYS and value < 2)
            or (role in {"quantile", "decay"} and (value <= 0 or value >= 1))
            or (role == "percentile" and (value <= 0 or value >= 100))
            or (role == "exponent" and value == 2)
        )
        return [] if senseless or not role else self._of(role, node, **details)

    # Arithmetic

    def _operand(self, parent: ast.BinOp, node: ast.AST) -> list[_Use]:
        outer = _Flow(self._code, math.nan, self._followed).uses(parent)
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
            complement = isinstance(parent.op, ast.Sub) and _number(other) == 1 and 0 < self._value < 1
            return [replace(use, exact=False, role="decay" if complement else use.role) for use in outer]
        return []

    def _weight(
        self, node: ast.expr, operand: ast.AST, other: ast.expr | None, *, divides: bool
    ) -> list[_Use]:
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
        loops = {name for name in assigned if any(t for t in targets if _root(t) != name)}
        read = (
            {_root(n) for n in ast.walk(other) if isinstance(n, ast.Name | ast.Subscript)} if other else set()
        )
        return bool((assigned - loops) & read)

    def _compared(self, parent: ast.Compare, node: ast.AST) -> list[_Use]:
        others = [side for side in (parent.left, *parent.comparators) if side is not node]
        ordered = all(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in parent.ops)
        if not ordered or any(map(_is_size, others)):
            return []
        if any(map(self._code.is_loop_variable, others)):
            return self._checked("lag", parent, rows=True)
        return self._of("threshold", parent, exact=True)

    def _subscript(self, parent: ast.Subscript | ast.Slice, node: ast.AST) -> list[_Use]:
        place = _row_offset(self._code, parent, node)
        return self._of("lag", place, rows=True) if place else []


def _row_offset(code: _Code, parent: ast.AST, node: ast.AST) -> ast.AST | None:
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


def _root(node: ast.AST) -> str:
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
    value = _number(given[0]) if given else None
    return value if isinstance(value, int) else 1


def _received_by(function: Function, place: int | str) -> ast.arg | None:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    if isinstance(place, int):
        return positional[place] if place < len(positional) else None
    return next((a for a in [*arguments.args, *arguments.kwonlyargs] if a.arg == place), None)


def _gives(call: ast.Call, place: int, name: str) -> bool:
    return place < len(call.args) or any(keyword.arg == name for keyword in call.keywords)


def _omits(call: ast.Call, function: Function, argument: ast.arg) -> bool:
    given = [*range(len(call.args)), *(keyword.arg for keyword in call.keywords)]
    return not any(_received_by(function, place) is argument for place in given if place is not None)


def _defaults(arguments: ast.arguments) -> dict[ast.AST, ast.arg]:
    """Default expression → argument."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[ast.AST, ast.arg] = dict(zip(arguments.defaults[::-1], positional[::-1], strict=False))
    named = zip(arguments.kw_defaults, arguments.kwonlyargs, strict=True)
    return defaults | {default: argument for default, argument in named if default}


# -- The constants of a program ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Constant:
    """A knob: its literals in the text, how they act, and the places where the parameter will stand."""

    value: Number
    literals: tuple[ast.expr, ...]
    uses: tuple[_Use, ...]
    sites: tuple[ast.expr, ...] = ()
    omissions: tuple[tuple[ast.Call, str], ...] = ()
    removed: ast.stmt | None = None

    @property
    def role(self) -> str:
        """The most telling of the roles."""
        return min((use.role for use in self.uses), key=_ROLES.index)


def _constants(code: _Code) -> list[_Constant]:
    """The knobs in the order of the text; equal row offsets of a function are one."""
    constants = []
    merged: dict[tuple[object, Number], list[_Constant]] = defaultdict(list)
    for literal, value in _literals(code):
        uses = tuple(_Flow(code, value).uses(literal))
        if not uses:
            continue
        constant = _constant(code, literal, value, uses)
        owner = code.owner(literal)
        written_here = constant.sites == (literal,) and not isinstance(code.parents[literal], ast.Assign)
        if owner in _indexed(code) and written_here and all(use.rows for use in uses):
            merged[owner, abs(value)].append(constant)
        else:
            constants.append(constant)
    constants += [_one(value, parts) for (_, value), parts in merged.items()]
    return sorted(constants, key=lambda c: code.text.span(c.literals[0]))


def _literals(code: _Code) -> Iterator[tuple[ast.expr, Number]]:
    """Every number that could be a knob, with its sign."""
    ignored: set[ast.AST] = set(ast.walk(parameters_literal(code.tree)))
    for node in code.parents:
        if node in ignored:
            continue
        if isinstance(node, ast.JoinedStr):
            ignored.update(ast.walk(node))
        value = _number(node)
        if value is None or not isinstance(node, ast.expr):
            continue
        ignored.update(ast.walk(node))  # the number inside of a signed one
        if 1e-6 < abs(value) < 1e12 and abs(value) != 1:
            yield node, value


def _constant(code: _Code, literal: ast.expr, value: Number, uses: tuple[_Use, ...]) -> _Constant:
    parent = code.parents[literal]
    function = code.parents[parent] if isinstance(parent, ast.arguments) else None
    if isinstance(parent, ast.arguments) and isinstance(function, Function) and code.owner(literal) is None:
        argument = _defaults(parent)[literal]
        calls = [call for call in code.calls(function) if _omits(call, function, argument)]
        omissions = tuple((call, argument.arg) for call in calls)
        return _Constant(value=value, literals=(literal,), uses=uses, omissions=omissions)
    names = _module_names(code, literal)
    if names:
        sites = tuple(name for bound in names for name in code.reads(bound))
        statement = parent if isinstance(parent, ast.Assign | ast.AnnAssign) else None
        return _Constant(value=value, literals=(literal,), uses=uses, sites=sites, removed=statement)
    return _Constant(value=value, literals=(literal,), uses=uses, sites=(literal,))


def _module_names(code: _Code, literal: ast.expr) -> list[ast.Name]:
    """The names of the module that are bound to `literal`."""
    if code.scopes[literal] is not code.tree:
        return []
    bound = [node for (scope, _), nodes in code.bindings.items() if scope is code.tree for node in nodes]
    return [n for n in bound if isinstance(n, ast.Name) and _assigned(code.parents, n) is literal]


def _one(value: Number, parts: list[_Constant]) -> _Constant:
    literals = tuple(literal for part in parts for literal in part.literals)
    uses = tuple(use for part in parts for use in part.uses)
    unsigned = tuple(n.operand if isinstance(n, ast.UnaryOp) else n for n in literals)
    return _Constant(value=value, literals=literals, uses=uses, sites=unsigned)


# -- What cannot be lifted ---------------------------------------------------------------------------------------


def _indexed(code: _Code) -> set[Function | None]:
    """The functions that address rows relative to each other."""
    return {code.owner(node) for node in code.parents if _addresses_rows(code, node)}


def _addresses_rows(code: _Code, node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", "") in _MOVES_ROWS
    parent = code.parents[node]
    return isinstance(node, ast.expr) and _row_offset(code, parent, node) is not None


def _row_sizes(code: _Code, function: Function) -> set[object]:
    """What the row offsets of `function` are made of: literals, arguments, parameters."""
    sizes: set[object] = set()
    for node in code.parents:
        if code.owner(node) is not function or not isinstance(node, ast.expr):
            continue
        parent = code.parents[node]
        called = parent.func if isinstance(parent, ast.Call) else None
        counts = isinstance(called, ast.Name) and called.id in {"range", "prange"} and node is not called
        moves = getattr(called, "attr", "") in _MOVES_ROWS and node in parent.args[1:2]  # type: ignore[attr-defined]
        checks = isinstance(parent, ast.Compare) and any(
            code.is_loop_variable(side) for side in ast.iter_child_nodes(parent)
        )
        if counts or moves or checks or _row_offset(code, parent, node):
            sizes |= set(_sizes(code, node))
    return sizes


def _sizes(code: _Code, node: ast.AST) -> Iterator[object]:
    value = _number(node)
    if value is not None:
        if abs(value) > 1:
            yield abs(value)
    elif isinstance(node, ast.BinOp):
        yield from _sizes(code, node.left)
        yield from _sizes(code, node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from _sizes(code, node.operand)
    elif isinstance(node, ast.Subscript):
        if _root(node) == code.parameters:
            yield ast.unparse(node)
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"int", "min", "max", "round"}:
        for argument in node.args:
            yield from _sizes(code, argument)
    elif isinstance(node, ast.Name):
        bound = code.binding(node)
        source = _assigned(code.parents, bound)
        if isinstance(bound, ast.arg) or (source is not None and _number(source) is not None):
            yield bound
        elif source is not None and not any(n is node for n in ast.walk(source)):
            yield from _sizes(code, source)


def _obstacle(code: _Code, constant: _Constant) -> str:
    """Why `constant` cannot be lifted; empty if it can."""
    places: list[ast.AST] = [*constant.sites, *(call for call, _ in constant.omissions)]
    if any(use.rows and not _moves_alone(code, use.node, constant) for use in constant.uses):
        return "row offsets depend on each other"
    owners = [code.owner(place) for place in places]
    if None in owners:
        return "computed when the program is loaded"
    if not places:
        return "the default of a function that is passed as a value"
    if not _is_read_by_key(code):
        return f"`{code.parameters}` is rebound or read as a whole"
    if any(code.compiled(place) not in {None, code.owner(place)} for place in places):
        return "inside a compiled inner function"
    if constant.role == "exponent" and any(code.compiled(use.node) for use in constant.uses):
        return "an exponent is compiled as a constant"
    obstacles = (_untouchable(code, function) for function in _threaded(code, owners))
    return next((reason for reason in obstacles if reason), "")


def _moves_alone(code: _Code, place: ast.AST, constant: _Constant) -> bool:
    function = code.owner(place)
    if function is None or function not in _indexed(code):
        return True
    near = {abs(constant.value) + step for step in (-1, 0, 1)} - {0, 1}
    counted = [
        literal
        for literal, value in _literals(code)
        if literal not in constant.literals and abs(value) in near and code.owner(literal) is function
    ]
    unexplained = any(_is_count(code, literal) for literal in counted)
    return len(_row_sizes(code, function)) == 1 and not unexplained


def _is_count(code: _Code, literal: ast.expr) -> bool:
    """Whether `literal` may be a size, as nothing else is known of it."""
    parent = code.parents[literal]
    factor = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div | ast.Pow)
    value = _number(literal)
    return isinstance(value, int) and not factor and not _Flow(code, value).uses(literal)


def _is_read_by_key(code: _Code) -> bool:
    (argument,) = [a for a in ast.walk(code.factor.args) if getattr(a, "arg", "") == code.parameters]
    bound = [nodes for (_, name), nodes in code.bindings.items() if name == code.parameters]
    inside = [node for nodes in bound for node in nodes if code.owner(node) is code.factor]
    parents = [code.parents[name] for name in code.reads(argument)]
    by_key = all(
        isinstance(parent, ast.Subscript)
        or (isinstance(parent, ast.Attribute) and parent.attr == "get")
        or (isinstance(parent, ast.Call) and code.callee(parent))
        for parent in parents
    )
    return by_key and inside == [argument]


def _threaded(code: _Code, owners: Iterable[Function | None]) -> list[Function]:
    """The helpers that need one more argument for `owners` to have it."""
    reached: list[Function] = []
    ahead = list(owners)
    while ahead:
        function = ahead.pop()
        if function is None or function is code.factor or function in reached:
            continue
        reached.append(function)
        ahead += [code.owner(call) for call in code.calls(function)]
    return reached


def _untouchable(code: _Code, function: Function) -> str:
    """Why `function` cannot take one more argument; empty if it can."""
    arguments, calls, name = function.args, code.calls(function), f"helper `{function.name}`"
    if function not in code.tree.body or not code.reads(function):
        return f"{name} is not called by its name"
    if len(calls) < len(code.reads(function)):
        return f"{name} is passed as a value"
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        return f"{name} takes its arguments in another way than by name"
    if any(_is_spread(call) for call in calls):
        return f"{name} is called with unpacked arguments"
    if None in map(code.owner, calls):
        return f"{name} is called when the program is loaded"
    if any(code.compiled(call) not in {None, code.owner(call)} for call in calls):
        return f"{name} is called by a compiled inner function"
    if not all(_is_plain_compiler(decorator) for decorator in function.decorator_list):
        return f"{name} has a decorator that fixes how it is compiled"
    return ""


def _is_spread(call: ast.Call) -> bool:
    unnamed = any(keyword.arg is None for keyword in call.keywords)
    return unnamed or any(isinstance(a, ast.Starred | ast.GeneratorExp) for a in call.args)


def _is_plain_compiler(decorator: ast.expr) -> bool:
    """Whether it is `njit` or `jit` without a signature and without a licence to change the arithmetic."""
    function = decorator
    if isinstance(decorator, ast.Call):
        if decorator.args or any(keyword.arg in {"fastmath", None} for keyword in decorator.keywords):
            return False
        function = decorator.func
    return getattr(function, "attr", getattr(function, "id", "")) in {"njit", "jit"}


# -- Ranges ------------------------------------------------------------------------------------------------------


def _specification(constant: _Constant) -> dict[str, Any]:
    """The `PARAMETERS` entry: the value as the default, and a range around it."""
    value, role = constant.value, constant.role
    low: Number
    high: Number
    if isinstance(value, int) and not all(use.exact for use in constant.uses):
        least = max(1 if role == "lag" else 2, *(use.least for use in constant.uses))
        low, high, log = _whole_range(value, role, least)
        kind = "int"
    else:
        value, kind = float(value), "float"
        low, high, log = _real_range(value, role)
    entry = {"type": kind, "low": low, "high": high, "default": value}
    return entry | ({"log": True} if log else {})


def _whole_range(value: int, role: str, least: int) -> tuple[int, int, bool]:
    if role in _DAYS:
        low = min(value, max(least, value // 3))
        return low, max(min(_LONGEST_WINDOW, 3 * value), value + 1), True
    if value < 0:
        low, high, _ = _whole_range(-value, role, least)
        return -high, -low, False
    reach = 2 if role == "exponent" else 3
    return max(1, value // reach), value * reach, False


def _real_range(value: float, role: str) -> tuple[float, float, bool]:
    if value < 0:
        low, high, _ = _real_range(-value, role)
        return -high, -low, False
    whole = 100.0 if role == "percentile" else 1.0
    if role in {"quantile", "percentile", "decay"} and value < whole:
        low, high = _share_range(value / whole)
        return min(_rounded(low * whole), value), max(_rounded(high * whole), value), False
    reach = 2 if role == "exponent" else 3
    return _rounded(value / reach), _rounded(value * reach), role != "exponent"


def _share_range(share: float) -> tuple[float, float]:
    if share > 0.5:
        low, high = _share_range(1 - share)
        return 1 - high, 1 - low
    return max(0.01, share / 3), min(0.99, 3 * share)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


# -- Rewriting ---------------------------------------------------------------------------------------------------


@dataclass
class _Rewriting:
    """Collects the edits of a text."""

    code: _Code
    lifted: list[Lifted] = field(default_factory=list)
    _edits: list[tuple[int, int, str]] = field(default_factory=list)
    _signatures: dict[Function, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    _passed: dict[ast.Call, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    _completed: set[ast.Call] = field(default_factory=set)

    def lift(self, constant: _Constant) -> None:
        """Declare `constant` and put the parameter in its places."""
        name, code = self._name(constant), self.code
        literal = code.text.segment(constant.sites[0] if len(constant.literals) > 1 else constant.literals[0])
        argument = _fresh(name, self._identifiers())
        owners = [code.owner(place) for place in (*constant.sites, *(c for c, _ in constant.omissions))]
        for function in _threaded(code, owners):
            self._signatures[function].append((argument, literal))
            for call in code.calls(function):
                self._passed[call].append((argument, self._read(call, name, argument)))
        for site in constant.sites:
            self._replace(site, self._read(site, name, argument))
        for call, given in constant.omissions:
            self._completed.add(call)
            self._passed[call].append((given, self._read(call, name, argument)))
        if constant.removed:
            self._remove(constant.removed)
        self.lifted.append(
            Lifted(
                name=name,
                line=constant.literals[0].lineno,
                literal=literal,
                role=constant.role,
                specification=_specification(constant),
            )
        )

    def text(self) -> str:
        """The text with every edit made."""
        for call, items in self._passed.items():
            self._append_to_call(call, items)
        for function, arguments in self._signatures.items():
            self._append_to_signature(function, arguments)
        self._declare()
        source, pieces, position = self.code.text.source, [], 0
        for start, end, text in sorted(self._edits, key=lambda edit: edit[:2]):
            pieces += [source[position:start], text]
            position = end
        return "".join([*pieces, source[position:]])

    def _name(self, constant: _Constant) -> str:
        named = [use.name for use in constant.uses if use.name]
        bound = [p for p in map(self._bound_name, constant.literals) if p]
        wanted = (bound or named or [constant.role])[0].strip("_").lower() or constant.role
        keys = [key.value for key in parameters_literal(self.code.tree).keys if isinstance(key, ast.Constant)]
        return _fresh(wanted, [*map(str, keys), *(lifted.name for lifted in self.lifted)])

    def _bound_name(self, literal: ast.expr) -> str:
        """The name that `literal` is directly assigned to."""
        names = (
            node for nodes in self.code.bindings.values() for node in nodes if isinstance(node, ast.Name)
        )
        return next((n.id for n in names if _assigned(self.code.parents, n) is literal), "")

    def _identifiers(self) -> Iterator[str]:
        yield from (name for _, name in self.code.bindings)
        for node in self.code.parents:
            if isinstance(node, ast.Name):
                yield node.id
        for arguments in self._signatures.values():
            yield from (name for name, _ in arguments)

    def _read(self, place: ast.AST, name: str, argument: str) -> str:
        in_factor = self.code.owner(place) is self.code.factor
        return f'{self.code.parameters}["{name}"]' if in_factor else argument

    def _replace(self, node: ast.AST, text: str) -> None:
        source = self.code.text.source
        start, end = self.code.text.span(node)
        before = " " if re.match(r"\w", source[start - 1 : start]) else ""
        after = " " if re.match(r"\w", source[end : end + 1]) else ""
        self._edits.append((start, end, before + text + after))

    def _remove(self, statement: ast.stmt) -> None:
        """Remove the assignment of a name that is no longer read, if it has its line for itself."""
        text = self.code.text
        start, end = text.span(statement)
        rest = re.match(r"[ \t]*(#[^\r\n]*)?(\r\n|\r|\n|$)", text.source[end:])
        if text.line_start(start) != start or rest is None:
            return
        end += rest.start(1) if rest[1] else rest.end()
        if not rest[1] and re.search(r"(\n|\r)[ \t]*(\r\n|\r|\n)$", text.source[:start]):
            blank = re.match(r"([ \t]*(\r\n|\r|\n))*", text.source[end:])
            end += blank.end() if blank else 0
        self._edits.append((start, end, ""))

    def _append_to_call(self, call: ast.Call, items: list[tuple[str, str]]) -> None:
        function = self.code.callee(call)
        positional = (
            function is not None
            and not (call.keywords or function.args.kwonlyargs or call in self._completed)
            and len(call.args) == len(function.args.args)
        )
        texts = [value if positional else f"{name}={value}" for name, value in items]
        close = self.code.text.span(call)[1] - 1
        parts = [*call.args, *call.keywords]
        self._append(max((self.code.text.span(p)[1] for p in parts), default=None), close, texts)

    def _append_to_signature(self, function: Function, items: list[tuple[str, str]]) -> None:
        text, arguments = self.code.text, function.args
        default = bool(arguments.defaults) and not arguments.kwonlyargs
        parts = [*arguments.args, *arguments.kwonlyargs, *_defaults(arguments)]
        last = max((text.span(part)[1] for part in parts), default=None)
        begin = last or text.span(function)[0]
        head = text.without_comments(begin, text.span(function.body[0])[0])
        end = re.search(r"->|:", head)
        close = begin + head.rindex(")", 0, end.start() if end else None)
        self._append(last, close, [f"{name}={value}" if default else name for name, value in items])

    def _append(self, last: int | None, close: int, items: list[str]) -> None:
        """Put `items` before the bracket at `close`, after what ends at `last`, in the layout that is there."""
        text = self.code.text
        gap = text.without_comments(last if last is not None else close, close)
        position = close - len(gap) + len(gap.rstrip())
        comma = "" if last is None or gap.rstrip().endswith(",") else ","
        margin = text.source[text.line_start(close) : close]
        if last is None or margin.strip():
            space = "" if last is None else " "
            self._edits.append((position, position, comma + space + ", ".join(items)))
        else:
            line = text.source[text.line_start(last) : last]
            indent = line[: len(line) - len(line.lstrip())]
            self._add_lines(position, comma, close, [f"{indent}{item}," for item in items])

    def _add_lines(self, position: int, comma: str, close: int, lines: list[str]) -> None:
        if comma:
            self._edits.append((position, position, comma))
        start = self.code.text.line_start(close)
        self._edits.append((start, start, "".join(f"{line}\n" for line in lines)))

    def _declare(self) -> None:
        """Add the entries to the `PARAMETERS` literal, one to a line."""
        text, literal = self.code.text, parameters_literal(self.code.tree)
        start, end = text.span(literal)
        close = end - 1
        last = text.span(literal.values[-1])[1] if literal.values else start + 1
        gap = text.without_comments(last, close)
        position = last + len(gap.rstrip())
        comma = "," if literal.values and not gap.rstrip().endswith(",") else ""
        keys = [text.span(key)[0] for key in literal.keys if key]
        multiline = [key for key in keys if not text.source[text.line_start(key) : key].strip()]
        margin = text.source[text.line_start(multiline[0]) : multiline[0]] if multiline else "    "
        lines = [f'{margin}"{lifted.name}": {_entry(lifted.specification)},' for lifted in self.lifted]
        if not text.source[text.line_start(close) : close].strip():
            self._add_lines(position, comma, close, lines)
            return
        for key in keys if not multiline else []:
            before = len(text.source[:key]) - len(text.source[:key].rstrip(" \t"))
            self._edits.append((key - before, key, f"\n{margin}"))
        self._edits.append((position, close, comma + "".join(f"\n{line}" for line in lines) + "\n"))


def _entry(specification: Mapping[str, Any]) -> str:
    items = (
        f'"{key}": "{v}"' if isinstance(v, str) else f'"{key}": {v!r}' for key, v in specification.items()
    )
    return f"{{{', '.join(items)}}}"


def _fresh(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or `wanted_2`, `wanted_3`, … whichever is the first not in `taken`."""
    reserved = set(taken)
    numbered = (f"{wanted}_{number}" for number in range(2, len(reserved) + 3))
    return wanted if wanted not in reserved else next(name for name in numbered if name not in reserved)

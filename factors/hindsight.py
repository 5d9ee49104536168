"""Look-ahead that can be seen in the text: refused before the program runs, with the causal alternative named.

Lags and windows below zero, back-filling, interpolation, time turned round, and statistics over all days of an array
that has one row per day: a field of `data`, what an operator returned, or arithmetic on such. An array that was sliced,
stacked or made otherwise is left to the audit (`factors.causality`), which runs the program.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from factors.errors import LookAheadError

_BACKWARD_METHODS = {
    "bfill": "`.ffill()`",
    "backfill": "`.ffill()`",
    "interpolate": "`.ffill()`, for a point between two days is known on the second only",
}
_LAGGED = {"shift": "periods", "diff": "periods", "pct_change": "periods"}
_WITHOUT_AXIS = frozenset("describe histogram corrcoef cov corr qcut cut flipud".split())
_AFTER_LEVEL = frozenset("quantile percentile nanquantile nanpercentile".split())
_LAST_AXIS_OF_ARRAYS = frozenset("sort argsort partition argpartition fft ifft rfft irfft".split())
_OVER_ALL_DAYS = (
    frozenset(
        """mean std var sum median min max prod ptp argmax argmin average rank skew kurt sem mad idxmax idxmin flip
        gradient nanmean nanstd nanvar nansum nanmedian nanmin nanmax nanprod nanargmax nanargmin""".split()
    )
    | _WITHOUT_AXIS
    | _AFTER_LEVEL
    | _LAST_AXIS_OF_ARRAYS
)
_ALTERNATIVES = {
    "rank": "`ops.ts_rank` over a trailing window, or `ops.cs_rank` over the stocks of a day",
    "sort": "`ops.cs_rank` over the stocks of a day",
    "argsort": "`ops.cs_rank` over the stocks of a day",
    "flip": "a lag, `ops.ts_delay`",
    "flipud": "a lag, `ops.ts_delay`",
    "gradient": "`ops.ts_delta`",
    "qcut": "`ops.cs_bucket` over the stocks of a day",
}
_PANEL_FUNCTIONS = frozenset(
    """abs absolute add subtract multiply divide log log1p log2 log10 exp expm1 sqrt square sign tanh maximum minimum
    fmax fmin where nan_to_num clip power negative isfinite isnan greater less ascontiguousarray asarray copy""".split()
)


def check_hindsight(tree: ast.Module, modules: dict[str, str]) -> None:
    """Raise `LookAheadError` naming the line, what was found and what to write instead.

    `modules` maps local names to the modules they stand for.
    """
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        _Reader(function, modules).check()


class _Reader:
    """One function: which of its names hold one row per day, and what is done to them."""

    def __init__(self, function: ast.FunctionDef, modules: dict[str, str]) -> None:
        self._function = function
        self._modules = modules
        self._panels = self._panel_names() if function.name == "factor" else frozenset()

    def check(self) -> None:
        """Raise for the first look-ahead."""
        for node in ast.walk(self._function):
            if isinstance(node, ast.Call):
                self._check_call(node)
            elif isinstance(node, ast.Subscript) and self._is_panel(node.value) and _turns_time(node.slice):
                raise _refuse(node, "the reverse order of days", "a lag, `ops.ts_delay`")

    def _check_call(self, call: ast.Call) -> None:
        name = _called(call)
        method = isinstance(call.func, ast.Attribute) and not self._is_module(call.func.value)
        if method and name in _BACKWARD_METHODS:
            raise _refuse(call, f"`.{name}`, which reads later days", _BACKWARD_METHODS[name])
        if method and name == "fillna" and _constant(_argument(call, 1, "method")) in ("bfill", "backfill"):
            raise _refuse(call, "`.fillna` from later days", "`.ffill()`")
        if method and name in _LAGGED and _is_negative(_argument(call, 0, _LAGGED[name])):
            raise _refuse(call, f"`.{name}` by a negative number", "a positive lag")
        if name in _OVER_ALL_DAYS:
            self._check_statistic(call, name, method=method)

    def _check_statistic(self, call: ast.Call, name: str, *, method: bool) -> None:
        subject = call.func.value if method else (call.args[0] if call.args else None)  # type: ignore[attr-defined]
        if subject is None or not self._is_panel(subject):
            return
        place = (0 if method else 1) + (1 if name in _AFTER_LEVEL else 0)
        axis = None if name in _WITHOUT_AXIS else _argument(call, place, "axis")
        default = -1 if name in _LAST_AXIS_OF_ARRAYS and not _makes_frame(subject) else 0
        over = default if axis is None else _constant(axis)
        if over in (0, "index", "rows", None):
            instead = _ALTERNATIVES.get(name, "a trailing window such as `ops.ts_mean`")
            raise _refuse(call, f"`{name}` over all days", instead)

    def _panel_names(self) -> frozenset[str]:
        """Names whose every binding is panel-shaped; found by adding until nothing changes."""
        bindings: dict[str, list[ast.expr | None]] = {}
        for target, value in _bindings(self._function):
            bindings.setdefault(target, []).append(value)
        self._panels = frozenset[str]()
        while True:
            found = frozenset(
                name
                for name, values in bindings.items()
                if all(value is not None and self._is_panel(value) for value in values)
            )
            if found == self._panels:
                return found
            self._panels = found

    def _is_panel(self, node: ast.expr) -> bool:
        """Whether the value surely has one row per day of the panel."""
        if isinstance(node, ast.Name):
            return node.id in self._panels
        if isinstance(node, ast.Attribute):
            return isinstance(node.value, ast.Name) and node.value.id == self._argument(0)
        if isinstance(node, ast.UnaryOp):
            return self._is_panel(node.operand)
        if isinstance(node, ast.BinOp):
            return self._is_panel(node.left) or self._is_panel(node.right)
        if isinstance(node, ast.Compare):
            return any(map(self._is_panel, (node.left, *node.comparators)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, name = node.func.value, node.func.attr
            if isinstance(owner, ast.Name) and owner.id in (self._argument(0), self._argument(1)):
                return True  # data.frame(...) and every operator
            if self._is_module(owner):
                return name in _PANEL_FUNCTIONS and any(map(self._is_panel, node.args))
            return name in ("shift", "copy", "astype", "ffill", "diff", "pct_change") and self._is_panel(
                owner
            )
        return False

    def _argument(self, place: int) -> str | None:
        arguments = self._function.args.posonlyargs + self._function.args.args
        return arguments[place].arg if self._function.name == "factor" and place < len(arguments) else None

    def _is_module(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self._modules


def _refuse(node: ast.expr, found: str, instead: str) -> LookAheadError:
    return LookAheadError(
        f"line {node.lineno}: {found} is look-ahead: use {instead}.", facts={"line": node.lineno}
    )


def _bindings(function: ast.FunctionDef) -> Iterator[tuple[str, ast.expr | None]]:
    """Each name that is bound, with its value; None where it is bound otherwise than by `name = value`."""
    plain: set[ast.AST] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    plain.add(target)
                    yield target.id, node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            plain.add(node.target)  # an array keeps its shape
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in plain:
            yield node.id, None


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[place] if place < len(call.args) else None


def _makes_frame(node: ast.expr) -> bool:
    """Whether a DataFrame is in it: its default axis is the days, NumPy's is sometimes the last."""
    return any(isinstance(part, ast.Call) and _called(part) == "frame" for part in ast.walk(node))


def _constant(node: ast.expr | None) -> object:
    """The literal's value; "unknown" for any other expression."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _constant(node.operand)
        return -value if isinstance(value, int | float) else "unknown"
    return node.value if isinstance(node, ast.Constant) else "unknown"


def _is_negative(node: ast.expr | None) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return True  # a negated parameter, too: lags are positive
    value = _constant(node)
    return isinstance(value, int | float) and value < 0


def _turns_time(index: ast.expr) -> bool:
    first = index.elts[0] if isinstance(index, ast.Tuple) else index
    return isinstance(first, ast.Slice) and first.lower is first.upper is None and _is_negative(first.step)

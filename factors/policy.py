"""What program text may say: an allow-list over the syntax tree, checked before anything runs.

This is the first of three walls. The second is the namespace a program executes in (`factors.execution`), the
third the worker process with its audit hook and resource limits (`factors.sandbox`). The rules:

- imports: numpy, pandas, numba, math, and of each only the public numeric names listed here;
- a module's name appears only as the left side of a dot, so that it cannot be passed around or aliased;
- no attribute or name with a leading underscore, none that reads or writes files, evaluates text or opens memory;
- no classes, async code, deletion of names, or randomness (a program must be a pure function of its panel);
- no look-ahead that the text shows (`factors.hindsight`); bounded size and nesting.
"""

from __future__ import annotations

import ast
from typing import Final

from factors.errors import PolicyError
from factors.hindsight import check_hindsight

MAX_NODES, MAX_DEPTH = 8_000, 80

SAFE_BUILTINS: Final = frozenset(
    "abs all any bool dict divmod enumerate filter float frozenset int isinstance len list map max min pow range "
    "reversed round set slice sorted str sum tuple zip None True False ArithmeticError Exception IndexError KeyError "
    "RuntimeError TypeError ValueError ZeroDivisionError".split()
)

_NUMPY = frozenset(
    """abs absolute add all allclose any append arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax
    argmin argpartition argsort argwhere array array_equal asarray ascontiguousarray atleast_1d atleast_2d average
    bincount bool_ broadcast_arrays broadcast_to cbrt ceil clip column_stack concatenate convolve copy copysign
    corrcoef cos cosh count_nonzero cov cross cumprod cumsum deg2rad diag diff digitize divide dot e einsum empty
    empty_like equal errstate exp exp2 expand_dims expm1 eye fabs flip fliplr flipud float32 float64 floor
    floor_divide fmax fmin fmod full full_like gradient greater greater_equal heaviside histogram hstack hypot
    identity inf inner int32 int64 interp intp isclose isfinite isin isinf isnan ix_ less less_equal lexsort linspace
    log log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor logspace matmul max maximum mean
    median meshgrid min minimum mod moveaxis multiply nan nan_to_num nanargmax nanargmin nancumprod nancumsum nanmax
    nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd nansum nanvar ndarray ndim negative newaxis
    nonzero not_equal ones ones_like outer partition percentile pi piecewise polyfit polyval positive power prod ptp
    quantile ravel reciprocal remainder repeat reshape rint roll rot90 round searchsorted select setdiff1d shape sign
    signbit sin sinh size sort split sqrt square squeeze stack std subtract sum swapaxes take take_along_axis tan
    tanh tensordot tile trace transpose trapezoid tri tril triu true_divide trunc unique unwrap var vdot vstack where
    zeros zeros_like nan linalg.norm linalg.lstsq linalg.solve linalg.inv linalg.pinv linalg.svd linalg.eigh
    linalg.qr linalg.det fft.fft fft.ifft fft.rfft fft.irfft lib.stride_tricks.sliding_window_view""".split()
)
_PANDAS = frozenset(
    "DataFrame Series Index MultiIndex NA NaT Timedelta Timestamp concat cut isna isnull merge notna notnull qcut "
    "unique".split()
)
_NUMBA = frozenset("njit jit prange float64 float32 int64 int32 boolean".split())  # what can check its bounds
_MATH = frozenset(
    "acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp expm1 fabs "
    "factorial floor fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp lgamma log "
    "log10 log1p log2 modf nan perm pi pow prod radians remainder sin sinh sqrt tan tanh tau trunc".split()
)
ALLOWED_MODULES: Final = {"numpy": _NUMPY, "pandas": _PANDAS, "numba": _NUMBA, "math": _MATH}

_ATTRIBUTES_DENIED = frozenset(
    """base ctypes data_as dump dumps eval f_back f_code f_globals f_locals flags format format_map fromfile gi_code
    gi_frame itemset memmap pipe plot query setfield setflags style tb_frame tb_next tobytes tofile
    with_traceback""".split()
)
_CONVERSIONS_ALLOWED = frozenset({"to_numpy", "to_frame", "to_list"})
_TAKES_FUNCTION = frozenset({"apply", "agg", "aggregate", "transform", "map", "applymap"})
_FUNCTION_NAMES_ALLOWED = frozenset(
    "mean sum std var min max median count rank first last prod skew kurt cumsum cummax cummin cumprod diff shift "
    "pct_change ffill sem nunique".split()
)
_NODES_DENIED: dict[type[ast.AST], str] = {
    ast.ClassDef: "classes",
    ast.AsyncFunctionDef: "async functions",
    ast.AsyncFor: "async loops",
    ast.AsyncWith: "async blocks",
    ast.Await: "await",
    ast.Delete: "`del`",
    ast.Global: "`global`",
    ast.Match: "`match`",
}


def check_policy(tree: ast.Module) -> None:
    """Raise `PolicyError` or `LookAheadError` naming the line, the thing found and what is allowed instead."""
    _check_size(tree)
    modules = _module_names(tree)
    bound = _bound_names(tree) | set(modules)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        _check_node(node)
        if isinstance(node, ast.Name):
            _check_name(node, bound, modules, parents)
        elif isinstance(node, ast.Attribute):
            _check_attribute(node, modules, parents)
        elif isinstance(node, ast.Call):
            _check_function_argument(node, functions, modules)
    check_hindsight(tree, modules)


def _check_size(tree: ast.Module) -> None:
    nodes, deepest = 0, 0
    level: list[ast.AST] = [tree]
    while level:
        nodes, deepest = nodes + len(level), deepest + 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if nodes > MAX_NODES or deepest > MAX_DEPTH:
        raise PolicyError(
            f"a program has at most {MAX_NODES} syntax nodes, nested at most {MAX_DEPTH} deep, "
            f"got {nodes} and {deepest}: shorten it, and give parts of long expressions names."
        )


def _refuse(node: ast.AST, found: str, remedy: str) -> PolicyError:
    return PolicyError(
        f"line {getattr(node, 'lineno', 1)}: {found} is not allowed in a factor program: {remedy}."
    )


def _check_node(node: ast.AST) -> None:
    what = _NODES_DENIED.get(type(node))
    if what:
        raise _refuse(node, what, "use functions, loops and arrays")
    name = getattr(node, "name", None) or getattr(node, "arg", None)
    if isinstance(name, str) and name.startswith("__"):
        raise _refuse(node, f"the name `{name}`", "names do not begin with two underscores")


def _module_names(tree: ast.Module) -> dict[str, str]:
    """Local name → dotted module, for each import; refuses every other import."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name not in ALLOWED_MODULES:
                    raise _refuse(
                        node, f"import of `{alias.name}`", f"import one of {', '.join(ALLOWED_MODULES)}"
                    )
                names[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.ImportFrom):
            _check_import_from(node)
    rebound = sorted(_bound_names(tree) & set(names))
    if rebound:
        raise _refuse(tree, f"rebinding the module name `{rebound[0]}`", "choose another variable name")
    return names


def _check_import_from(node: ast.ImportFrom) -> None:
    allowed = ALLOWED_MODULES.get(node.module or "") if node.level == 0 else None
    for alias in node.names:
        if allowed is None or alias.name not in allowed:
            raise _refuse(
                node,
                f"`from {node.module} import {alias.name}`",
                f"import numeric functions of {', '.join(ALLOWED_MODULES)}",
            )


def _bound_names(tree: ast.Module) -> set[str]:
    bound = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            bound.update(alias.asname or alias.name for alias in node.names)
    return bound


def _check_name(
    node: ast.Name, bound: set[str], modules: dict[str, str], parents: dict[ast.AST, ast.AST]
) -> None:
    if node.id.startswith("__"):
        raise _refuse(node, f"the name `{node.id}`", "names do not begin with two underscores")
    if node.id in modules and not isinstance(parents.get(node), ast.Attribute):
        raise _refuse(node, f"the module `{node.id}` as a value", "use its functions directly")
    if node.id not in bound and node.id not in SAFE_BUILTINS:
        raise _refuse(node, f"the name `{node.id}`", "define it, or use numpy, pandas, numba or math")


def _check_attribute(node: ast.Attribute, modules: dict[str, str], parents: dict[ast.AST, ast.AST]) -> None:
    if isinstance(parents.get(node), ast.Attribute) and _dotted(node, modules):
        return  # the whole chain is judged at its outermost dot
    dotted = _dotted(node, modules)
    if dotted:
        _check_module_attribute(node, *dotted)
        return
    name = node.attr
    if name.startswith("_"):
        raise _refuse(node, f"the attribute `.{name}`", "attributes do not begin with an underscore")
    io_like = name.startswith(("to_", "read_", "save", "load")) and name not in _CONVERSIONS_ALLOWED
    if io_like or name in _ATTRIBUTES_DENIED:
        raise _refuse(node, f"the attribute `.{name}`", "a program only computes; it does no input or output")


def _dotted(node: ast.Attribute, modules: dict[str, str]) -> tuple[str, list[str]] | None:
    chain = [node.attr]
    value = node.value
    while isinstance(value, ast.Attribute):
        chain.append(value.attr)
        value = value.value
    if isinstance(value, ast.Name) and value.id in modules:
        return modules[value.id], chain[::-1]
    return None


def _check_module_attribute(node: ast.AST, module: str, chain: list[str]) -> None:
    """The chain must begin with an allowed dotted name; what follows is an attribute of a value."""
    allowed = ALLOWED_MODULES[module]
    for length in range(1, len(chain) + 1):
        if ".".join(chain[:length]) in allowed:
            if any(name.startswith("_") or name in _ATTRIBUTES_DENIED for name in chain[length:]):
                break
            return
    raise _refuse(node, f"`{module}.{'.'.join(chain)}`", f"only numeric functions of {module} are permitted")


def _check_function_argument(node: ast.Call, functions: set[str], modules: dict[str, str]) -> None:
    """`frame.apply("to_csv")` would dispatch by name: a function argument must be visibly a harmless function."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in _TAKES_FUNCTION:
        return
    given = [
        *node.args[:1],
        *(keyword.value for keyword in node.keywords if keyword.arg in {"func", "arg", None}),
    ]
    for argument in given:
        harmless = (
            isinstance(argument, ast.Lambda)
            or (isinstance(argument, ast.Name) and argument.id in functions)
            or (isinstance(argument, ast.Attribute) and _dotted(argument, modules) is not None)
            or (isinstance(argument, ast.Constant) and argument.value in _FUNCTION_NAMES_ALLOWED)
        )
        if not harmless:
            raise _refuse(
                node,
                f"`.{node.func.attr}` with this argument",
                "pass a lambda, a function defined by `def` here, a numpy function, or a reduction's name",
            )

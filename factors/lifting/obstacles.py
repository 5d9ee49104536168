"""Why a constant cannot be lifted."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from factors.lifting.constants import Constant, all_literals, indexed
from factors.lifting.flow import MOVES_ROWS, Flow, root, row_offset
from factors.lifting.text import Code, Function, assigned_value, number_of


def _row_sizes(code: Code, function: Function) -> set[object]:
    """What the row offsets of `function` are made of: literals, arguments, parameters."""
    sizes: set[object] = set()
    for node in code.parents:
        if code.owner(node) is not function or not isinstance(node, ast.expr):
            continue
        parent = code.parents[node]
        called = parent.func if isinstance(parent, ast.Call) else None
        counts = isinstance(called, ast.Name) and called.id in {"range", "prange"} and node is not called
        moves = getattr(called, "attr", "") in MOVES_ROWS and node in parent.args[1:2]  # type: ignore[attr-defined]
        checks = isinstance(parent, ast.Compare) and any(
            code.is_loop_variable(side) for side in ast.iter_child_nodes(parent)
        )
        if counts or moves or checks or row_offset(code, parent, node):
            sizes |= set(_sizes(code, node))
    return sizes


def _sizes(code: Code, node: ast.AST) -> Iterator[object]:
    value = number_of(node)
    if value is not None:
        if abs(value) > 1:
            yield abs(value)
    elif isinstance(node, ast.BinOp):
        yield from _sizes(code, node.left)
        yield from _sizes(code, node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from _sizes(code, node.operand)
    elif isinstance(node, ast.Subscript):
        if root(node) == code.parameters:
            yield ast.unparse(node)
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"int", "min", "max", "round"}:
        for argument in node.args:
            yield from _sizes(code, argument)
    elif isinstance(node, ast.Name):
        bound = code.binding(node)
        source = assigned_value(code.parents, bound)
        if isinstance(bound, ast.arg) or (source is not None and number_of(source) is not None):
            yield bound
        elif source is not None and not any(n is node for n in ast.walk(source)):
            yield from _sizes(code, source)


def obstacle(code: Code, constant: Constant) -> str:
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
    obstacles = (_untouchable(code, function) for function in threaded(code, owners))
    return next((reason for reason in obstacles if reason), "")


def _moves_alone(code: Code, place: ast.AST, constant: Constant) -> bool:
    function = code.owner(place)
    if function is None or function not in indexed(code):
        return True
    near = {abs(constant.value) + step for step in (-1, 0, 1)} - {0, 1}
    counted = [
        literal
        for literal, value in all_literals(code)
        if literal not in constant.literals and abs(value) in near and code.owner(literal) is function
    ]
    unexplained = any(_is_count(code, literal) for literal in counted)
    return len(_row_sizes(code, function)) == 1 and not unexplained


def _is_count(code: Code, literal: ast.expr) -> bool:
    """Whether `literal` may be a size, as nothing else is known of it."""
    parent = code.parents[literal]
    factor = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mult | ast.Div | ast.Pow)
    value = number_of(literal)
    return isinstance(value, int) and not factor and not Flow(code, value).uses(literal)


def _is_read_by_key(code: Code) -> bool:
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


def threaded(code: Code, owners: Iterable[Function | None]) -> list[Function]:
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


def _untouchable(code: Code, function: Function) -> str:
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

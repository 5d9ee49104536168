"""Python text to syntax trees, one at a time.

CPython 3.11 counts recursion depth for all threads together while it builds a tree, and raises `SystemError` when two
build at once (https://github.com/python/cpython/issues/106905).
"""

from __future__ import annotations

import ast
import warnings
from threading import Lock
from typing import Literal, cast, overload

_LOCK = Lock()


@overload
def parse(source: str) -> ast.Module: ...


@overload
def parse(source: str, mode: Literal["eval"]) -> ast.Expression: ...


def parse(source: str, mode: Literal["exec", "eval"] = "exec") -> ast.Module | ast.Expression:
    """As `ast.parse`, from any thread; raises what it raises, and does not warn of odd escapes in strings."""
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cast("ast.Module | ast.Expression", ast.parse(source, mode=mode))

"""Python text to syntax trees, one at a time.

CPython 3.11 counts recursion depth for all trees together while it builds one, and raises `SystemError` when another is
begun meanwhile (https://github.com/python/cpython/issues/106905): by another thread, or by what the garbage collector
finalises, as a warning that is shown with its traceback. So it waits until the tree stands.
"""

from __future__ import annotations

import ast
import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Literal, cast, overload

_LOCK = Lock()


@overload
def parse(source: str) -> ast.Module: ...


@overload
def parse(source: str, mode: Literal["eval"]) -> ast.Expression: ...


def parse(source: str, mode: Literal["exec", "eval"] = "exec") -> ast.Module | ast.Expression:
    """As `ast.parse`, from any thread; raises what it raises, and does not warn of odd escapes in strings."""
    with _LOCK, _without_collector(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cast("ast.Module | ast.Expression", ast.parse(source, mode=mode))


@contextmanager
def _without_collector() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

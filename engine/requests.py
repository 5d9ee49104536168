"""What the search's coroutines ask for, and what they are sent back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Answer: TypeAlias = Any


@dataclass(frozen=True)
class Request:
    """A call of `engine.evaluator.Evaluator.<method>`; the answer is its result (a dict), or its program error.

    `meanwhile` is something quick to do while the worker is busy; whoever drives the coroutine may leave it out.
    """

    method: str
    arguments: dict[str, Any]
    meanwhile: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Thought:
    """Something slow that needs no worker; the answer is what `think` returns, or the `FactorEngineError` it raises."""

    think: Callable[[], Any]

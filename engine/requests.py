"""What the search's coroutines ask for, and what they are sent back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Answer: TypeAlias = Any


@dataclass(frozen=True)
class Request:
    """A call of `engine.evaluator.Evaluator.<method>`; the answer is its result (a dict), or its program error."""

    method: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Thought:
    """Something slow that needs no worker; the answer is what `think` returns, or the `FactorEngineError` it raises."""

    think: Callable[[], Any]

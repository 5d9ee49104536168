"""What the search's coroutines ask of a worker, and what they are sent back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Answer: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """A call of `engine.evaluator.Evaluator.<method>`; the answer is its result, or the program error it raised."""

    method: str
    arguments: dict[str, Any]

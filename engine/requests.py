"""What the search's coroutines ask for, and what they are sent back."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

Answer: TypeAlias = Any
Part: TypeAlias = "Generator[Request, Answer, Any]"
Share: TypeAlias = "Callable[[], Part | None]"


def nothing() -> None:
    """No part of a job for another worker; nothing to do meanwhile."""


@dataclass(frozen=True)
class Request:
    """A call of `engine.evaluator.Evaluator.<method>`; the answer is its result (a dict), or its program error.

    `meanwhile` is something quick to do while the worker is busy. `share` gives a part of the same job that another
    worker may do at the same time, None if there is none now; it handles its program's errors itself. Whoever drives
    the coroutine may leave both out.
    """

    method: str
    arguments: dict[str, Any]
    meanwhile: Callable[[], None] = nothing
    share: Share = nothing


@dataclass(frozen=True)
class Thought:
    """Something slow that needs no worker; the answer is what `think` returns, or the `FactorEngineError` it raises."""

    think: Callable[[], Any]


@dataclass(frozen=True)
class Wait:
    """Until a part that another worker took has ended; only asked for while there is one. The answer is None."""


def in_parts(next_part: Callable[[Share], Part | None]) -> Generator[Request | Wait, Answer, None]:
    """Do a job part by part, while other workers may take parts of it; on one worker they simply follow each other.

    `next_part` gives a part to begin now, whose requests may carry the `share` that it is told; None is the end
    once no part is at work: before that it is asked again, for the end of a part can make another one possible.
    """
    taken = 0

    def counted(part: Part) -> Part:
        nonlocal taken
        taken += 1
        yield from part
        taken -= 1

    def share() -> Part | None:
        part = next_part(nothing)
        return None if part is None else counted(part)

    while True:
        part = next_part(share)
        if part is not None:
            yield from part
        elif taken:
            yield Wait()
        else:
            return

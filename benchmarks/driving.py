"""A coroutine of the search driven on one worker, as the crew does: what can be done meanwhile is.

Its parts follow each other, for nobody else is there to take one.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from engine.requests import Answer, Request, Wait
from factors.sandbox import Worker

R = TypeVar("R")


def driven(worker: Worker, coroutine: Generator[Request | Wait, Answer, R]) -> R:
    """The coroutine's result."""
    answer: Any = None
    while True:
        try:
            request = coroutine.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result
        assert isinstance(request, Request), "nobody took a part that could be waited for"
        worker.submit(request.method, **request.arguments)
        request.meanwhile()
        answer = worker.receive()

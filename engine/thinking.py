"""Slow thoughts in threads, so that the search's own thread can serve the workers meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def begin(think: Callable[[], T]) -> Future[T]:
    """What `think` will return or raise; a process that ends does not wait for it."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(think())
        except BaseException as error:  # noqa: BLE001 (raised again where the result is taken)
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future

"""What an endpoint was asked and what it answered."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

KEPT_EXCHANGES = 10_000
KEPT_CHARACTERS = 100_000


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its answer.

    number      order of arrival, from 1
    at          time of arrival, UTC
    headers     by lower-case name, without those that carry a secret
    authorized  whether there was an Authorization header; its value is not kept
    body        the parsed JSON; None if there was none
    role        whose prompt it is; "" if it does not say
    scenario    what was done to it; "" for whatever is not a chat completion
    status      HTTP status; None if the connection was broken or left hanging
    reply       the text of the completion, its first 100,000 characters
    """

    number: int
    at: datetime
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    authorized: bool = False
    body: Any = None
    role: str = ""
    scenario: str = ""
    status: int | None = None
    reply: str = ""


class Exchanges:
    """The latest exchanges; may be used by many threads."""

    def __init__(self, tell: Callable[[Exchange], None] | None = None) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._kept: deque[Exchange] = deque(maxlen=KEPT_EXCHANGES)

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange, and tell the listener of it."""
        with self._lock:
            self._kept.append(exchange)
            if self._tell:
                self._tell(exchange)

    def all(self) -> tuple[Exchange, ...]:
        """Return what is kept, in order of arrival."""
        with self._lock:
            return tuple(sorted(self._kept, key=lambda exchange: exchange.number))

"""The contract with whoever answers calls, and its errors in two kinds.

A call that may be repeated raises `UnavailableError`, one that would fail again `TransportError`. Repetitions, budgets
and the ledger are the client's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from market.errors import FactorEngineError


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """One call of the chat-completions protocol; a message has `role` and `content`."""

    model: str
    messages: Sequence[Mapping[str, str]]
    max_tokens: int
    temperature: float | None = None


@dataclass(frozen=True, kw_only=True)
class ChatReply:
    """What came back; None where the endpoint did not count."""

    text: str
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Endpoint(Protocol):
    """Where calls are answered; used from several threads at once."""

    def complete(self, request: ChatRequest) -> ChatReply:
        """Answer one call; raises `UnavailableError` or `TransportError`."""
        ...

    def close(self) -> None:
        """Free the connections; calls in flight may fail."""
        ...


class UnavailableError(FactorEngineError):
    """A call got no answer, another attempt may.

    `billable` if the model may have worked on it; `retry_after_s` if the endpoint said when to come back.
    """

    def __init__(self, message: str, *, billable: bool, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.billable, self.retry_after_s = billable, retry_after_s

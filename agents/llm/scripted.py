"""A language model whose answers are a function: the double for tests and examples, no network, no clock."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from agents.llm.endpoint import ChatReply, ChatRequest


class ScriptedModel:
    """An endpoint that answers with `answer(request)`: a text, a reply, or an error that it raises.

    `requests` are the calls so far.
    """

    def __init__(self, answer: Callable[[ChatRequest], str | ChatReply | Exception]) -> None:
        self._answer, self._lock = answer, Lock()
        self.requests: list[ChatRequest] = []

    def complete(self, request: ChatRequest) -> ChatReply:
        """What the script says."""
        with self._lock:
            self.requests.append(request)
            answer = self._answer(request)
        if isinstance(answer, Exception):
            raise answer
        return ChatReply(text=answer) if isinstance(answer, str) else answer

    def close(self) -> None:
        """Nothing is open."""

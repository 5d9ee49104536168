"""Asking a language model: paid for before, repeated while the endpoint is away, written down whatever comes of it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Semaphore
from typing import Protocol

from agents.errors import BudgetError, LLMError
from agents.llm.breaker import Breaker
from agents.llm.endpoint import ChatReply, ChatRequest, Endpoint, UnavailableError
from agents.llm.settings import LanguageConfig, Model
from agents.llm.tokens import most_tokens
from knowledge_base.calls import CallLimits, CallResult, NewCall


class Ledger(Protocol):
    """Where calls are paid for and written down: a `knowledge_base.store.Store`."""

    def reserve_call(self, call: NewCall, limits: CallLimits) -> int | str:
        """Return the id of a call that the budget allows, or which limit forbids it."""
        ...

    def settle_call(self, call_id: int, result: CallResult) -> None:
        """Write down how a call ended."""
        ...

    def judge_call(self, call_id: int, *, understood: bool, detail: str | None = None) -> None:
        """Write down whether the reply could be used."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A prompt for a model: `prompt` is its name and version, `messages` its text."""

    role: str
    prompt: str
    messages: Sequence[Mapping[str, str]]
    model: Model
    iteration: int | None = None
    temperature: float | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A reply, and where it stands in the ledger."""

    call_id: int
    text: str
    is_cut: bool


def prompt_hash(messages: Sequence[Mapping[str, str]]) -> str:
    """The identity of a prompt: the SHA-256 of its messages."""
    plain = [[message["role"], message["content"]] for message in messages]
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False).encode()).hexdigest()


class LanguageClient:
    """Calls one endpoint for one account; used from several threads at once."""

    def __init__(
        self,
        endpoint: Endpoint,
        ledger: Ledger,
        settings: LanguageConfig,
        *,
        account: str,
        run_id: int | None = None,
        replayed: bool = False,
    ) -> None:
        self.settings = settings
        self._endpoint, self._ledger = endpoint, ledger
        self._account, self._run_id, self._replayed = account, run_id, replayed
        self._breaker = Breaker(backoff_s=settings.backoff, outage_limit_s=settings.outage_limit)
        self._turn = Semaphore(settings.concurrency)
        self._spent = ""

    @property
    def note(self) -> str:
        """Why calls wait for the endpoint, or are no longer made; empty if all is well."""
        trouble = self._breaker.trouble
        return f"waiting for the language model: {trouble}" if trouble else self._spent

    def close(self) -> None:
        """Give up waiting calls and the connections."""
        self._breaker.close()
        self._endpoint.close()

    def ask(self, ask: Ask) -> Answer:
        """Get a reply, however long the endpoint is away, up to the limit.

        Raises `BudgetError` before a call that the budget does not allow, `TransportError` if the endpoint refuses
        for good or is away for too long, `ReplayError` if a recorded run has no reply to this prompt.
        """
        while True:
            with self._turn:
                try:
                    with self._breaker.attempt():
                        return self._attempt(ask)
                except UnavailableError:
                    continue

    def judge(self, answer: Answer, problem: str = "") -> None:
        """Write down that a reply was understood, or why not."""
        self._ledger.judge_call(answer.call_id, understood=not problem, detail=problem or None)

    def _attempt(self, ask: Ask) -> Answer:
        most_in, most_out = most_tokens(ask.messages), self.settings.max_output_tokens
        call_id = self._reserve(ask, most_in, most_out)
        request = ChatRequest(
            model=ask.model.name, messages=ask.messages, max_tokens=most_out, temperature=ask.temperature
        )
        started_s = time.monotonic()
        try:
            reply = self._endpoint.complete(request)
        except (UnavailableError, LLMError) as error:
            billable = isinstance(error, UnavailableError) and error.billable
            lost = CallResult(
                outcome="lost" if billable else "refused",
                tokens=most_in + most_out if billable else 0,
                cost_usd=ask.model.cost_usd(most_in, most_out) if billable else 0.0,
                latency_s=time.monotonic() - started_s,
                detail="the run ended before the answer came." if self._breaker.is_closed else str(error),
            )
            self._ledger.settle_call(call_id, lost)
            raise
        took_s = time.monotonic() - started_s
        self._ledger.settle_call(call_id, _settled(ask.model, reply, most_in, most_out, took_s))
        return Answer(call_id=call_id, text=reply.text, is_cut=reply.finish_reason == "length")

    def _reserve(self, ask: Ask, most_in: int, most_out: int) -> int:
        call = NewCall(
            account=self._account,
            run_id=self._run_id,
            iteration=ask.iteration,
            role=ask.role,
            model=ask.model.name,
            prompt=ask.prompt,
            prompt_hash=prompt_hash(ask.messages),
            messages=ask.messages,
            tokens=most_in + most_out,
            cost_usd=ask.model.cost_usd(most_in, most_out),
            replayed=self._replayed,
        )
        reserved = self._ledger.reserve_call(call, self.settings.limits)
        if isinstance(reserved, str):
            self._spent = f"the language models' budget is used up: {reserved}."
            raise BudgetError(self._spent)
        return reserved


def _settled(model: Model, reply: ChatReply, most_in: int, most_out: int, took_s: float) -> CallResult:
    """What a reply cost; where the endpoint's own count is missing or impossible, the most it can be."""
    tokens_in = _believable(reply.prompt_tokens, most_in)
    tokens_out = _believable(reply.completion_tokens, most_out)
    return CallResult(
        outcome="answered",
        reply=reply.text,
        finish_reason=reply.finish_reason,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
        tokens=tokens_in + tokens_out,
        cost_usd=model.cost_usd(tokens_in, tokens_out),
        latency_s=took_s,
    )


def _believable(count: int | None, most: int) -> int:
    return count if count is not None and 0 <= count <= most else most

"""The bodies of the chat-completions protocol, and an answer ready to be sent."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.stub.errors import RequestError
from agents.stub.prompts import Prompt
from agents.stub.scenarios import Scenario, Usage

CHARACTERS_PER_TOKEN = 4
MODELS = {
    "object": "list",
    "data": [{"id": "scripted", "object": "model", "created": 0, "owned_by": "factorengine"}],
}
_PAGE = b"<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>"
_BEGINNING = b'{"id": "chatcmpl-0", "object": "chat.completion", "choices": [{"index": 0, "message": {"con'


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes out.

    status     None = not a byte
    reply      the text in it
    delay_s    seconds to wait before; infinite = for ever
    breaks     the connection is reset after the body, which is shorter than announced
    """

    scenario: str = ""
    status: int | None = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    reply: str = ""
    delay_s: float = 0.0
    breaks: bool = False


def json_answer(value: Any) -> Answer:
    """Return a value as an answer."""
    return Answer(headers={"Content-Type": "application/json"}, body=json.dumps(value).encode())


def completion(prompt: Prompt, scenario: Scenario, reply: str) -> Answer:
    """Return a reply as a chat completion."""
    message = {"role": "assistant", "content": reply}
    body: dict[str, Any] = {
        "id": f"chatcmpl-{prompt.digest[:24]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": prompt.model,
        "choices": [{"index": 0, "message": message, "finish_reason": scenario.finish}],
    }
    if scenario.usage:
        body["usage"] = scenario.usage(_usage(prompt, reply))
    return Answer(
        scenario=scenario.name,
        headers={"Content-Type": "application/json"},
        body=json.dumps(body).encode(),
        reply=reply,
        delay_s=scenario.seconds or 0.0,
    )


def without_reply(scenario: Scenario) -> Answer:
    """Return the answer of a scenario that is no completion."""
    if scenario.refusal:
        refusal = scenario.refusal
        wait = {} if scenario.seconds is None else {"Retry-After": f"{scenario.seconds:g}"}
        return error(refusal.status, refusal.code, refusal.message, scenario=scenario.name, headers=wait)
    name = scenario.name
    if scenario.manner == "page":
        return Answer(scenario=name, headers={"Content-Type": "text/html"}, body=_PAGE)
    if scenario.manner == "reset":
        return Answer(
            scenario=name, headers={"Content-Type": "application/json"}, body=_BEGINNING, breaks=True
        )
    hangs, breaks = scenario.manner == "hang", scenario.manner == "outage"
    return Answer(scenario=name, status=None, delay_s=math.inf if hangs else 0.0, breaks=breaks)


def refused(problem: RequestError) -> Answer:
    """Return a request's error as the protocol states it."""
    return error(problem.status, problem.code, str(problem))


def error(
    status: int, code: str, message: str, *, scenario: str = "", headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an error as the protocol states it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return Answer(
        scenario=scenario,
        status=status,
        headers={"Content-Type": "application/json", **(headers or {})},
        body=json.dumps(body).encode(),
    )


def _usage(prompt: Prompt, reply: str) -> Usage:
    asked, answered = _tokens(prompt.text), _tokens(reply)
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}


def _tokens(text: str) -> int:
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)

"""A chat request as the endpoint reads it: who is asked, what data are quoted, by what digest it is known."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agents.stub.errors import RequestError

_ROLE = re.compile(r"# FactorEngine: ([a-z][a-z0-9_-]{0,39})")
_DATA = re.compile(r'<data name="([^"]{1,80})">')


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """The model that is asked, and the (role, text) of each message."""

    model: str
    messages: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, body: Any) -> Prompt:
        """Read a request's JSON; `RequestError` names the field that is wrong."""
        if not isinstance(body, dict):
            raise RequestError(f"the body must be a JSON object, got {type(body).__name__}.")
        model, messages = body.get("model"), body.get("messages")
        if not isinstance(model, str) or not model:
            raise RequestError("`model` must be a non-empty string: name any model.")
        if not isinstance(messages, list) or not messages:
            raise RequestError("`messages` must be a non-empty list of messages.")
        if body.get("stream"):
            raise RequestError("`stream` is not offered here: leave it out.", code="unsupported_value")
        if body.get("n", 1) not in (1, None):
            raise RequestError("`n` must be 1: one answer a request.", code="unsupported_value")
        return cls(model=model, messages=tuple(map(_message, messages)))

    @cached_property
    def text(self) -> str:
        """All messages, one after the other."""
        return "\n".join(text for _, text in self.messages)

    @cached_property
    def role(self) -> str:
        """Who is asked, such as "idea", by the first line of the system message; "" if it does not say."""
        systems = (text for role, text in self.messages if role in ("system", "developer"))
        named = _ROLE.fullmatch(next(systems, "").partition("\n")[0].strip())
        return named.group(1) if named else ""

    @cached_property
    def data(self) -> Mapping[str, str]:
        """The quoted data by name; of two with one name, the first."""
        found: dict[str, str] = {}
        name, lines = "", list[str]()
        for line in self.text.split("\n"):
            opening = _DATA.fullmatch(line)
            if not name and opening:
                name, lines = opening.group(1), []
            elif name and line == "</data>":
                found.setdefault(name, "\n".join(lines))
                name = ""
            else:
                lines.append(line)
        return found

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """One for the first message, one for the first two, …; the last is the whole prompt's."""
        running = hashlib.sha256(json.dumps(self.model).encode())
        digests = []
        for message in self.messages:
            running.update(json.dumps(message).encode())
            digests.append(running.hexdigest())
        return tuple(digests)

    @property
    def digest(self) -> str:
        """The same for the same model and messages."""
        return self.digests[-1]


def _message(message: Any) -> tuple[str, str]:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise RequestError("each of `messages` must be an object with `role` and `content`.")
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(map(_part, content))
    if not isinstance(content, str):
        raise RequestError(f"`content` must be text, got {type(content).__name__}.")
    return message["role"], content.replace("\r\n", "\n")


def _part(part: Any) -> str:
    if not isinstance(part, dict) or not isinstance(part.get("text"), str):
        raise RequestError('each part of `content` must be {"type": "text", "text": …}: send text only.')
    return str(part["text"])

"""A JSON object out of whatever surrounds it: prose, fences, thinking; single quotes, comments, trailing commas."""

from __future__ import annotations

import json
import re
from typing import Any

from json_repair import loads as repaired

from agents.replies.cleaning import cleaned, plain_code, unescaped
from agents.replies.errors import ReplyError, TruncatedReplyError

_MAX_REPAIRED_CHARACTERS = 6_000  # mending takes time that grows with the square
_FENCED_LIST = re.compile(r"\s*(?:```\w*\s*)?(\[[\s\S]*\])\s*(?:```\s*)?$")
_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|[{}]')


def read_json(reply: str) -> Any:
    """The longest JSON object of a reply, or the list that is all of it.

    Raises `ReplyError` if there is none, `TruncatedReplyError` if it is not closed.
    """
    return json_of(cleaned(reply, []))


def json_of(text: str) -> Any:
    """`read_json` of a cleaned text."""
    if "{" not in text and "[" not in text:
        text = plain_code(text)
    if '"' not in text:
        text = unescaped(text, [])
    whole = _FENCED_LIST.match(text)
    if whole:
        return _read(whole[1])
    spans, opened = _objects(text)
    longest = max(spans, key=len, default="")
    if opened >= 0 and len(text) - opened > len(longest):
        raise TruncatedReplyError("the JSON object is not closed: go on where the reply stopped.")
    if not longest:
        raise ReplyError("the reply holds no JSON object: answer with one, from { to }.")
    return _read(longest)


def _objects(text: str) -> tuple[list[str], int]:
    """The outermost {…} of a text, and where an unclosed one begins (-1: none)."""
    spans, depth, start = [], 0, -1
    for token in _TOKEN.finditer(text):
        if token[0] == "{":
            start = token.start() if depth == 0 else start
            depth += 1
        elif token[0] == "}" and depth:
            depth -= 1
            if depth == 0:
                spans.append(text[start : token.end()])
                start = -1
    return spans, start


def _read(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as problem:
        reason = str(problem)
    if len(text) > _MAX_REPAIRED_CHARACTERS:
        raise ReplyError(f"the reply's JSON is not valid ({reason}): write strict JSON.")
    try:
        value = repaired(plain_code(text))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict | list) or (not value and len(text) > 20):
        raise ReplyError(f"the reply's JSON is not valid ({reason}): write strict JSON.")
    return value

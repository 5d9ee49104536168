"""A reply as plain text: line ends, invisible characters, escapes and thinking dealt with once, before it is read."""

# ruff: noqa: RUF001 (replies hold such characters)

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from agents.replies.errors import EmptyReplyError, ReplyError

MAX_REPLY_CHARACTERS = 200_000

_LINE_END = re.compile("\r\n|[\r\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_ENTITIES = {
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#39;": "'",
    "&#x27;": "'",
    "&apos;": "'",
    "&amp;": "&",
}
_ENTITY = re.compile("|".join(_ENTITIES))
_THINKING = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_CODE_LITERAL = re.compile(
    r'"""[\s\S]*?"""|' + r"'''[\s\S]*?'''|" + r'"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'|#[^\n]*"
)
_PUNCTUATION: Mapping[int, str] = {
    **{0xFF00 + code - 0x20: chr(code) for code in range(0x21, 0x7F) if not chr(code).isalpha()},
    **dict.fromkeys([0xA0, 0x202F, 0x3000, *range(0x2000, 0x200B)], " "),
    **dict.fromkeys(map(ord, "“”„‟″"), '"'),
    **dict.fromkeys(map(ord, "‘’‚‛′"), "'"),
    **dict.fromkeys(map(ord, "−–—‐‑"), "-"),
    ord("×"): "*",
    ord("÷"): "/",
    ord("≤"): "<=",
    ord("≥"): ">=",
    ord("≠"): "!=",
    ord("、"): ",",
    ord("。"): ".",
    ord("【"): "[",
    ord("】"): "]",
}


def cleaned(reply: str, repairs: list[str]) -> str:
    """The reply without what nobody sees; raises `EmptyReplyError`, or `ReplyError` if it is too long."""
    if len(reply) > MAX_REPLY_CHARACTERS:
        raise ReplyError(
            f"a reply has at most {MAX_REPLY_CHARACTERS} characters, got {len(reply)}: answer with the changes only."
        )
    text = _LINE_END.sub("\n", reply)
    text = _noting(
        _INVISIBLE, lambda _match: "", text, "invisible or control characters were removed", repairs
    )
    text = _without_thinking(text, repairs)
    if not text.strip():
        raise EmptyReplyError("the reply is empty: answer with IDEA, CHANGES and PARAMETERS.")
    return text


def unescaped(text: str, repairs: list[str]) -> str:
    """`text` with the HTML escapes of brackets, quotes and ampersands undone."""
    return _noting(_ENTITY, lambda match: _ENTITIES[match[0]], text, "HTML escapes were undone", repairs)


def plain_code(code: str) -> str:
    """`code` with ASCII punctuation and blanks outside of its strings and comments."""
    if code.isascii():
        return code
    pieces, position = [], 0
    for literal in _CODE_LITERAL.finditer(code):
        pieces += [code[position : literal.start()].translate(_PUNCTUATION), literal[0]]
        position = literal.end()
    return "".join([*pieces, code[position:].translate(_PUNCTUATION)])


def plain_line(line: str) -> str:
    """`line` with ASCII punctuation and blanks everywhere."""
    return line if line.isascii() else line.translate(_PUNCTUATION)


def spaces_for_tabs(code: str) -> str:
    """`code` with every line indented by spaces, four to a tab."""
    if "\t" not in code:
        return code
    return "\n".join(_indented_by_spaces(line) for line in code.split("\n"))


def _indented_by_spaces(line: str) -> str:
    body = line.lstrip(" \t")
    return line[: len(line) - len(body)].expandtabs(4) + body


def _noting(
    pattern: re.Pattern[str], put: Callable[[re.Match[str]], str], text: str, note: str, repairs: list[str]
) -> str:
    mended, count = pattern.subn(put, text)
    if count:
        repairs.append(note)
    return mended


def _without_thinking(text: str, repairs: list[str]) -> str:
    """What lies outside of thinking tags; an unclosed section is kept, for the answer may be in it."""
    kept, position, depth = [], 0, 0
    for tag in _THINKING.finditer(text):
        closes = bool(tag[1])
        if not closes and depth == 0:
            kept.append(text[position : tag.start()])
        if closes and depth == 0:
            kept = []
        depth = max(0, depth - 1) if closes else 1
        position = tag.end()
    if position:
        repairs.append(
            "the thinking section was left out" if not depth else "an unclosed thinking tag was dropped"
        )
    return "".join([*kept, text[position:]])

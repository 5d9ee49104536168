"""What language models do to a good answer. A malformation that does not apply leaves the text as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TypeAlias

from agents.stub.answers import Reply, fenced
from agents.stub.edits import Block, found_blocks, rendered, with_blocks

Malformation: TypeAlias = Callable[[Reply], str]

HUGE_CHARACTERS = 4_000_000
_FENCE = re.compile(r"^```\w*\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
_REFUSAL = "I'm sorry, but I can't help with creating trading strategies or giving financial advice."
_ELSEWHERE = '    gap = ops.ts_median(turnover_gap, p["horizon"])\n    return gap - gap.mean()'


def crlf(reply: Reply) -> str:
    """Return the text with Windows line ends."""
    return reply.text.replace("\n", "\r\n")


def tabs(reply: Reply) -> str:
    """Return the text with a tab for every four leading blanks."""
    return re.sub(r"^(?: {4})+", lambda blanks: "\t" * (len(blanks[0]) // 4), reply.text, flags=re.MULTILINE)


def wrong_indent(reply: Reply) -> str:
    """Return the text with its code two blanks too far to the right."""
    if found_blocks(reply.text):
        return with_blocks(reply.text, lambda block: (_indented(block[0]), _indented(block[1])))
    return _FENCE.sub(lambda fence: fenced(_indented(fence[1])), reply.text)


def near_miss(reply: Reply) -> str:
    """Return the text with a typing error in the longest line of each SEARCH."""
    return with_blocks(reply.text, lambda block: (_mistyped(block[0]), block[1]))


def unsearchable(reply: Reply) -> str:
    """Return the text with a SEARCH that is nowhere in the program."""
    return with_blocks(reply.text, lambda block: (_ELSEWHERE, block[1]))


def bare(reply: Reply) -> str:
    """Return the text without its fences and without the headings of its code and ranges."""
    unfenced = _FENCE.sub(lambda fence: fence[1], reply.text)
    return re.sub(r"^(CHANGES|PARAMETERS):\n", "", unfenced, flags=re.MULTILINE)


def whole_program(reply: Reply) -> str:
    """Return the whole program where blocks were asked for."""
    return fenced(reply.program) if reply.program and found_blocks(reply.text) else reply.text


def syntax_error(reply: Reply) -> str:
    """Return the text with a parenthesis left open at the end of its code."""
    blocks = found_blocks(reply.text)
    if blocks:
        broken: Block = (blocks[-1][0], blocks[-1][1] + "\n    return (score")
        return reply.text.replace(rendered(blocks[-1]), rendered(broken))
    return _FENCE.sub(lambda fence: fenced(fence[1] + "\n    return (score"), reply.text)


def prose_around_json(reply: Reply) -> str:
    """Return the text with polite words before and after its JSON."""
    before, json_text = _split_at_json(reply.text)
    polite = f"Sure! Here is the JSON you asked for:\n\n```json\n{json_text}\n```\n\nLet me know if {{more}} helps."
    return before + polite if json_text else reply.text


def single_quotes(reply: Reply) -> str:
    """Return the text with its JSON as Python prints it."""
    before, json_text = _split_at_json(reply.text)
    try:
        return before + repr(json.loads(json_text))
    except ValueError:
        return reply.text


def trailing_commas(reply: Reply) -> str:
    """Return the text with a comma before each closing brace of its JSON."""
    before, json_text = _split_at_json(reply.text)
    return before + re.sub(r"(?<=[^\s{,])(?=\s*\})", ",", json_text)


def think(reply: Reply) -> str:
    """Return the text after a section of thoughts, in which a first draft is thrown away."""
    draft = '<<<<<<< SEARCH\nwindow = 5\n=======\n... {"window": [2, 3]}? No, that is too short. Let me start again.'
    return (
        f"<think>\nThe user wants one answer in the given form. First try:\n{draft}\n</think>\n\n{reply.text}"
    )


def truncated(reply: Reply) -> str:
    """Return the first six tenths of the text."""
    return reply.text[: len(reply.text) * 6 // 10]


def huge(reply: Reply) -> str:
    """Return the text and several megabytes of afterthoughts."""
    line = "\nOn reflection, one could also say it in other words."
    return reply.text + line * (HUGE_CHARACTERS // len(line))


def refusal(_: Reply) -> str:
    """Return a polite refusal."""
    return _REFUSAL


def empty(_: Reply) -> str:
    """Return nothing."""
    return ""


def _indented(code: str) -> str:
    return re.sub(r"^(?=.)", "  ", code, flags=re.MULTILINE)


def _mistyped(search: str) -> str:
    longest = max(search.split("\n"), key=len)
    mistyped = longest.replace('"', "'") if '"' in longest else longest + "  # as before"
    return search.replace(longest, mistyped, 1)


def _split_at_json(text: str) -> tuple[str, str]:
    """Return what stands before the JSON that ends an answer, and the JSON; "" if there is none."""
    if text.startswith("{"):
        return "", text
    before, found, json_text = text.rpartition("PARAMETERS:\n")
    return (before + found, json_text) if found and json_text.startswith("{") else (text, "")

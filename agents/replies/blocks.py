"""What blocks say: SEARCH/REPLACE blocks freed of their wrapping, and unified diffs turned into blocks."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from agents.replies.cleaning import spaces_for_tabs
from agents.replies.layout import Block

_TAG = re.compile(r"<(/?)(search|replace|find|original|updated)>[ \t]*\n?", re.IGNORECASE)
_NUMBERED = re.compile(r"[ \t]*(\d{1,5})(?:[ \t]?[|:│→][ \t]?|\t)(.*)$")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})[\w+.\-]*\s*$")
_HUNK = re.compile(r"@@.{0,200}$")
_ELISION = re.compile(r"\s*(?:#\s*)?(?:\.\.\.|…)\s*$")


def markers_for_tags(text: str) -> str:
    """`text` with <search>…</search><replace>…</replace> written as marked blocks, if it has such tags."""
    names = {(tag[1], tag[2].lower() in ("search", "find", "original")) for tag in _TAG.finditer(text)}
    if len(names) < 4:
        return text
    return _TAG.sub(_marker, text)


def _marker(tag: re.Match[str]) -> str:
    opens, searches = not tag[1], tag[2].lower() in ("search", "find", "original")
    if searches:
        return "\n<<<<<<< SEARCH\n" if opens else "\n"
    return "\n=======\n" if opens else "\n>>>>>>> REPLACE\n"


def plain_block(block: Block, repairs: list[str]) -> Block:
    """`block` without fences, line numbers or signs around its lines, indented by spaces."""
    search, put = (_unwrapped(side.split("\n")) for side in (block.search, block.replace))
    numbers = [_NUMBERED.match(line) for line in search if line.strip()]
    if numbers and all(numbers) and _consecutive([int(match[1]) for match in numbers if match]):
        search, put = _without_numbers(search), _without_numbers(put)
        repairs.append("line numbers were taken off a block")
    elif _all_signed(search, "-") and _all_signed(put, "+"):
        search, put = ([line[1:] for line in side] for side in (search, put))
        repairs.append("diff signs were taken off a block")
    old, new = (spaces_for_tabs("\n".join(side)) for side in (search, put))
    return replace(block, search=old, replace=new)


def is_diff(text: str, language: str) -> bool:
    """Whether a fence holds a unified diff."""
    lines = text.split("\n")
    hunks = any(_HUNK.match(line) for line in lines)
    signed = any(line.startswith("-") for line in lines) or any(line.startswith("+") for line in lines)
    return signed and (hunks or language in ("diff", "patch", "udiff"))


def diff_blocks(text: str) -> list[Block]:
    """One block for each hunk of a unified diff."""
    hunks: list[list[str]] = [[]]
    for line in text.split("\n"):
        if line.startswith(("--- ", "+++ ", "diff --git", "index ")) and not hunks[-1]:
            continue
        if _HUNK.match(line) or _ELISION.match(line):
            hunks.append([])
        elif not line.startswith("\\"):
            hunks[-1].append(line)
    return [_hunk_block(hunk) for hunk in hunks if any(line.startswith(("+", "-")) for line in hunk)]


def _hunk_block(lines: list[str]) -> Block:
    lines = lines[: max(index for index, line in enumerate(lines) if line) + 1]
    unsigned = [line[1:] if line.startswith(("+", "-", " ")) else line for line in lines]
    search = [text for text, line in zip(unsigned, lines, strict=True) if not line.startswith("+")]
    put = [text for text, line in zip(unsigned, lines, strict=True) if not line.startswith("-")]
    return Block(search=spaces_for_tabs("\n".join(search)), replace=spaces_for_tabs("\n".join(put)))


def unnumbered(code: str, repairs: list[str]) -> str:
    """A whole program without line numbers before its lines."""
    lines = code.split("\n")
    numbers = [_NUMBERED.match(line) for line in lines if line.strip()]
    if len(numbers) < 2 or not all(numbers) or not _consecutive([int(m[1]) for m in numbers if m], gaps=True):
        return code
    repairs.append("line numbers were taken off the program")
    return "\n".join(_without_numbers(lines))


def _unwrapped(lines: list[str]) -> list[str]:
    filled = [index for index, line in enumerate(lines) if line.strip()]
    if filled and _FENCE.match(lines[filled[0]]):
        end = filled[-1] if len(filled) > 1 and _FENCE.match(lines[filled[-1]]) else len(lines)
        lines = lines[filled[0] + 1 : end]
        filled = [index for index, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def _without_numbers(lines: list[str]) -> list[str]:
    return [match[2] if (match := _NUMBERED.match(line)) else line for line in lines]


def _consecutive(numbers: list[int], *, gaps: bool = False) -> bool:
    steps = [after - before for before, after in pairwise(numbers)]
    return all(step >= 1 if gaps else 1 <= step <= 3 for step in steps)


def _all_signed(lines: list[str], sign: str) -> bool:
    return bool(lines) and all(line.startswith(sign) for line in lines if line.strip())

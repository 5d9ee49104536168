"""SEARCH/REPLACE blocks that turn one text into another."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import TypeAlias

Block: TypeAlias = tuple[str, str]
"""What is searched, and what takes its place."""

MOST_LINES = 300
_CONTEXTS = (1, 2, 3, 5, 10, 20, 50, MOST_LINES)
_BLOCK = re.compile(r"<<<<<<< SEARCH\n(.*?)\n=======\n(.*?)\n>>>>>>> REPLACE", re.DOTALL)
_MARKS = ("<<<<<<<", "=======", ">>>>>>>")


def edits(old: str, new: str) -> list[Block]:
    """Return blocks, each found exactly once when its turn comes, with little more context than that takes.

    None at all if a text is longer than `MOST_LINES`, or one of its lines looks like a mark of a block.
    """
    before, after = old.split("\n"), new.split("\n")
    marked = any(line.startswith(_MARKS) for line in (*before, *after))
    if marked or max(len(before), len(after)) > MOST_LINES:
        return []
    for context in _CONTEXTS:
        blocks = _blocks(before, after, context)
        if _lead_to(blocks, old, new):
            return blocks
    return []


def rendered(block: Block) -> str:
    """Return a block as it stands in an answer."""
    return f"<<<<<<< SEARCH\n{block[0]}\n=======\n{block[1]}\n>>>>>>> REPLACE"


def found_blocks(text: str) -> list[Block]:
    """Return the well-formed blocks of an answer."""
    return _BLOCK.findall(text)


def with_blocks(text: str, change: Callable[[Block], Block]) -> str:
    """Return an answer with each of its blocks changed."""
    return _BLOCK.sub(lambda found: rendered(change((found[1], found[2]))), text)


def _blocks(before: list[str], after: list[str], context: int) -> list[Block]:
    groups = SequenceMatcher(a=before, b=after, autojunk=False).get_grouped_opcodes(context)
    return [
        (
            "\n".join(before[group[0][1] : group[-1][2]]),
            "\n".join(after[group[0][3] : group[-1][4]]),
        )
        for group in groups
    ]


def _lead_to(blocks: list[Block], old: str, new: str) -> bool:
    text = old
    for search, replacement in blocks:
        if text.count(search) != 1:
            return False
        text = text.replace(search, replacement)
    return text == new

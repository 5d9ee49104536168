"""Blocks applied to a program: the lines a SEARCH text means are found exactly, by their words, or as the nearest.

Matching is tried from strict to loose, and must be unique where it first succeeds: the lines themselves; the lines
without blanks and with ASCII punctuation; a part of one line; the most similar lines. An empty SEARCH replaces
everything by a whole program, or puts helpers, imports and constants in front of the first function.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from agents.replies.errors import ReplyError
from agents.replies.layout import Block
from agents.replies.matching import Span, equal_lines, equal_words, nearest_lines
from agents.replies.syntax import defines_factor, first_function_line, parsed_or_none


def patched(program: str | None, blocks: Sequence[Block], repairs: list[str]) -> str | None:
    """`program` with the blocks applied in their order, None without blocks; `ReplyError` tells which does not fit."""
    if not blocks:
        return None
    if program is None and blocks[0].search.strip():
        raise ReplyError("there is no current program to change: write a whole program in a ```python fence.")
    program = program or ""
    for number, block in enumerate(blocks, start=1):
        if block in blocks[: number - 1]:
            repairs.append(f"block {number} repeats an earlier one and was left out")
        else:
            program = _applied(program, block, number, repairs)
    return program


def _applied(program: str, block: Block, number: int, repairs: list[str]) -> str:
    if not block.divided:
        raise ReplyError(f"block {number} has no ======= line: write SEARCH, =======, then the replacement.")
    if not block.search.strip():
        return _inserted(program, block.replace, number, repairs)
    lines, wanted = program.split("\n"), block.search.split("\n")
    span = equal_lines(lines, wanted, number)
    if span:
        return _spliced(lines, span, block.replace.split("\n") if block.replace else [])
    span = equal_words(lines, wanted, number)
    if span:
        repairs.append(f"block {number} was matched in spite of other blanks or punctuation")
        return _reindented(lines, span, block)
    part = _part_of_line(program, block)
    if part is not None:
        repairs.append(f"block {number} was matched inside of a line")
        return part
    span = nearest_lines(lines, wanted, number)
    repairs.append(f"block {number} was matched to the most similar lines, {span.start + 1} to {span.end}")
    return _reindented(lines, span, block)


def _inserted(program: str, code: str, number: int, repairs: list[str]) -> str:
    tree = parsed_or_none(code)
    if tree and defines_factor(tree):
        repairs.append(f"block {number} holds a whole program")
        return code
    host = parsed_or_none(program)
    definitions = ast.FunctionDef | ast.Import | ast.ImportFrom | ast.Assign
    if (
        not host
        or not defines_factor(host)
        or not tree
        or not tree.body
        or not all(isinstance(n, definitions) for n in tree.body)
    ):
        raise ReplyError(
            f"block {number} has an empty SEARCH text: quote the lines that its text replaces or follows."
        )
    lines, at = program.split("\n"), first_function_line(host)
    repairs.append(f"block {number} has no SEARCH text and was put in front of the first function")
    return "\n".join([*lines[:at], *code.strip("\n").split("\n"), "", "", *lines[at:]])


def _spliced(lines: list[str], span: Span, put: list[str]) -> str:
    return "\n".join([*lines[: span.start], *put, *lines[span.end :]])


def _part_of_line(program: str, block: Block) -> str | None:
    """The program with a text replaced that does not begin or end with a line."""
    pairs = [(block.search, block.replace)]
    if "\n" not in block.search.strip() and "\n" not in block.replace.strip():
        pairs.append((block.search.strip(), block.replace.strip()))
    fitting = [(old, new) for old, new in pairs if len(old) > 2 and program.count(old) == 1]
    return program.replace(*fitting[0]) if fitting else None


def _reindented(lines: list[str], span: Span, block: Block) -> str:
    """The splice whose replacement is indented as the program is; what parses is preferred."""
    found, wanted, put = lines[span.start : span.end], block.search.split("\n"), block.replace.split("\n")
    shifts = _shifts(found, wanted)
    moved = [_moved(line, shifts) for line in put]
    candidates = [moved, put] if _margin(put) != _margin(found) or not any(shifts.values()) else [put, moved]
    texts = [_spliced(lines, span, candidate if block.replace else []) for candidate in candidates]
    return next((text for text in texts if parsed_or_none(text)), texts[0])


def _shifts(found: list[str], wanted: list[str]) -> Mapping[int, int]:
    """By how much each indentation of the SEARCH text is off."""
    pairs = zip(
        [line for line in found if line.strip()], [line for line in wanted if line.strip()], strict=False
    )
    shifts: dict[int, int] = {}
    for there, here in pairs:
        shifts.setdefault(_indent(here), _indent(there) - _indent(here))
    return shifts


def _moved(line: str, shifts: Mapping[int, int]) -> str:
    if not line.strip():
        return ""
    indent = _indent(line)
    nearest = max((key for key in shifts if key <= indent), default=min(shifts))
    return " " * max(0, indent + shifts[nearest]) + line.lstrip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _margin(lines: list[str]) -> int:
    return next((_indent(line) for line in lines if line.strip()), 0)

"""The pieces of a reply in their order: headings, fences, SEARCH/REPLACE blocks and text, read line by line."""

# ruff: noqa: RUF001 (replies hold such characters)

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from agents.replies.errors import ReplyError

_MAX_OPENINGS, _MAX_DEPTH, _SEEN = 100, 3, 160
_SECTIONS = {
    "analysis": "analysis|analyse|diagnosis|observations?|分析|诊断",
    "idea": "(?:the |proposed |new |factor |core )?idea|hypothesis|(?:新|因子|核心)?(?:想法|思路)|假设",
    "changes": "(?:code |proposed |the )?(?:changes|edits|diff|patch)|change|(?:full |new |complete |updated )?"
    "(?:code|program)|implementation|(?:代码)?(?:修改|改动)|(?:完整)?(?:代码|程序)",
    "parameters": "(?:new |updated )?(?:parameters?|params)(?: (?:ranges?|space))?|ranges|参数(?:范围|空间)?",
}
_HEADING = re.compile(
    r"[\s>#*_\-\d.)(（）、【\[一二三四]{0,12}(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _SECTIONS.items())
    + r")[ \])）】*_]{0,6}(?:(?P<colon>[:：])[*_]{0,3}(?P<rest>.*)|(?:[(（][^()（）]{0,60}[)）][:：]?)?\s*)$",
    re.IGNORECASE,
)
_MARKED = re.compile(r"\s*(?:[#*_【\[\d]|[A-Z]{4})|[\s\u4e00-\u9fff]+$")
_OPEN = re.compile(r"\s*<{5,9}(?![<=])(?!\s*/?(?:REPLACE|END)\b)\s*[^=<>]{0,60}$", re.IGNORECASE)
_DIVIDE = re.compile(r"\s*={5,9}\s*[A-Za-z]{0,12}:?\s*$")
_CLOSE = re.compile(r"\s*(?:>{5,9}(?![>=])[^=<>]{0,60}|<{5,9}\s*/?(?:REPLACE|END)\b.{0,20})$", re.IGNORECASE)
_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*([\w+.\-]*)[^`~]{0,60}$")
_SIDE = re.compile(
    r"[\s#*_\-\d.]{0,10}(?:(search|find|original|查找|原代码)|(replace(?:ment)?|replace with|替换|新代码))"
    r"(?: (?:block|text|\d{1,2}))?[\s*_]{0,4}[:：][\s*_]{0,4}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Heading:
    """The start of one of the four parts; `rest` is what follows on its line."""

    section: str
    rest: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of text outside of fences and blocks."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Fence:
    """What stands between ``` lines."""

    language: str
    text: str
    closed: bool


@dataclass(frozen=True, kw_only=True)
class Block:
    """Lines to find and the lines to put in their place; `divided` if a ======= line stood between them."""

    search: str
    replace: str
    closed: bool = True
    divided: bool = True


Piece: TypeAlias = Heading | Line | Fence | Block


def layout(text: str) -> list[Piece]:
    """The pieces of a cleaned reply."""
    return list(_Scanner(text.split("\n")).pieces())


def heading_of(line: str) -> Heading | None:
    """The heading that `line` is: a section's name with a colon after it, or alone on a marked line."""
    match = _HEADING.match(line) if line else None
    if match is None or (not match["colon"] and not _MARKED.match(line)):
        return None
    section = next(name for name in _SECTIONS if match[name])
    return Heading(section=section, rest=(match["rest"] or "").strip())


class _Scanner:
    """Walks over lines; what each line could be is decided once. `whole`: nothing was cut off at the end."""

    def __init__(self, lines: list[str], depth: int = 0, *, whole: bool = False) -> None:
        self._lines, self._depth, self._whole, self._at = lines, depth, whole, 0
        self._kinds = [_kind(line) for line in lines]
        self._headings = [index for index, line in enumerate(lines) if heading_of(line[:2000])]
        openings = sum(kind in ("fence", "open", "search") for kind in self._kinds)
        if openings > _MAX_OPENINGS:
            raise ReplyError(
                f"a reply has at most {_MAX_OPENINGS} blocks and fences, got {openings}: answer with the changes only."
            )

    def pieces(self) -> Iterator[Piece]:
        while self._at < len(self._lines):
            kind, line = self._kinds[self._at], self._lines[self._at]
            if kind == "open":
                yield self._block()
            elif kind == "search":
                yield self._sided_block()
            elif kind == "fence":
                yield from self._fence()
            else:
                self._at += 1
                yield heading_of(line) or Line(text=line)

    def _block(self) -> Block:
        start = self._at + 1
        divide = self._next(start, "divide", "close", "open")
        divided = divide < len(self._lines) and self._kinds[divide] == "divide"
        end = self._next(divide + 1, "close", "open") if divided else divide
        search, replace = self._lines[start:divide], self._lines[divide + 1 : end] if divided else []
        closed = end < len(self._lines)
        if not closed:
            end = self._first_heading(divide if divided else start)
            closed = divided and (self._whole or end < len(self._lines))
            replace = replace[: end - divide - 1]
        self._at = end + (end < len(self._lines) and self._kinds[end] == "close")
        return Block(
            search="\n".join(search), replace="\n".join(replace), closed=closed, divided=divided or not closed
        )

    def _sided_block(self) -> Block:
        """A block told by the headings SEARCH: and REPLACE:."""
        start = self._at + 1
        marker = self._next(start, "open", "replace", "search")
        if marker < len(self._lines) and self._kinds[marker] == "open":
            self._at = marker
            return self._block()
        divided = marker < len(self._lines) and self._kinds[marker] == "replace"
        end = self._side_end(marker + 1) if divided else marker
        self._at = end
        replace = "\n".join(self._lines[marker + 1 : end]) if divided else ""
        search = "\n".join(self._lines[start:marker])
        return Block(
            search=search, replace=replace, closed=divided or marker < len(self._lines), divided=divided
        )

    def _side_end(self, start: int) -> int:
        """Where the replacement ends: with its fence, else before the next heading."""
        first = next((i for i in range(start, len(self._lines)) if self._lines[i].strip()), len(self._lines))
        if first < len(self._lines) and self._kinds[first] == "fence":
            close = self._next(first + 1, "fence")
            return min(close + 1, len(self._lines))
        return min(self._next(start, "search", "fence"), self._first_heading(start))

    def _fence(self) -> Iterator[Piece]:
        opening = _FENCE.match(self._lines[self._at])
        language = opening[2].lower() if opening else ""
        start = self._at + 1
        end = self._fence_end(start)
        closed = end < len(self._lines)
        if not closed:
            end = self._first_heading(start)
            closed = end < len(self._lines)
        self._at = end + (end < len(self._lines) and self._kinds[end] == "fence")
        inside = self._lines[start:end]
        wraps = any(kind in ("open", "search") for kind in self._kinds[start:end]) or (
            language not in ("python", "py") and any(start <= index < end for index in self._headings)
        )
        if wraps and self._depth < _MAX_DEPTH:
            yield from _Scanner(inside, self._depth + 1, whole=closed).pieces()
        else:
            yield Fence(language=language, text="\n".join(inside), closed=closed)

    def _fence_end(self, start: int) -> int:
        """The closing line: the first bare one outside of a block, else the first bare one."""
        inside = False
        first = len(self._lines)
        for index in range(start, len(self._lines)):
            kind = self._kinds[index]
            inside = kind == "open" or (inside and kind != "close")
            if kind == "fence" and self._is_bare(index):
                first = min(first, index)
                if not inside:
                    return index
        return first

    def _is_bare(self, index: int) -> bool:
        return not self._lines[index].strip().strip("`~")

    def _next(self, start: int, *kinds: str) -> int:
        found = (index for index in range(start, len(self._lines)) if self._kinds[index] in kinds)
        return next(found, len(self._lines))

    def _first_heading(self, start: int) -> int:
        return next((index for index in self._headings if index >= start), len(self._lines))


def _kind(line: str) -> str:
    head = line[:_SEEN]
    if head.lstrip()[:1] in ("<", "=", ">", "`", "~"):
        patterns = (("open", _OPEN), ("divide", _DIVIDE), ("close", _CLOSE), ("fence", _FENCE))
        return next((kind for kind, pattern in patterns if pattern.match(head)), "text")
    side = _SIDE.match(head)
    return "text" if side is None else "search" if side[1] else "replace"

"""The answers in a reply: what it says under its headings, and the code it offers."""

# ruff: noqa: RUF001 (replies hold such characters)

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agents.replies.blocks import diff_blocks, is_diff, plain_block
from agents.replies.cleaning import spaces_for_tabs
from agents.replies.layout import Block, Fence, Heading, Piece

_TAG = re.compile(r"<(/?)(analysis|idea|changes|parameters|code|program)>[ \t]*", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"[(（<\[][^()（）]{0,80}[)）>\]]\.?$")
_IDEA_CHARACTERS = 600
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|(?<=[。！？])")
_CODE_LINE = re.compile(
    r"(?:import|from|def|@|PARAMETERS|[a-zA-Z_]\w*\s*[=:(\[]|[\"'#})\]]|if |for |return\b|\s)"
)
_PROGRAM_START = re.compile(r"(?:[rR]?\"\"\"|'''|import |from \w+ import|PARAMETERS\s*[=:]|def |@njit)")


@dataclass
class Answer:
    """One of the answers that a reply offers."""

    said: dict[str, list[str]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @property
    def has_code(self) -> bool:
        """Whether blocks or fences were seen."""
        return bool(self.blocks or self.fences)

    def part(self, section: str) -> str:
        """The text under a heading."""
        return "\n".join(self.said.get(section, [])).strip()

    @property
    def idea(self) -> str:
        """The stated idea in one line, free of markup; empty if it was not stated."""
        text = " ".join(self.part("idea").split()).strip("*_`> ")
        text = re.sub(r"^(?:[-•]|\d[.)])\s+", "", text)
        if len(text) > 1 and text[0] + text[-1] in ('""', "“”", "「」"):
            text = text[1:-1].strip()
        return "" if _PLACEHOLDER.match(text) else _shortened(text)

    def programs(self) -> Iterator[str]:
        """Texts that may be whole programs: fences, then what looks like one outside of them."""
        yield from (fence.text for fence in self.fences if not is_diff(fence.text, fence.language))
        start = next((i for i, line in enumerate(self.lines) if _PROGRAM_START.match(line)), len(self.lines))
        code = list(_code_lines(self.lines[start:]))
        if code:
            yield "\n".join(code)

    def all_blocks(self, repairs: list[str]) -> list[Block]:
        """The blocks as they are meant, diffs included."""
        plain = [plain_block(block, repairs) for block in self.blocks]
        diffs = [fence.text for fence in self.fences if is_diff(fence.text, fence.language)]
        diffs += _bare_diff(self.lines) if not (plain or diffs) else []
        from_diffs = [block for text in diffs for block in diff_blocks(text)]
        if from_diffs:
            repairs.append("a unified diff was read as blocks")
        return plain + from_diffs


def answers_of(pieces: Sequence[Piece]) -> list[Answer]:
    """The answers in their order; another begins where a part comes again after code."""
    answers, section = [Answer()], ""
    for piece in pieces:
        current = answers[-1]
        if isinstance(piece, Heading):
            if current.has_code and piece.section in current.said and piece.section != "changes":
                current = Answer()
                answers.append(current)
            section = piece.section
            current.said[section] = [piece.rest]
        elif isinstance(piece, Block):
            current.blocks.append(piece)
        elif isinstance(piece, Fence):
            _take_fence(current, piece, section)
        else:
            current.lines.append(piece.text)
            if section:
                current.said.setdefault(section, []).append(piece.text)
    return answers


def _take_fence(answer: Answer, fence: Fence, section: str) -> None:
    text = fence.text.strip()
    literal = text.startswith(("{", "[", "PARAMETERS")) or fence.language.startswith("json")
    if section == "idea" and fence.language in ("", "text", "markdown") and "def " not in text:
        answer.said["idea"] = [text]
    elif "def factor" not in text and (literal or section == "parameters"):
        answer.said["parameters"] = [text]
    else:
        answer.fences.append(
            Fence(language=fence.language, text=spaces_for_tabs(fence.text), closed=fence.closed)
        )


def headings_for_tags(text: str) -> str:
    """`text` with <idea>…</idea> and the like written as headings."""
    tags = {(tag[1], tag[2].lower()) for tag in _TAG.finditer(text)}
    if not {("", "idea"), ("/", "idea")} <= tags:
        return text
    return _TAG.sub(lambda tag: "\n" if tag[1] else f"\n{tag[2].upper()}:\n", text)


def answer_for_object(text: str) -> str:
    """`text` as an answer in parts, if all of it is one JSON object with the parts as keys."""
    body = re.sub(r"^```\w*\n|\n```$", "", text.strip())
    if not body.startswith("{"):
        return text
    try:
        value = json.loads(body, strict=False)
    except (ValueError, RecursionError):
        return text
    parts = {str(key).lower(): part for key, part in value.items()}
    code = next((parts[key] for key in ("changes", "code", "program", "source") if parts.get(key)), None)
    if not isinstance(code, str):
        return text
    code = code if "<<<<<" in code or "```" in code else f"```python\n{code}\n```"
    ranges = json.dumps(parts.get("parameters") or {}, ensure_ascii=False)
    return f"IDEA:\n{parts.get('idea', '')}\nCHANGES:\n{code}\nPARAMETERS:\n{ranges}\n"


def _shortened(text: str) -> str:
    """As many whole sentences as an idea may have."""
    if len(text) <= _IDEA_CHARACTERS:
        return text
    head = text[:_IDEA_CHARACTERS]
    ends = [match.start() for match in _SENTENCE_END.finditer(head)]
    return head[: ends[-1]] if ends else head.rpartition(" ")[0] or head


def _code_lines(lines: Sequence[str]) -> Iterator[str]:
    """The lines up to the first that is neither code nor inside of a triple-quoted string."""
    quoted = False
    for line in lines:
        if not quoted and line and not _CODE_LINE.match(line):
            return
        quoted ^= line.count('"""') % 2 == 1
        yield line


def _bare_diff(lines: Sequence[str]) -> list[str]:
    text = "\n".join(lines)
    return [text[text.index("@@") :]] if is_diff(text, "") and "@@" in text else []

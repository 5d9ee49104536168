"""From a language model's reply to a changed program."""

# ruff: noqa: RUF001 (replies hold such characters)

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents.replies.blocks import markers_for_tags, unnumbered
from agents.replies.cleaning import cleaned, plain_code, spaces_for_tabs, unescaped
from agents.replies.errors import RefusalError, ReplyError, TruncatedReplyError
from agents.replies.finishing import with_idea, with_ranges
from agents.replies.layout import layout
from agents.replies.objects import json_of
from agents.replies.patching import patched
from agents.replies.programs import check_nothing_elided, whole_program
from agents.replies.sections import Answer, answer_for_object, answers_of, headings_for_tags
from agents.replies.syntax import defines_factor, docstring_paragraphs, parsed, parsed_or_none

_REFUSAL = re.compile(
    r"\b(?:sorry|apologi[sz]e|I can(?:no|['’]?)t|I(?:['’]m| am) (?:unable|not able)|I won['’]t|as an AI)\b|"
    "抱歉|对不起|无法(?:提供|协助|完成|帮助)|不能(?:提供|协助)",
    re.IGNORECASE,
)
_RANGE_LINE = re.compile(
    r"[\s\-*•]{0,6}[`\"']?([A-Za-z_]\w{0,60})[`\"'*]{0,3}\s{0,4}(?:[:：=]|\bin\b)\s*(.{1,200})$"
)
_MAX_ANSWERS = 5
_SENTENCE_ENDS = tuple(".!?。！？`>}])\"'”|*_:：-")


@dataclass(frozen=True, kw_only=True)
class IdeaReply:
    """What a model proposes.

    analysis  its remarks on the current program; may be empty
    idea      the idea in one line: the first paragraph of the docstring of `source`
    source    the complete text of the new program, which is Python; its contract and policy are not checked
    repairs   what had to be mended, in short sentences
    """

    analysis: str
    idea: str
    source: str
    repairs: tuple[str, ...] = ()


def read_idea(reply: str, *, base: str | None) -> IdeaReply:
    """The program that a reply makes of `base`, or states as a whole; `ReplyError` tells what is wrong with it."""
    return _read(reply, base, idea_needed=True)


def read_correction(reply: str, *, base: str) -> IdeaReply:
    """The program that a reply corrects `base` to; the idea of `base` holds unless the reply states one."""
    return _read(reply, base, idea_needed=False)


def _read(reply: str, base: str | None, *, idea_needed: bool) -> IdeaReply:
    repairs: list[str] = []
    text = markers_for_tags(headings_for_tags(answer_for_object(unescaped(cleaned(reply, repairs), repairs))))
    base = spaces_for_tabs(base.replace("\r\n", "\n")) if base and base.strip() else None
    answers = [
        answer for answer in answers_of(layout(text)) if answer.said or answer.has_code or answer.lines
    ]
    problem: ReplyError | None = None
    for number, answer in enumerate(answers[:_MAX_ANSWERS]):
        notes: list[str] = []
        try:
            result = _proposed(answer, base, notes, idea_needed=idea_needed)
        except ReplyError as found:
            problem = found
            continue
        if len(answers) > 1 and (number or any(other.has_code for other in answers[number + 1 :])):
            notes.append("several answers were offered; the first complete one was taken")
        idea = docstring_paragraphs(parsed(result))[0]
        analysis = answer.part("analysis")
        return IdeaReply(analysis=analysis, idea=idea, source=result, repairs=(*repairs, *notes))
    raise _refusal_or(problem or ReplyError("the reply holds no answer."), text, answers)


def _refusal_or(problem: ReplyError, text: str, answers: list[Answer]) -> ReplyError:
    refused = not any(answer.has_code for answer in answers) and _REFUSAL.search(text.strip()[:400])
    if refused and not any("idea" in answer.said for answer in answers):
        return RefusalError(
            f"the reply declines: `{' '.join(text.split())[:120]}`. Answer with IDEA and CHANGES."
        )
    return problem


def _proposed(answer: Answer, base: str | None, notes: list[str], *, idea_needed: bool) -> str:
    """The complete program of one answer."""
    _check_complete(answer)
    blocks = answer.all_blocks(notes)
    source, whole = _code(answer, base, lambda program: patched(program, blocks, notes), notes)
    check_nothing_elided(source, base)
    plain = plain_code(source)
    if plain != source:
        notes.append("punctuation and blanks in the code were made ASCII")
    source = plain.strip("\n") + "\n"
    tree = parsed(source)
    if not defines_factor(tree):
        raise ReplyError("the resulting program has no function `factor`: add `def factor(data, ops, p):`.")
    source = with_ranges(source, _said_ranges(answer), base, notes)
    if base is not None and source.strip() == base.strip():
        raise ReplyError("the reply changes nothing in the program: change its code or its ranges.")
    return _told(source, answer, base, whole=whole, idea_needed=idea_needed)


def _told(source: str, answer: Answer, base: str | None, *, whole: bool, idea_needed: bool) -> str:
    """`source` with the idea that holds for it in its docstring."""
    own = docstring_paragraphs(parsed(source))[0]
    before_tree = parsed_or_none(base) if base else None
    before = docstring_paragraphs(before_tree)[0] if before_tree else ""
    told_by_blocks = own and own != before and not whole
    if answer.idea and not told_by_blocks:
        return with_idea(source, answer.idea)
    if own and (whole or told_by_blocks or not idea_needed):
        return source
    if before and not idea_needed:
        return with_idea(source, before)
    raise ReplyError(
        "the idea is missing: state under IDEA: in one or two sentences what the program measures."
    )


def _check_complete(answer: Answer) -> None:
    if not all([*(block.closed for block in answer.blocks), *(fence.closed for fence in answer.fences)]):
        raise TruncatedReplyError("the reply stops inside of a block or fence: go on where it stopped.")


def _code(
    answer: Answer, base: str | None, apply: Callable[[str | None], str | None], notes: list[str]
) -> tuple[str, bool]:
    """The new program, and whether it was stated as a whole."""
    problem: ReplyError | None = None
    texts = [unnumbered(text, notes) for text in answer.programs()]
    try:
        changed = apply(base)
        if changed is not None:
            return changed, base is None
    except ReplyError as found:
        problem = found
    program = whole_program(texts, base, notes)
    if program is not None and (problem is None or parsed_or_none(plain_code(program))):
        if problem:
            notes.append("the blocks do not fit; the whole program was taken")
        return program, True
    said = _said_ranges(answer) if base is not None and problem is None else {}
    if base is not None and said:
        notes.append("the ranges alone were changed")
        return base, False
    raise problem or _nothing_found(answer)


def _nothing_found(answer: Answer) -> ReplyError:
    last = next((line.strip() for line in reversed(answer.lines) if line.strip()), "")
    if answer.said and "changes" not in answer.said and not last.endswith(_SENTENCE_ENDS):
        return TruncatedReplyError("the reply stops before its CHANGES: go on where it stopped.")
    return ReplyError("the reply holds no SEARCH/REPLACE block and no program: give one under CHANGES:.")


def _said_ranges(answer: Answer) -> dict[str, Any]:
    """The ranges under PARAMETERS, by name."""
    text = answer.part("parameters")
    if "{" in text:
        value = json_of(text)
        inner = [value[key] for key in value if str(key).lower() in ("parameters", "params")]
        value = inner[0] if inner else value
    else:
        matches = (_RANGE_LINE.match(line[:300]) for line in text.split("\n"))
        return {match[1]: match[2] for match in matches if match and re.search(r"\d", match[2])}
    named = (
        {str(item.get("name")): item for item in value if isinstance(item, dict)}
        if isinstance(value, list)
        else {}
    )
    return value if isinstance(value, dict) else named

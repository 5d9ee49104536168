"""Where the lines of a SEARCH text stand in a program; every place found is the only one, or it is a `ReplyError`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from agents.replies.cleaning import plain_line
from agents.replies.errors import ReplyError

_FLOOR, _MARGIN = 80.0, 5.0  # per cent of similarity: the least, and the least lead over any other place
_MAX_FUZZY_CHARACTERS, _MAX_FUZZY_LINES = 4_000, 2_000


@dataclass(frozen=True, kw_only=True)
class Span:
    """Half-open range of lines."""

    start: int
    end: int


def _alone(spans: Sequence[Span], lines: list[str], number: int) -> Span | None:
    if len(spans) > 1:
        places = ", ".join(str(span.start + 1) for span in spans[:5])
        raise ReplyError(
            f"the SEARCH text of block {number} occurs {len(spans)} times (lines {places}): "
            f"quote more of the lines around `{lines[spans[0].start].strip()[:80]}`."
        )
    return spans[0] if spans else None


def equal_lines(lines: list[str], wanted: list[str], number: int) -> Span | None:
    """The span of the very lines `wanted`."""
    size = len(wanted)
    starts = [index for index, line in enumerate(lines) if line == wanted[0]]
    spans = [Span(start=at, end=at + size) for at in starts if lines[at : at + size] == wanted]
    return _alone(spans, lines, number)


def equal_words(lines: list[str], wanted: list[str], number: int) -> Span | None:
    """The span of `wanted`, blanks, blank lines and the kind of punctuation left aside."""
    places, words = _words(lines)
    _, sought = _words(wanted)
    size = len(sought)
    starts = [index for index, word in enumerate(words) if word == sought[0]]
    fitting = [at for at in starts if words[at : at + size] == sought]
    return _alone([Span(start=places[at], end=places[at + size - 1] + 1) for at in fitting], lines, number)


def _words(lines: list[str]) -> tuple[list[int], list[str]]:
    """The lines that are not blank: their places, and their text without blanks."""
    squeezed = [(index, "".join(plain_line(line).split())) for index, line in enumerate(lines)]
    return [index for index, text in squeezed if text], [text for _, text in squeezed if text]


def nearest_lines(lines: list[str], wanted: list[str], number: int) -> Span:
    """The span most similar to `wanted`, which must be alone in that."""
    scored = _similarities(lines, wanted)
    if not scored or scored[0][0] < _FLOOR:
        raise ReplyError(_not_found(lines, scored, number))
    best = scored[0][1]
    rivals = [span for score, span in scored if score > scored[0][0] - _MARGIN and score >= _FLOOR]
    others = [span for span in rivals if span.end <= best.start or span.start >= best.end]
    if others:
        raise ReplyError(
            f"the SEARCH text of block {number} does not occur in the program and resembles lines {best.start + 1} "
            f"and {others[0].start + 1} alike: quote the lines exactly as they stand."
        )
    return best


def _similarities(lines: list[str], wanted: list[str]) -> list[tuple[float, Span]]:
    """Spans of about as many lines as `wanted` by falling similarity, in per cent."""
    places, words = _words(lines)
    _, sought = _words(wanted)
    text = "\n".join(sought)
    if len(text) > _MAX_FUZZY_CHARACTERS or len(words) > _MAX_FUZZY_LINES:
        return []
    scored = []
    for size in sorted(
        {max(1, len(sought) + extra) for extra in (-1, 0, 1)}, key=lambda n: abs(n - len(sought))
    ):
        for at in range(len(words) - size + 1):
            score = fuzz.ratio(text, "\n".join(words[at : at + size]), score_cutoff=30)
            scored.append((score, Span(start=places[at], end=places[at + size - 1] + 1)))
    return sorted(scored, key=lambda pair: -pair[0])


def _not_found(lines: list[str], scored: Sequence[tuple[float, Span]], number: int) -> str:
    if not scored or scored[0][0] < 30:
        return f"the SEARCH text of block {number} does not occur in the program: copy the lines exactly."
    span = scored[0][1]
    closest = " / ".join(line.strip() for line in lines[span.start : span.end] if line.strip())[:400]
    return (
        f"the SEARCH text of block {number} does not occur in the program; the closest lines are "
        f"{span.start + 1} to {span.end}: `{closest}`. Copy the lines exactly."
    )

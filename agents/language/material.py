"""What a prompt shows of a run: sections in the order of their worth, shortened to fit.

The current program and the original come first, then the steps between them, newest first, then other lines of
evolution, failures and what is known by theme. What does not fit is left out, and the prompt says so.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.language.redaction import Redaction
from agents.llm.tokens import about_tokens
from agents.prompts import quoted
from knowledge_base.briefing import Briefing, Elite

_SHOWN_METRICS = ("fitness", "ic", "icir", "rank_ic", "rank_icir", "turnover")
_DIFF_LINES, _MESSAGE_CHARACTERS, _IDEA_CHARACTERS = 40, 400, 400
_SHOWN_THEMES = 20


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; `essential` ones are never left out."""

    heading: str
    body: str
    essential: bool = False

    def __str__(self) -> str:
        return f"## {self.heading}\n\n{self.body}"


def fitted(sections: Sequence[Section], most_tokens: int) -> str:
    """The sections in their order, as many as fit."""
    left = most_tokens - sum(about_tokens(str(section)) for section in sections if section.essential)
    shown, omitted = [], 0
    for section in sections:
        size = about_tokens(str(section))
        if section.essential or size <= left:
            left -= 0 if section.essential else size
            shown.append(str(section))
        else:
            omitted += 1
    note = [f"({omitted} further sections of the history are left out for brevity.)"] if omitted else []
    return "\n\n".join([*shown, *note])


def material(briefing: Briefing, redaction: Redaction) -> list[Section]:
    """All that may be shown of a briefing, the most instructive first."""
    current = briefing.current
    sections = []
    if current is not None:
        sections.append(
            Section("The current program", _program("current program", current, redaction), essential=True)
        )
        if len(briefing.chain) > 1:
            sections += _chain(briefing.chain, redaction)
    sections += _failures(briefing, redaction)
    sections += _paths(briefing, redaction)
    sections += _elites(briefing, redaction)
    return [*sections, *_themes(briefing)]


def metrics(elite: Elite) -> str:
    """The scores of a program, on one line."""
    values = [
        f"{name} {elite.validation_metrics[name]:+.4f}"
        for name in _SHOWN_METRICS
        if name in elite.validation_metrics
    ]
    train = "" if elite.train_fitness is None else f"; fitness on training days {elite.train_fitness:+.4f}"
    return f"{', '.join(values) or 'no scores'}{train}"


def change(before: str, after: str) -> str:
    """What was changed from one text to another: a unified diff, cut if it is long."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1))[2:]
    cut = [f"… {len(lines) - _DIFF_LINES} more lines"] if len(lines) > _DIFF_LINES else []
    return "\n".join([*lines[:_DIFF_LINES], *cut]) or "(the same text)"


def compared(elite: Elite, other: Elite) -> str:
    """How much better one program's fitness is than another's."""
    if elite.validation_fitness is None or other.validation_fitness is None:
        return "unknown"
    return f"{elite.validation_fitness - other.validation_fitness:+.4f}"


def _program(name: str, elite: Elite, redaction: Redaction) -> str:
    best = ", ".join(f"{key} = {value}" for key, value in elite.parameters.items()) or "none"
    return (
        f"{quoted(name, redaction.text(elite.source))}\n\nScores: {metrics(elite)}. Best parameters: {best}."
    )


def _chain(chain: Sequence[Elite], redaction: Redaction) -> Iterator[Section]:
    root = chain[0]
    yield Section("The original program", _program("original program", root, redaction), essential=True)
    for step in range(len(chain) - 1, 0, -1):
        elite, parent = chain[step], chain[step - 1]
        gain = f"fitness {compared(elite, parent)} against its parent, {compared(elite, root)} against the original"
        body = f"{_idea(elite, redaction)}\n{change(redaction.text(parent.source), redaction.text(elite.source))}"
        yield Section(f"Step {step} of its evolution: {gain}", quoted(f"step {step}", body))


def _paths(briefing: Briefing, redaction: Redaction) -> Iterator[Section]:
    for number, path in enumerate(briefing.paths, start=1):
        steps = [f"{place}. {_line(elite, redaction)}" for place, elite in enumerate(path, start=1)]
        yield Section(f"Another line of evolution, {number}", quoted(f"line {number}", "\n".join(steps)))


def _failures(briefing: Briefing, redaction: Redaction) -> Iterator[Section]:
    notes = [
        f"- {note.stage}: {redaction.message(note.message)[:_MESSAGE_CHARACTERS]}"
        for note in briefing.failures
    ]
    if notes:
        yield Section("Recent failures, newest first", quoted("failures", "\n".join(notes)))


def _elites(briefing: Briefing, redaction: Redaction) -> Iterator[Section]:
    lines = [f"- {_line(elite, redaction, beside=_likeness(briefing, elite))}" for elite in briefing.elites]
    if lines:
        yield Section("The best programs so far", quoted("best programs", "\n".join(lines)))


def _themes(briefing: Briefing) -> Iterator[Section]:
    known = sorted(briefing.themes.items(), key=lambda item: (-item[1].tries, item[0]))[:_SHOWN_THEMES]
    lines = [
        f"- {tag}: {record.tries} programs, {record.failures} failed"
        + ("" if record.mean_reward is None else f", mean reward {record.mean_reward:+.4f}")
        for tag, record in known
    ]
    if lines:
        yield Section("What was tried, by part", quoted("parts", "\n".join(lines)))


def _first_line(source: str, redaction: Redaction) -> str:
    """The beginning of a program's idea, if it has one."""
    return redaction.text(source.lstrip("\"' \n").partition("\n")[0])[:_IDEA_CHARACTERS]


def _line(elite: Elite, redaction: Redaction, *, beside: str = "") -> str:
    fitness = elite.validation_fitness
    known = "unknown" if fitness is None else format(fitness, "+.4f")
    return f"fitness {known}{beside}: {_idea(elite, redaction)}"


def _likeness(briefing: Briefing, elite: Elite) -> str:
    """How alike its predictions are to the current program's: those that are not may be worth combining."""
    current = briefing.current
    if current is None or current.id == elite.id:
        return ", the current program" if current else ""
    known = briefing.correlation(elite, current)
    return "" if known is None else f", correlation {known:+.2f} with the current program"


def _idea(elite: Elite, redaction: Redaction) -> str:
    lesson = f" Lesson: {elite.lesson}" if elite.lesson else ""
    return redaction.text(f"{elite.idea[:_IDEA_CHARACTERS]}{lesson[:_IDEA_CHARACTERS]}")

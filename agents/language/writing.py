"""The messages of each agent: pure functions of what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeAlias

from agents.language.material import Section, change, compared, fitted, material, metrics
from agents.language.redaction import Redaction
from agents.llm.tokens import about_tokens
from agents.prompts import prompt, quoted
from factors.operators.catalogue import OPERATORS
from factors.seeds import seed_sources
from knowledge_base.briefing import Briefing, Elite

Messages: TypeAlias = Sequence[Mapping[str, str]]

_EXAMPLE = "corr5"
_KNOWN_IDEAS = 30
_NOTHING_YET = "Nothing has been tried yet."


def idea_messages(
    briefing: Briefing, *, focus: str, market: str, redaction: Redaction, most_tokens: int
) -> tuple[str, Messages]:
    """The prompt for a new idea, its version first."""
    chosen = prompt("begin" if briefing.current is None else "change")
    system = programmer("idea")
    market_section = f"{Section('The market', quoted('market', market))}\n\n" if market else ""
    frame = chosen.render(market=market_section, material="", focus=focus)
    left = most_tokens - about_tokens(system + frame)
    shown = fitted(material(briefing, redaction), left) or _NOTHING_YET
    return chosen.version, _messages(
        system, chosen.render(market=market_section, material=shown, focus=focus)
    )


def correction_messages(
    source: str, *, stage: str, message: str, redaction: Redaction
) -> tuple[str, Messages]:
    """The prompt for mending a program, its version first."""
    chosen = prompt("correct")
    text = chosen.render(
        program=quoted("program", redaction.text(source)),
        stage=stage,
        error=quoted("error", redaction.message(message)),
    )
    return chosen.version, _messages(programmer("corrector"), text)


def analysis_messages(
    elite: Elite, *, parent: Elite | None, root: Elite | None, redaction: Redaction
) -> tuple[str, Messages]:
    """The prompt for a lesson from a scored program, its version first."""
    chosen = prompt("analyse")
    history = [
        f"Against {name}: fitness {compared(elite, other)}; it was changed as follows.\n\n"
        + quoted(f"change against {name}", redaction.text(change(other.source, elite.source)))
        for name, other in (("its parent", parent), ("the original", root))
        if other is not None
    ]
    text = chosen.render(
        program=quoted("program", redaction.text(elite.source)),
        result=f"Its scores: {metrics(elite)}.",
        history="\n\n".join(history) or "It was not made from another program.",
    )
    return chosen.version, _messages(judge("analyst"), text)


def criticism_messages(
    source: str, idea: str, *, known: Sequence[Elite], redaction: Redaction
) -> tuple[str, Messages]:
    """The prompt for objections to a program before it is tried, its version first."""
    chosen = prompt("criticise")
    ideas = [f"- {elite.idea}" for elite in known[:_KNOWN_IDEAS]]
    text = chosen.render(
        idea=quoted("idea", redaction.text(idea)),
        program=quoted("program", redaction.text(source)),
        known=f"Known ideas:\n\n{quoted('known ideas', redaction.text(chr(10).join(ideas)) or 'none')}",
    )
    return chosen.version, _messages(judge("critic"), text)


def programmer(role: str) -> str:
    """The system message of whoever writes programs."""
    return prompt("system").render(role=role, example=_example(), operators=_operators())


def judge(role: str) -> str:
    """The system message of whoever judges programs."""
    return prompt("judge").render(role=role)


@cache
def _example() -> str:
    source = next(iter(seed_sources(f"alpha158:{_EXAMPLE}").values()))
    return f"```python\n{source.strip()}\n```"


@cache
def _operators() -> str:
    return "\n".join(f"- ops.{operator.signature}: {operator.summary}" for operator in OPERATORS.values())


def _messages(system: str, user: str) -> Messages:
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]

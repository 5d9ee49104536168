"""The good answers: computed by the offline grammar from the seed, the model and the messages, nothing else."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from agents.errors import ProposalError
from agents.grammar.proposer import GrammarConfig, GrammarProposer
from agents.grammar.ranges import literal
from agents.grammar.steering import SteeringConfig
from agents.proposer import Proposal
from agents.stub.edits import edits, rendered
from agents.stub.prompts import Prompt
from factors.errors import ProgramError
from factors.program import Program
from knowledge_base.briefing import Briefing, Elite

_AT_WILL = SteeringConfig(tries_first=0)
_GROWING = GrammarProposer(
    GrammarConfig(opening=0, turning=0, composing=0.5, changing=0.5, joining=0, steering=_AT_WILL)
)
_CHANGING = GrammarProposer(
    GrammarConfig(opening=0, turning=0, composing=0, changing=1, joining=0, steering=_AT_WILL)
)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The text of a good answer, and the whole program that it amounts to; "" if it is not about one."""

    text: str
    program: str = ""


def computed_reply(prompt: Prompt, *, seed: int) -> Reply:
    """Return the answer of one of the roles in `COMPUTED`."""
    rng = np.random.default_rng([seed, int(prompt.digest[:16], 16)])
    return COMPUTED[prompt.role](prompt.data, rng)


def fenced(program: str) -> str:
    """Return a program as a whole answer."""
    return f"```python\n{program}\n```"


def _idea(data: Mapping[str, str], rng: np.random.Generator) -> Reply:
    current = data.get("current program", "").strip("\n")
    proposal = _changed(current, rng)
    blocks = edits(current, proposal.source.strip("\n")) if proposal else []
    if proposal is None or not blocks:
        return _whole(proposal or _grown(rng))
    program = proposal.source.strip("\n")
    text = "\n".join(
        [
            f"ANALYSIS:\nThe current program is this: {Program.parse(current).idea} One step, "
            f"`{proposal.operation}`, is changed and the rest kept, so that its effect can be seen.",
            f"IDEA:\n{proposal.idea}",
            "CHANGES:",
            *map(rendered, blocks),
            f"PARAMETERS:\n{_ranges(program)}",
        ]
    )
    return Reply(text=text, program=program)


def _correction(data: Mapping[str, str], rng: np.random.Generator) -> Reply:
    return _whole(_changed(data.get("program", "").strip("\n"), rng) or _grown(rng))


def _lesson(data: Mapping[str, str], rng: np.random.Generator) -> Reply:
    program = _parsed(data.get("program", data.get("current program", "")))
    subject = program.idea.rstrip(".") if program else "The program at hand"
    count = len(program.parameters) if program else 0
    advice = ["Keep the change small.", "Prefer ranks to raw values.", "Drop what the score does not need."]
    lesson = {
        "lesson": f"{subject}: a scripted lesson about {count} parameters.",
        "why": "It is computed from the prompt, without a judgement of the results.",
        "advice": advice[rng.integers(len(advice))],
    }
    return Reply(text=json.dumps(lesson, indent=2))


def _verdict(_: Mapping[str, str], rng: np.random.Generator) -> Reply:
    agrees = bool(rng.random() < 0.8)
    verdict = {
        "verdict": "accept" if agrees else "revise",
        "agrees": agrees,
        "look_ahead": False,
        "duplicate": False,
        "empty": False,
        "reason": "The code does what the idea says." if agrees else "The code leaves out part of the idea.",
    }
    return Reply(text=json.dumps(verdict, indent=2))


COMPUTED: Mapping[str, Callable[[Mapping[str, str], np.random.Generator], Reply]] = {
    "idea": _idea,
    "corrector": _correction,
    "analyst": _lesson,
    "critic": _verdict,
}
"""The roles that need no script."""


def _changed(source: str, rng: np.random.Generator) -> Proposal | None:
    """One change to a program; None if there is none, or the grammar cannot change it."""
    program = _parsed(source)
    if program is None:
        return None
    try:
        proposal = _CHANGING.propose(_briefing(Elite(id=1, name="", source=source, idea=program.idea)), rng)
    except (ProposalError, RecursionError):
        return None
    return proposal if proposal.parents else None


def _grown(rng: np.random.Generator) -> Proposal:
    """A new program: a plain measure, up to three times changed or set aside for another."""
    proposal = _GROWING.propose(Briefing(iteration=0), rng)
    for _ in range(rng.integers(4)):
        elite = Elite(
            id=1, name=proposal.name, source=proposal.source, idea=proposal.idea, tags=proposal.tags
        )
        proposal = _GROWING.propose(_briefing(elite), rng)
    return proposal


def _briefing(elite: Elite) -> Briefing:
    tried = frozenset({Program.parse(elite.source).fingerprint})
    return Briefing(iteration=1, elites=(elite,), current=elite, tried_fingerprints=tried)


def _parsed(source: str) -> Program | None:
    try:
        return Program.parse(source)
    except (ProgramError, RecursionError):
        return None


def _whole(proposal: Proposal) -> Reply:
    program = proposal.source.strip("\n")
    return Reply(text=fenced(program), program=program)


def _ranges(program: str) -> str:
    """Return the ranges of a program as JSON, one parameter to a line."""
    ranges = ast.literal_eval(literal(Program.parse(program).parameters))
    lines = [f'  "{name}": {json.dumps(stated)}' for name, stated in ranges.items()]
    return "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"

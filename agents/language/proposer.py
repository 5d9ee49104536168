"""A proposer that asks a language model: analysis, idea, changes and ranges; another one may object once."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from agents.errors import UnusableReplyError
from agents.language.conversation import converse, objected
from agents.language.redaction import Redaction
from agents.language.writing import criticism_messages, idea_messages
from agents.llm.client import Ask, LanguageClient
from agents.proposer import Proposal
from agents.replies import IdeaReply, ReplyError, read_idea, read_json
from backtest.labels import HORIZONS_DAYS
from factors.errors import ProgramError
from factors.fingerprint import fingerprint
from factors.program import Program, slug
from factors.syntax import parse
from knowledge_base.briefing import Briefing

FOCUSES = (
    "the path of prices within the day: open, high, low and close against one another",
    "volume: how unusual it is, and on which days it comes",
    "what is particular to a stock once the market's or its peers' part is taken out",
    "the difference between short and long horizons",
    "volatility and its asymmetry between rises and falls",
    "the relation of price changes and volume changes",
    "extreme days: what follows them, and how long ago they were",
    "slow trends and how steady they are",
    "reversal after overreaction, and when it does not come",
    "conditions: when the signal should count, and when it should not",
    "how the cross section ranks, and whether ranks change",
    "the overnight return against the return of the trading day",
)
"""What a prompt draws attention to, two at a time: the proposer's chance."""


@dataclass(frozen=True)
class LanguageProposer:
    """Proposes what a language model thinks of; `market` is told if it may be.

    `horizons_days` are those of the run; a briefing may name some of them that alone count.
    """

    client: LanguageClient
    redaction: Redaction = field(default_factory=Redaction)
    market: str = ""
    horizons_days: Sequence[int] = HORIZONS_DAYS

    @property
    def name(self) -> str:
        """The origin of its programs."""
        return "llm"

    def propose(self, briefing: Briefing, rng: np.random.Generator) -> Proposal:
        """Ask for a program; see `agents.proposer.Proposer`.

        Raises `UnusableReplyError` if the model could not make itself understood, and the client's errors.
        """
        settings = self.client.settings
        drawn = rng.choice(FOCUSES, size=2, replace=False)
        focus = "; ".join([*briefing.emphasis, *self._horizons(briefing), *drawn])
        model = settings.choose(rng)
        critic = settings.choose(rng, helper=True)
        version, messages = idea_messages(
            briefing,
            focus=focus,
            market=self.market,
            redaction=self.redaction,
            most_tokens=settings.max_prompt_tokens,
        )
        ask = Ask(
            role="idea",
            prompt=version,
            messages=messages,
            model=model,
            iteration=briefing.iteration,
            temperature=settings.temperature,
        )
        base = None if briefing.current is None else self.redaction.text(briefing.current.source)

        def read(text: str) -> IdeaReply:
            return _new(read_idea(text, base=base), briefing)

        reply, heard = converse(self.client, ask, read)
        objection = self._objection(reply, briefing, replace(ask, model=critic)) if settings.critic else ""
        if objection:
            reply, _ = converse(self.client, objected(heard, objection), read)
        return Proposal(
            name=slug(reply.idea),
            idea=reply.idea,
            source=reply.source,
            parents=() if briefing.current is None else (briefing.current.id,),
            operation="begun" if briefing.current is None else "changed",
            tags=parts(reply.source),
        )

    def _horizons(self, briefing: Briefing) -> list[str]:
        """The horizons that count, unless they are those of which the system message speaks."""
        counted = briefing.horizons_days or self.horizons_days
        days = " and ".join(f"{days}-day" for days in counted)
        only = f"the {days} returns that follow, for only these count in this program's fitness"
        return [] if tuple(counted) == HORIZONS_DAYS else [only]

    def _objection(self, reply: IdeaReply, briefing: Briefing, ask: Ask) -> str:
        """What the critic would have changed; empty if nothing, or if it cannot be understood."""
        version, messages = criticism_messages(
            reply.source, reply.idea, known=briefing.elites, redaction=self.redaction
        )
        question = replace(ask, role="critic", prompt=version, messages=messages, temperature=None)
        try:
            objection, _ = converse(self.client, question, _objection)
        except UnusableReplyError:
            return ""  # in the ledger as misunderstood; the audits judge the program anyway
        return objection


def parts(source: str) -> tuple[str, ...]:
    """The fields and operators that a program uses: by these its kind is known."""
    attributes = [node for node in ast.walk(parse(source)) if isinstance(node, ast.Attribute)]
    used = sorted(
        {
            node.attr
            for node in attributes
            if isinstance(node.value, ast.Name) and node.value.id in {"data", "ops"}
        }
    )
    return tuple(used) or ("program",)


def _new(reply: IdeaReply, briefing: Briefing) -> IdeaReply:
    """The reply, unless its program was tried; one that breaks the contract is left to the corrector."""
    try:
        idea = Program.parse(reply.source).idea
    except ProgramError:
        return reply
    if fingerprint(reply.source) in briefing.tried_fingerprints:
        raise ReplyError("this program was tried before, in other words: change its logic.")
    return replace(reply, idea=idea)


def _objection(text: str) -> str:
    verdict = _verdict(read_json(text))
    faults = {
        "the code does not compute what the idea says": verdict.get("agrees") is False,
        "it uses later days": verdict.get("look_ahead") is True,
        "it is a known idea in other words": verdict.get("duplicate") is True,
        "it has no economic reason": verdict.get("empty") is True,
    }
    found = [fault for fault, is_there in faults.items() if is_there]
    return "; ".join([*found, str(verdict.get("reason", ""))]) if found else ""


def _verdict(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or "agrees" not in value:
        raise ReplyError(
            'an object with "agrees", "look_ahead", "duplicate", "empty" and "reason" is needed.'
        )
    return value

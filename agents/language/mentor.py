"""Help around a candidate: mending a program that does not pass, learning from one that was scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from agents.errors import UnusableReplyError
from agents.language.conversation import converse
from agents.language.redaction import Redaction
from agents.language.writing import analysis_messages, correction_messages
from agents.llm.client import Ask, LanguageClient
from agents.replies import ReplyError, read_correction, read_json
from factors.errors import ProgramError
from factors.fingerprint import fingerprint
from knowledge_base.briefing import Elite

_MOST_CHARACTERS = 1_000


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A program that did not pass, and why."""

    source: str
    stage: str
    message: str
    iteration: int


@dataclass(frozen=True, kw_only=True)
class Experience:
    """A scored program, with the one that it was made from and the original, if there are any."""

    elite: Elite
    parent: Elite | None
    root: Elite | None
    iteration: int


class Mentor(Protocol):
    """Who mends programs and draws lessons; called in threads."""

    @property
    def corrections(self) -> int:
        """How often one program is mended at most."""
        ...

    def correct(self, problem: Problem, rng: np.random.Generator) -> str | None:
        """The mended text, None if there is none. Raises `LLMError`."""
        ...

    def lesson(self, experience: Experience, rng: np.random.Generator) -> str | None:
        """What is to be learnt, None if nothing. Raises `LLMError`."""
        ...


@dataclass(frozen=True)
class LanguageMentor:
    """A mentor that asks a language model."""

    client: LanguageClient
    redaction: Redaction = field(default_factory=Redaction)

    @property
    def corrections(self) -> int:
        """See `Mentor`."""
        return self.client.settings.corrections

    def correct(self, problem: Problem, rng: np.random.Generator) -> str | None:
        """See `Mentor`."""
        base = self.redaction.text(problem.source)
        version, messages = correction_messages(
            problem.source, stage=problem.stage, message=problem.message, redaction=self.redaction
        )

        def read(text: str) -> str:
            mended = read_correction(text, base=base).source
            if _is_same(mended, problem.source):
                raise ReplyError("the program is still the same: change what the error names.")
            return mended

        return self._asked("corrector", version, messages, problem.iteration, rng, read)

    def lesson(self, experience: Experience, rng: np.random.Generator) -> str | None:
        """See `Mentor`."""
        if not self.client.settings.analyst:
            return None
        version, messages = analysis_messages(
            experience.elite, parent=experience.parent, root=experience.root, redaction=self.redaction
        )
        return self._asked("analyst", version, messages, experience.iteration, rng, _lesson)

    def _asked(
        self, role: str, version: str, messages: Any, iteration: int, rng: np.random.Generator, read: Any
    ) -> str | None:
        model = self.client.settings.choose(rng, helper=True)
        ask = Ask(role=role, prompt=version, messages=messages, model=model, iteration=iteration)
        try:
            text: str
            text, _ = converse(self.client, ask, read)
        except UnusableReplyError:
            return None  # in the ledger as misunderstood
        return text


def _is_same(one: str, other: str) -> bool:
    try:
        return fingerprint(one) == fingerprint(other)
    except (ProgramError, SyntaxError):
        return one.strip() == other.strip()


def _lesson(text: str) -> str:
    value = read_json(text)
    if (
        not isinstance(value, Mapping)
        or not isinstance(value.get("lesson"), str)
        or not value["lesson"].strip()
    ):
        raise ReplyError('an object with "lesson" and "advice", both texts, is needed.')
    advice = value.get("advice")
    told = f"{value['lesson']} {advice if isinstance(advice, str) else ''}"
    return " ".join(told.split())[:_MOST_CHARACTERS]

"""Answers written by hand: rules that say what a role answers to which prompt; the first that fits wins."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError, model_validator

from agents.stub.answers import COMPUTED
from agents.stub.errors import RequestError
from agents.stub.prompts import Prompt
from market.errors import ConfigError


class Rule(BaseModel):
    """What to answer to a role's prompt that contains all of `contains`.

    nth     only to the nth such prompt, from 1; prompts that are not answered with a reply do not count
    reply   the answer; None = the computed answer passes
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: StrictStr
    contains: tuple[StrictStr, ...] = ()
    nth: Annotated[StrictInt, Field(ge=1)] | None = None
    reply: StrictStr | None = None

    @model_validator(mode="after")
    def _has_an_answer(self) -> Rule:
        if self.reply is None and self.role not in COMPUTED:
            raise ValueError(f"only {', '.join(COMPUTED)} have computed answers: give a `reply`")
        return self

    def fits(self, prompt: Prompt) -> bool:
        """Whether the rule is about this prompt."""
        return self.role == prompt.role and all(part in prompt.text for part in self.contains)


class Script:
    """Rules at work; called by one thread at a time."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._met = [0] * len(self._rules)

    def reply(self, prompt: Prompt) -> str | None:
        """Return the scripted answer, or None if the computed one passes; `RequestError` if there is none."""
        fitting = [number for number, rule in enumerate(self._rules) if rule.fits(prompt)]
        for number in fitting:
            self._met[number] += 1
        for number in fitting:
            rule = self._rules[number]
            if rule.nth in (None, self._met[number]):
                return rule.reply
        if prompt.role in COMPUTED and not any(rule.role == prompt.role for rule in self._rules):
            return None
        raise RequestError(
            f"no rule of the script answers the role `{prompt.role}`, prompt {prompt.digest[:12]}: add one, or "
            "begin the system message with `# FactorEngine: ROLE`.",
            status=404,
            code="no_scripted_reply",
        )


def read_script(path: str | Path) -> tuple[Rule, ...]:
    """Read the `rules` of a TOML or JSON file; a `reply_file` is looked for beside it."""
    path = Path(path)
    rules = _parsed(path).get("rules")
    if not isinstance(rules, list) or not rules:
        raise ConfigError(f"`{path}` must hold a list `rules`: write [[rules]] with role and reply.")
    return tuple(_rule(rule, number, path) for number, rule in enumerate(rules, start=1))


def _parsed(path: Path) -> dict[str, Any]:
    text = _text(path)
    try:
        parsed = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ConfigError(f"`{path}` is not a readable TOML or JSON file: {problem}.") from None
    return parsed if isinstance(parsed, dict) else {}


def _rule(stated: object, number: int, path: Path) -> Rule:
    try:
        return Rule.model_validate(_with_file(stated, path.parent))
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(map(str, first["loc"])) or "reply"
        message = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"rule {number} of `{path}`: `{key}`: {message}.") from None


def _with_file(stated: object, folder: Path) -> object:
    """Return a rule with the text of its `reply_file` as its reply; with both, the file's key stays unknown."""
    if not isinstance(stated, dict) or not isinstance(stated.get("reply_file"), str) or "reply" in stated:
        return stated
    rest = {key: value for key, value in stated.items() if key != "reply_file"}
    return rest | {"reply": _text(folder / stated["reply_file"])}


def _text(path: Path) -> str:
    """Return a file's text, its line ends as they are."""
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"`{path}` cannot be read as a text file: {problem}.") from None

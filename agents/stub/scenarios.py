"""What the endpoint can do to a request, by name.

A scenario that takes time is written NAME@SECONDS, such as `slow@3`; its default is in the table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal, TypeAlias

from agents.stub import malformations
from agents.stub.malformations import Malformation
from market.errors import ConfigError

Usage: TypeAlias = dict[str, int]
Manner: TypeAlias = Literal["reply", "error", "page", "reset", "close", "hang", "outage"]

LONGEST_S = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An error of the protocol."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One way to answer.

    manner    what comes: a reply, an error, a page that is not JSON, a broken connection, or nothing
    malform   what is made of the good answer
    finish    the reply's finish_reason
    usage     what is made of the token counts; None = the reply has none
    refusal   the error, if one comes
    seconds   how long to wait, to stay away or to ask the client to wait; None = takes no time
    """

    name: str
    says: str
    manner: Manner = "reply"
    malform: Malformation | None = None
    finish: str = "stop"
    usage: Callable[[Usage], Usage] | None = dict
    refusal: Refusal | None = None
    seconds: float | None = None


def _malformed(name: str, says: str, malform: Malformation, finish: str = "stop") -> Scenario:
    return Scenario(name=name, says=says, malform=malform, finish=finish)


def _error(name: str, status: int, code: str, message: str, seconds: float | None = None) -> Scenario:
    says = f"{status} {code}" + (", Retry-After: SECONDS" if seconds is not None else "")
    refusal = Refusal(status=status, code=code, message=message)
    return Scenario(name=name, says=says, manner="error", refusal=refusal, seconds=seconds)


GOOD = Scenario(name="good", says="a good answer")

_ALL = (
    GOOD,
    _malformed("crlf", "Windows line ends", malformations.crlf),
    _malformed("tabs", "tabs for leading blanks", malformations.tabs),
    _malformed("wrong-indent", "code two blanks too far right", malformations.wrong_indent),
    _malformed("near-miss", "a typing error in each SEARCH", malformations.near_miss),
    _malformed("unsearchable", "a SEARCH that is nowhere in the program", malformations.unsearchable),
    _malformed("bare", "no fences, no headings at code and ranges", malformations.bare),
    _malformed("whole-program", "a whole program where blocks were asked for", malformations.whole_program),
    _malformed("syntax-error", "code with a parenthesis left open", malformations.syntax_error),
    _malformed("prose", "polite words around the JSON", malformations.prose_around_json),
    _malformed("single-quotes", "JSON as Python prints it", malformations.single_quotes),
    _malformed("trailing-commas", "JSON with a comma too many", malformations.trailing_commas),
    _malformed("think", "thoughts before the answer", malformations.think),
    _malformed("refusal", "a polite refusal", malformations.refusal),
    _malformed("truncated", "cut off, finish_reason length", malformations.truncated, "length"),
    _malformed("empty", "no text", malformations.empty),
    _malformed("huge", "4 MB of afterthoughts", malformations.huge),
    Scenario(name="no-usage", says="a good answer without `usage`", usage=None),
    Scenario(
        name="wild-usage",
        says="a good answer with absurd token counts",
        usage=lambda _: {"prompt_tokens": -1, "completion_tokens": 10**12, "total_tokens": 7},
    ),
    Scenario(name="wrong-json", says="200 with a page that is not JSON", manner="page"),
    _error("rate-limit", 429, "rate_limit_exceeded", "rate limit reached: wait and try again.", 1.0),
    _error("server-error", 500, "server_error", "the server had an error: try again."),
    _error("unavailable", 503, "overloaded", "the model is overloaded: try again later."),
    _error("auth", 401, "invalid_api_key", "the API key is not valid: check it."),
    _error("unknown-model", 404, "model_not_found", "the model does not exist: choose another."),
    Scenario(name="slow", says="a good answer after SECONDS", seconds=2.0),
    Scenario(name="hang", says="no answer until the client or the endpoint gives up", manner="hang"),
    Scenario(name="reset", says="the connection breaks in the middle of a reply", manner="reset"),
    Scenario(name="close", says="the connection is closed without a reply", manner="close"),
    Scenario(name="outage", says="all connections are broken for SECONDS", manner="outage", seconds=5.0),
)

SCENARIOS = {scenario.name: scenario for scenario in _ALL}


def scenario_named(text: str) -> Scenario:
    """Return the scenario of `NAME` or `NAME@SECONDS`; `ConfigError` names the nearest known one."""
    name, at, seconds = text.strip().partition("@")
    if name not in SCENARIOS:
        near = get_close_matches(name, SCENARIOS, n=1, cutoff=0.0)[0]
        raise ConfigError(
            f"unknown scenario `{name}`; the nearest is `{near}`. Known: {', '.join(SCENARIOS)}."
        )
    scenario = SCENARIOS[name]
    if not at:
        return scenario
    if scenario.seconds is None:
        raise ConfigError(f"the scenario `{name}` takes no seconds, got `{text}`: write `{name}`.")
    return replace(scenario, seconds=number(seconds, f"the seconds of `{name}`", LONGEST_S))


def number(text: str, what: str, most: float) -> float:
    """Return a number above 0 and up to `most`, else raise `ConfigError`."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= most:
        raise ConfigError(f"{what} must lie above 0 and up to {most:g}, got `{text}`.")
    return value

"""Which scenario comes when: a mix drawn by weights, or a plan followed step by step.

A mix heals: when a malformed answer was given, the next request that begins with the same messages (the same
prompt again, or the same prompt with a complaint added) is answered well, and takes no number of the draw.
A stubborn mix and a plan do not heal. Of errors and broken connections nothing is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from agents.stub.prompts import Prompt
from agents.stub.scenarios import GOOD, Scenario, number, scenario_named
from market.errors import ConfigError

Clock = Callable[[], float]

_UNITS = {"s": 1, "m": 60, "h": 3600}
_MEASURE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smh])|([1-9][0-9]{0,8})")


class Schedule(Protocol):
    """Chooses scenarios; called by one thread at a time."""

    def draw(self, prompt: Prompt) -> Scenario:
        """Return the scenario of the next request."""
        ...

    def is_out(self) -> bool:
        """Whether connections are broken at present."""
        ...


class Mix:
    """Scenarios by weight, a function of the seed and the number of the draw."""

    def __init__(self, specs: Sequence[str], *, seed: int, stubborn: bool, clock: Clock) -> None:
        shares = [_share(spec) for spec in specs]
        self._scenarios = [scenario for scenario, _ in shares]
        weights = np.array([weight for _, weight in shares])
        self._shares = weights / weights.sum()
        self._seed, self._stubborn, self._clock = seed, stubborn, clock
        self._drawn = 0
        self._malformed: set[str] = set()
        self._out_until = clock()

    def draw(self, prompt: Prompt) -> Scenario:
        """See `Schedule`."""
        if self._heals(prompt):
            return GOOD
        self._drawn += 1
        chance = np.random.default_rng([self._seed, self._drawn])
        scenario = self._scenarios[chance.choice(len(self._scenarios), p=self._shares)]
        if scenario.malform:
            self._malformed.add(prompt.digest)
        if scenario.manner == "outage":
            self._out_until = self._clock() + (scenario.seconds or 0)
        return scenario

    def is_out(self) -> bool:
        """See `Schedule`."""
        return self._clock() < self._out_until

    def _heals(self, prompt: Prompt) -> bool:
        again = self._malformed.intersection(prompt.digests)
        self._malformed -= again
        return bool(again) and not self._stubborn


@dataclass(frozen=True, kw_only=True)
class Step:
    """A scenario for so many requests, or so many seconds; neither = to the end."""

    scenario: Scenario
    requests: int | None = None
    seconds: float | None = None


class Plan:
    """Steps one after the other, then good answers; a timed step begins when the one before it is used up."""

    def __init__(self, text: str, *, clock: Clock) -> None:
        self._steps = iter(_steps(text))
        self._clock = clock
        self._begin(clock())

    def draw(self, prompt: Prompt) -> Scenario:  # noqa: ARG002 (a plan does not look at the prompt)
        """See `Schedule`."""
        step = self._current()
        self._taken += 1
        if step.requests == self._taken:
            self._begin(self._clock())
        return step.scenario

    def is_out(self) -> bool:
        """See `Schedule`."""
        return self._current().scenario.manner == "outage"

    def _current(self) -> Step:
        while self._step.seconds is not None and self._clock() >= self._begun + self._step.seconds:
            self._begin(self._begun + self._step.seconds)
        return self._step

    def _begin(self, now: float) -> None:
        self._step, self._begun, self._taken = next(self._steps, Step(scenario=GOOD)), now, 0


def _share(spec: str) -> tuple[Scenario, float]:
    name, equals, weight = spec.partition("=")
    return scenario_named(name), number(weight, f"the weight in `{spec}`", 1e6) if equals else 1.0


def _steps(text: str) -> list[Step]:
    steps = [_step(part) for part in text.split(",")]
    for step in steps[:-1]:
        if step.requests is None and step.seconds is None:
            raise ConfigError(
                f"only the last step of a plan may be endless, got `{step.scenario.name}` before it: "
                f"write `{step.scenario.name}:10` or `{step.scenario.name}:30s`."
            )
    return steps


def _step(part: str) -> Step:
    name, colon, measure = part.strip().partition(":")
    scenario = scenario_named(name)
    if not colon:
        return Step(scenario=scenario)
    found = _MEASURE.fullmatch(measure)
    if not found or (found[3] and scenario.manner == "outage"):
        wanted = "seconds (30s, 5m)" if scenario.manner == "outage" else "requests (10) or time (30s, 5m)"
        raise ConfigError(f"a step `{name}` of a plan lasts {wanted}, got `{part.strip()}`.")
    if found[3]:
        return Step(scenario=scenario, requests=int(found[3]))
    return Step(scenario=scenario, seconds=float(found[1]) * _UNITS[found[2]])

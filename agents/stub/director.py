"""Decides what each request is answered: by the schedule, the script and the grammar."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from agents.stub.answers import Reply, computed_reply
from agents.stub.errors import RequestError
from agents.stub.prompts import Prompt
from agents.stub.scenarios import GOOD, SCENARIOS
from agents.stub.schedule import Schedule
from agents.stub.script import Rule, Script
from agents.stub.wire import Answer, completion, refused, without_reply


class Director:
    """One for an endpoint; may be asked by many threads."""

    def __init__(self, schedule: Schedule, rules: Sequence[Rule], *, seed: int) -> None:
        self._schedule, self._script, self._seed = schedule, Script(rules), seed
        self._lock = threading.Lock()

    def is_out(self) -> bool:
        """Whether connections are broken at present."""
        with self._lock:
            return self._schedule.is_out()

    def out(self) -> Answer:
        """Return the answer to a request that arrives in an outage."""
        return without_reply(SCENARIOS["outage"])

    def answer(self, prompt: Prompt) -> Answer:
        """Return the answer; a malformation that does not apply to the reply is told as `good`."""
        with self._lock:
            scenario = self._schedule.draw(prompt)
            if scenario.manner != "reply":
                return without_reply(scenario)
            try:
                scripted = self._script.reply(prompt)
            except RequestError as problem:
                return refused(problem)
        reply = computed_reply(prompt, seed=self._seed) if scripted is None else Reply(text=scripted)
        text = scenario.malform(reply) if scenario.malform else reply.text
        applies = not scenario.malform or text != reply.text
        return completion(prompt, scenario if applies else GOOD, text)

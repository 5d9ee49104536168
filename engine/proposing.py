"""Proposals in the order of their iterations; slow proposers think in threads while the workers are busy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait

import numpy as np

from agents.proposer import Proposal, Proposer
from engine.crew import LATER, Later
from engine.thinking import begin
from knowledge_base.briefing import Briefing

_QUICK_S = 0.25


class Proposals:
    """Up to `ahead` proposals are thought out at once; with 0 one begins when a worker is free, which is repeatable.

    `briefing` is asked in this thread, in the order of the iterations. A proposal depends on it and on (seed,
    iteration) alone.
    """

    def __init__(
        self, proposer: Proposer, *, seed: int, ahead: int, briefing: Callable[[int], Briefing]
    ) -> None:
        self._proposer, self._seed, self._ahead, self._briefing = proposer, seed, ahead, briefing
        self._pending: deque[Future[Proposal]] = deque()

    def take(self, iteration: int, *, stop: int) -> Proposal | Later:
        """The proposal of this iteration, or `LATER`; those of the iterations up to `stop` may be begun.

        Raises what the proposer raised.
        """
        while len(self._pending) < max(1, self._ahead) and iteration + len(self._pending) < stop:
            self._pending.append(self._begin(iteration + len(self._pending)))
        if not self._pending[0].done():
            return LATER
        return self._pending.popleft().result()

    def _begin(self, iteration: int) -> Future[Proposal]:
        briefing, rng = self._briefing(iteration), np.random.default_rng([self._seed, iteration])
        future = begin(lambda: self._proposer.propose(briefing, rng))
        if not self._ahead:
            wait([future], _QUICK_S)  # most proposers are quicker than a turn of the search's loop
        return future

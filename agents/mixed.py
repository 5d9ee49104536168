"""Two proposers of one run, a language model's and the offline one, each with the share of proposals it deserves.

What a proposer deserves is its credit per cost. A program's credit is how far its reward exceeds the median of the run,
0 if it does not or if it failed; a proposer's credit is the mean of its programs'. A proposal costs one iteration, and
one more for each iteration's part of the money budget that it spends. Shares are in proportion to credit per cost, and
none is below `least_share`, so that neither proposer is ever given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

import numpy as np

from agents.errors import BudgetError
from agents.proposer import Proposal, Proposer
from knowledge_base.briefing import Briefing

_ASSUMED = 3  # programs of average credit that each proposer is taken to have made before the first


@dataclass(frozen=True, kw_only=True)
class MixedProposer:
    """Asks `language` or `offline`; with `least_share` None it asks `language` as long as the budget lasts.

    When the budget is used up, `offline` goes on alone, unless `stops_when_spent`: then `BudgetError` is raised.
    `usd_per_iteration` is the money budget divided by the run's iterations, None without one.
    """

    language: Proposer
    offline: Proposer
    least_share: float | None
    stops_when_spent: bool
    usd_per_iteration: float | None = None

    @property
    def name(self) -> str:
        """The name of whoever is asked first."""
        return self.language.name

    def propose(self, briefing: Briefing, rng: np.random.Generator) -> Proposal:
        """Ask one of the two; see `agents.proposer.Proposer`."""
        if self.least_share is None or rng.random() < self.share(briefing):
            try:
                return self._of(self.language, briefing, rng)
            except BudgetError:
                if self.stops_when_spent:
                    raise
        return self._of(self.offline, briefing, rng)

    def share(self, briefing: Briefing) -> float:
        """The part of proposals that `language` is to make."""
        least = self.least_share or 0.0
        mine = briefing.rewards.get(self.language.name, ())
        theirs = briefing.rewards.get(self.offline.name, ())
        defined = [reward for reward in (*mine, *theirs) if reward is not None]
        middle = median(defined) if defined else 0.0
        prior = [fmean(_credits((*mine, *theirs), middle) or [0.0])] * _ASSUMED
        worth = fmean([*_credits(mine, middle), *prior]) / self._cost(len(mine), briefing.spent_usd)
        total = worth + fmean([*_credits(theirs, middle), *prior])
        return least + (1 - 2 * least) * (worth / total if total > 0 else 0.5)

    def _cost(self, proposals: int, spent_usd: float) -> float:
        if not self.usd_per_iteration or not proposals:
            return 1.0
        return 1.0 + spent_usd / proposals / self.usd_per_iteration

    def _of(self, proposer: Proposer, briefing: Briefing, rng: np.random.Generator) -> Proposal:
        return replace(proposer.propose(briefing, rng), origin=proposer.name)


def _credits(rewards: Sequence[float | None], middle: float) -> list[float]:
    return [0.0 if reward is None else max(0.0, reward - middle) for reward in rewards]

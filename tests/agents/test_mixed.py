"""Who is asked in a mixed run."""

from dataclasses import replace

import numpy as np
import pytest

from agents.errors import BudgetError
from agents.mixed import MixedProposer
from agents.proposer import Proposal
from agents.testing import empty_briefing


class Named:
    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name, self._error = name, error

    def propose(self, briefing, rng) -> Proposal:
        if self._error:
            raise self._error
        return Proposal(name="p", idea="i", source="s", operation="o")


def mixed(*, error=None, **settings) -> MixedProposer:
    chosen = {"least_share": 0.2, "stops_when_spent": False} | settings
    return MixedProposer(language=Named("llm", error), offline=Named("grammar"), **chosen)


def told(llm=(), grammar=(), spent_usd=0.0):
    return replace(empty_briefing(), rewards={"llm": llm, "grammar": grammar}, spent_usd=spent_usd)


def test_at_first_both_are_asked_alike() -> None:
    assert mixed().share(told()) == 0.5


@pytest.mark.parametrize(
    ("llm", "grammar", "low", "high"),
    [
        ((0.4,) * 20, (0.1,) * 20, 0.7, 0.8),
        ((None,) * 20, (0.1, 0.2) * 10, 0.2, 0.3),
        ((0.1, 0.2) * 10, (None,) * 20, 0.7, 0.8),
        ((0.1, 0.3) * 10, (0.1, 0.3) * 10, 0.49, 0.51),
    ],
)
def test_the_better_proposer_gets_the_larger_share_but_never_all(llm, grammar, low, high) -> None:
    assert low <= mixed().share(told(llm, grammar)) <= high


def test_what_costs_more_of_its_budget_gets_less() -> None:
    rewards = (0.1, 0.3) * 10
    free = mixed(usd_per_iteration=0.05).share(told(rewards, rewards, spent_usd=0.0))
    dear = mixed(usd_per_iteration=0.05).share(told(rewards, rewards, spent_usd=2.0))
    assert dear < free == pytest.approx(0.5)
    assert dear == pytest.approx(0.2 + 0.6 * 0.25)


def test_proposals_come_in_the_shares_and_say_whose_they_are() -> None:
    rng = np.random.default_rng(1)
    origins = [mixed().propose(told((0.4,) * 20, (0.1,) * 20), rng).origin for _ in range(500)]
    assert 0.65 < origins.count("llm") / 500 < 0.85
    assert set(origins) == {"llm", "grammar"}


def test_without_a_least_share_only_the_language_model_is_asked() -> None:
    rng = np.random.default_rng(1)
    assert {mixed(least_share=None).propose(told(), rng).origin for _ in range(50)} == {"llm"}


def test_when_the_budget_is_used_up_the_other_goes_on_or_the_run_stops() -> None:
    spent = BudgetError("used up.")
    rng = np.random.default_rng(1)
    assert mixed(error=spent, least_share=None).propose(told(), rng).origin == "grammar"
    with pytest.raises(BudgetError):
        mixed(error=spent, least_share=None, stops_when_spent=True).propose(told(), rng)

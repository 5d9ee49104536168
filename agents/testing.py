"""The tests every proposer must pass: subclass `ProposerContract` and give it a `proposer` fixture.

    class TestMine(ProposerContract):
        @pytest.fixture
        def proposer(self):
            return MyProposer()

The names begin with `test_`, so that pytest collects them from the subclass.
"""

# ruff: noqa: S101, D102 (these are tests: they assert, and their names are their documentation)

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agents.proposer import Proposal, Proposer
from factors.program import Program
from factors.seeds import seed_sources
from knowledge_base.briefing import Briefing, Elite, FailureNote, ThemeRecord

SEEDS_OF_CHANCE = range(12)


def empty_briefing() -> Briefing:
    """Return what a proposer is told before anything has been tried."""
    return Briefing(iteration=0)


def sample_briefing(iteration: int = 30) -> Briefing:
    """Return what a proposer is told in the middle of a run: the ten Alpha158 seeds scored, one failure."""
    programs = [Program.parse(source, name=name) for name, source in seed_sources("alpha158-10").items()]
    elites = tuple(_elite(number, program) for number, program in enumerate(programs, start=1))
    failure = FailureNote(
        iteration=iteration - 1,
        stage="compile",
        kind="ExecutionError",
        message="ZeroDivisionError at line 9: division by zero",
        source_head='"""Volume today against its mean."""',
    )
    return Briefing(
        iteration=iteration,
        elites=elites,
        failures=(failure,),
        tried_fingerprints=frozenset(program.fingerprint for program in programs),
        themes={
            "price": ThemeRecord(tries=6, failures=0, mean_reward=0.10, best_reward=0.21),
            "volume": ThemeRecord(tries=5, failures=2, mean_reward=0.04, best_reward=0.09),
            "volatility": ThemeRecord(tries=4, failures=0, mean_reward=None, best_reward=None),
        },
    )


def _elite(number: int, program: Program) -> Elite:
    return Elite(
        id=number,
        name=program.name,
        source=program.source,
        idea=program.idea,
        tags=("price" if number % 2 else "volume", program.name),
        parameters=program.parameters.defaults(),
        direction=1 if number % 3 else -1,
        train_fitness=0.3 - number / 100,
        validation_fitness=None if number == 10 else 0.25 - number / 100,
        parent_ids=(number - 1,) if number > 5 else (),
    )


class ProposerContract:
    """What the search relies on, whoever proposes."""

    def test_the_same_briefing_and_seed_give_the_same_proposal(self, proposer: Proposer) -> None:
        for briefing in (empty_briefing(), sample_briefing()):
            assert _proposals(proposer, briefing) == _proposals(proposer, briefing)

    def test_different_seeds_give_different_programs(self, proposer: Proposer) -> None:
        for briefing in (empty_briefing(), sample_briefing()):
            sources = {proposal.source for proposal in _proposals(proposer, briefing)}
            assert len(sources) > len(SEEDS_OF_CHANCE) / 2

    def test_a_proposal_is_a_program_that_tells_its_idea(self, proposer: Proposer) -> None:
        for proposal in _all_proposals(proposer):
            program = Program.parse(proposal.source)
            assert program.idea == proposal.idea
            assert proposal.name.isidentifier()
            assert proposal.operation
            assert len(set(proposal.tags)) == len(proposal.tags) > 0

    def test_every_default_lies_in_its_range(self, proposer: Proposer) -> None:
        for proposal in _all_proposals(proposer):
            space = Program.parse(proposal.source).parameters
            assert space.complete(space.defaults()) == space.defaults()

    def test_what_was_tried_is_not_proposed_again(self, proposer: Proposer) -> None:
        briefing, rng = sample_briefing(), np.random.default_rng(5)
        for _ in range(25):
            mark = Program.parse(proposer.propose(briefing, rng).source).fingerprint
            assert mark not in briefing.tried_fingerprints
            briefing = replace(briefing, tried_fingerprints=briefing.tried_fingerprints | {mark})

    def test_parents_are_programs_of_the_briefing(self, proposer: Proposer) -> None:
        briefing = sample_briefing()
        known = {elite.id for elite in briefing.elites}
        for proposal in _proposals(proposer, briefing):
            assert set(proposal.parents) <= known
            assert len(set(proposal.parents)) == len(proposal.parents)
        assert all(proposal.parents == () for proposal in _proposals(proposer, empty_briefing()))

    def test_a_briefing_without_anything_tried_is_enough(self, proposer: Proposer) -> None:
        assert proposer.propose(empty_briefing(), np.random.default_rng(0)).source


def _proposals(proposer: Proposer, briefing: Briefing) -> list[Proposal]:
    return [proposer.propose(briefing, np.random.default_rng(seed)) for seed in SEEDS_OF_CHANCE]


def _all_proposals(proposer: Proposer) -> list[Proposal]:
    return [*_proposals(proposer, empty_briefing()), *_proposals(proposer, sample_briefing())]

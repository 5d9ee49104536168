"""A make-believe run: proposals in a row, each told what came before, with rewards drawn by chance."""

from collections import defaultdict
from dataclasses import replace
from functools import cache

import numpy as np

from agents.grammar import GrammarProposer, RandomProposer
from agents.proposer import Proposal
from agents.testing import empty_briefing, sample_briefing
from factors.program import Program
from knowledge_base.briefing import Briefing, Elite, ThemeRecord


@cache
def run_of_proposals(
    count: int, *, seed: int = 0, seeded: bool = False, unguided: bool = False
) -> tuple[Proposal, ...]:
    """`count` proposals; every third becomes an elite."""
    proposer = RandomProposer() if unguided else GrammarProposer()
    rng = np.random.default_rng(seed)
    briefing = sample_briefing() if seeded else empty_briefing()
    proposals = []
    for iteration in range(count):
        proposal = proposer.propose(replace(briefing, iteration=iteration), rng)
        briefing = _told(briefing, proposal, reward=float(rng.normal(0.1, 0.05)), number=100 + iteration)
        proposals.append(proposal)
    return tuple(proposals)


def _told(briefing: Briefing, proposal: Proposal, *, reward: float, number: int) -> Briefing:
    program = Program.parse(proposal.source)
    elite = Elite(
        id=number,
        name=proposal.name,
        source=proposal.source,
        idea=proposal.idea,
        tags=proposal.tags,
        parameters=program.parameters.defaults(),
        direction=1 if number % 2 else -1,
        train_fitness=reward,
        validation_fitness=reward,
        parent_ids=proposal.parents,
    )
    themes = defaultdict(lambda: ThemeRecord(tries=0, failures=0, mean_reward=None, best_reward=None))
    themes |= briefing.themes
    for tag in proposal.tags:
        themes[tag] = _counted(themes[tag], reward)
    return replace(
        briefing,
        elites=(*briefing.elites, elite)[-12:] if number % 3 == 0 else briefing.elites,
        tried_fingerprints=briefing.tried_fingerprints | {program.fingerprint},
        themes=dict(themes),
    )


def _counted(record: ThemeRecord, reward: float) -> ThemeRecord:
    mean = record.mean_reward if record.mean_reward is not None else 0.0
    best = record.best_reward if record.best_reward is not None else reward
    return replace(
        record,
        tries=record.tries + 1,
        mean_reward=(mean * record.tries + reward) / (record.tries + 1),
        best_reward=max(best, reward),
    )

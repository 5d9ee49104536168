"""Laws that every program of the grammar obeys, over runs of proposals."""

import ast
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import sleep

import numpy as np
import pytest

from agents.grammar import GrammarConfig, GrammarProposer, RandomProposer, proposer
from agents.grammar.measures import MEASURES, THEMES
from agents.grammar.parsing import parse_draft
from agents.grammar.units import unit_problems
from agents.proposer import Proposal
from agents.testing import empty_briefing, sample_briefing
from factors.causality import audit_causality
from factors.execution import require_opinion, run
from factors.program import Program
from tests.agents.evolution import run_of_proposals
from tests.agents.worlds import cut_stocks, random_panel

RUN = run_of_proposals(200, seed=1)
WANDERED = run_of_proposals(60, seed=4, unguided=True)
VARIED = (*RUN[60::6], *run_of_proposals(40, seed=2, seeded=True), *WANDERED[::2])


def named(proposal: Proposal) -> str:
    return f"{proposal.name}-{proposal.operation}"


def test_two_hundred_proposals_are_two_hundred_programs_over_all_themes() -> None:
    assert len({Program.parse(proposal.source).fingerprint for proposal in RUN}) == 200
    tags = Counter(tag for proposal in RUN for tag in proposal.tags)
    assert all(tags[theme] >= 10 for theme in THEMES)
    assert len({proposal.operation for proposal in RUN}) >= 12


def test_every_theme_is_opened_before_parents_are_changed() -> None:
    first = run_of_proposals(10, seed=3)
    assert all(proposal.operation == "measure" for proposal in first)
    assert Counter(proposal.tags[0] for proposal in first) == Counter(dict.fromkeys(THEMES, 2))


def test_with_nothing_scored_all_measures_are_opened_once() -> None:
    grammar, rng, seen = GrammarProposer(), np.random.default_rng(0), set[str]()
    briefing = empty_briefing()
    for _ in MEASURES:
        proposal = grammar.propose(briefing, rng)
        seen.add(proposal.tags[1])
        mark = Program.parse(proposal.source).fingerprint
        briefing = replace(briefing, tried_fingerprints=briefing.tried_fingerprints | {mark})
    assert seen == {measure.name for measure in MEASURES}


def test_many_threads_that_propose_at_once_read_the_measures_once(monkeypatch) -> None:
    read, fingerprint = [], proposer._fingerprint

    def slowly(source: str) -> str | None:
        read.append(source)
        sleep(0.001)
        return fingerprint(source)

    monkeypatch.setattr(proposer, "_fingerprint", slowly)
    proposer._fingerprinted_openings.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        openings = list(pool.map(lambda _: proposer._openings(), range(8)))
    assert len(read) == len(MEASURES)
    assert all(one == openings[0] for one in openings)


def test_random_programs_have_no_parents_and_know_nothing_of_what_did_well() -> None:
    assert not any(proposal.parents for proposal in WANDERED)
    assert Counter(proposal.operation == "measure" for proposal in WANDERED)[False] >= 30
    told = replace(sample_briefing(), tried_fingerprints=frozenset())
    drawn = [RandomProposer().propose(b, np.random.default_rng(5)) for b in (told, empty_briefing())]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("proposal", VARIED, ids=named)
def test_a_proposal_scores_stocks_from_the_past_only_and_is_blind_to_splits(proposal: Proposal) -> None:
    program = Program.parse(proposal.source)
    # published guards, which have no unit, decide on days of no volume
    guarded = any(guard in proposal.source for guard in ("1e-12", "data.volume + 1)"))
    panel = random_panel(untraded_share=0.0 if guarded else 0.01)
    signal = run(program, panel)
    require_opinion(signal, program)
    spread = np.nanmax(signal, axis=1, initial=-np.inf) - np.nanmin(signal, axis=1, initial=np.inf)
    assert spread[300:].max() > 0  # a market-wide gate may silence single days
    audit_causality(lambda part: run(program, part), panel)
    split = cut_stocks(panel, 2.0 ** np.random.default_rng(0).integers(-2, 4, panel.shape[1]))
    np.testing.assert_allclose(run(program, split), signal, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("proposal", [*RUN, *VARIED], ids=named)
def test_a_proposal_reads_well(proposal: Proposal) -> None:
    assert max(map(len, proposal.source.splitlines())) <= 110
    assert proposal.idea[0].isupper()
    assert proposal.idea.endswith(".")
    assert len(proposal.idea) <= 400
    assert "Rationale: " in proposal.source
    draft = parse_draft(proposal.source)
    assert len(draft.parameters) <= GrammarConfig().most_parameters
    assert unit_problems(draft.code) == []


@pytest.mark.parametrize("proposal", [*RUN, *VARIED], ids=named)
def test_nothing_in_a_proposal_is_left_unread(proposal: Proposal) -> None:
    tree = ast.parse(proposal.source)
    literal = next(node.value for node in tree.body if isinstance(node, ast.Assign))
    outside = [node for node in ast.walk(tree) if node not in set(ast.walk(literal))]
    strings = {node.value for node in outside if isinstance(node, ast.Constant)}
    loaded = {n.id for n in outside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    stored = {n.id for n in outside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    functions = {node.name for node in outside if isinstance(node, ast.FunctionDef)}
    assert set(Program.parse(proposal.source).parameters) <= strings
    assert stored - {"PARAMETERS"} <= loaded
    assert functions - {"factor"} <= loaded
    assert ("np" in loaded) == ("import numpy as np" in proposal.source)

"""What the store keeps of a candidate besides its scores: its audits, its size, its likeness, its earlier text."""

import json

import pytest

from engine.config import MineConfig
from engine.mining import mine
from engine.originality import Library
from factors.complexity import shared_part, subtrees
from factors.seeds import seed_sources
from knowledge_base.store import open_store
from tests.engine.proposers import Script
from tests.factors.programs import REVERSAL, body

HIDDEN = body("return -ops.ts_delta(data.close, 5) / ops.ts_std(data.close, 20)")
LATER = body("ahead = len(p) + len(data.close.shape) - 3\nreturn data.frame('close').shift(ahead)")


TWIN = REVERSAL.replace("return -past_return", "return 2.0 * ops.cs_rank(past_return) + 7.0").replace(
    "Five", "Six"
)


@pytest.fixture(scope="module")
def store(tmp_path_factory, prices):
    folder = tmp_path_factory.mktemp("evidence")
    settings = {
        "data": prices,
        "store": str(folder / "factors.db"),
        "run": "r",
        "iterations": 4,
        "trials": 3,
        "workers": 1,
        "seeds": "none",
    }
    walls = []
    mine(MineConfig.of(settings), proposer=Script([HIDDEN, LATER, REVERSAL, TWIN]), on_sandbox=walls.extend)
    assert [wall.name for wall in walls] == ["limits", "files", "calls", "interpreter"]
    with open_store(folder / "factors.db") as opened:
        yield opened


def test_hidden_constants_are_tuned_and_the_text_before_is_kept(store) -> None:
    program = store.program(1)
    assert set(program.parameters) == {"ts_delta_lag", "ts_std_window"}
    assert program.revisions[0].source == HIDDEN
    assert program.revisions[0].reason == (
        "constants became parameters: 5 as `ts_delta_lag`, 20 as `ts_std_window`"
    )
    assert store.trials(1)[0].parameters == {"ts_delta_lag": 5, "ts_std_window": 20}


def test_the_audits_of_a_scored_program_are_kept(store) -> None:
    first, tuned = store.program(1).audits
    assert first["verdict"] == tuned["verdict"] == "passed"
    assert first["parameters"] == {"ts_delta_lag": 5, "ts_std_window": 20}
    assert tuned["parameters"] == store.program(1).parameters
    assert len(first["cut_dates"]) == 3


def test_a_look_ahead_is_kept_with_its_first_date_and_its_size(store) -> None:
    failure = store.program(2).failures[0]
    assert (failure.stage, failure.kind) == ("causality", "LookAheadError")
    assert failure.facts["date"] in failure.message
    assert failure.facts["largest"] >= abs(failure.facts["after"] - failure.facts["before"]) * 0.999
    assert json.dumps(failure.facts)


def test_size_and_likeness_reach_the_store_and_the_briefing(store) -> None:
    program = store.program(3)
    assert program.complexity == {"nodes": 21, "depth": 7, "operators": 1, "parameters": 1}
    assert 0.0 <= program.similarity < 1.0
    elites = {elite.id: elite for elite in store.briefing(1).elites}
    assert elites[3].complexity == program.complexity
    assert elites[3].similarity == program.similarity


def test_the_index_finds_what_comparing_with_all_finds() -> None:
    sources = [*seed_sources("alpha158-10").values(), REVERSAL, HIDDEN]
    for place, source in enumerate(sources):
        library = Library(enumerate(sources[:place], start=1))
        shares = [shared_part(subtrees(source), subtrees(other)) for other in sources[:place]]
        share, nearest = library.nearest(source)
        assert share == max(shares, default=0.0)
        assert nearest is None if share == 0.0 else shares[nearest - 1] == share


def test_the_same_values_in_other_words_are_not_tuned_again(store) -> None:
    twin = store.program(4)
    assert (twin.status, twin.trial_count) == ("failed", 0)
    assert (twin.failures[0].stage, twin.failures[0].facts) == ("novelty", {"program": 3})
    assert f"ranks the stocks as `{store.program(3).name}` does" in store.briefing(1).failures[0].message


def test_the_reward_is_the_sum_of_its_terms(store) -> None:
    program = store.program(3)
    assert set(program.reward_terms) == {
        "fitness", "gap", "fragility", "turnover", "complexity", "redundancy"
    }  # fmt: skip
    assert program.reward == pytest.approx(sum(program.reward_terms.values()))
    assert program.reward_terms["fitness"] == program.scores[-1].fitness
    assert all(value <= 0.0 for name, value in program.reward_terms.items() if name != "fitness")

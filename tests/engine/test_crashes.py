"""A run that dies between two trials goes on as if it had not."""

from pathlib import Path

import pytest

from agents.grammar import GrammarProposer
from engine.mining import mine
from knowledge_base.store import open_store
from market.loaders.parquet import write_parquet
from market.synthetic import SyntheticConfig, synthesize
from tests.engine.proposers import GOOD, Script
from tests.engine.test_mining import config, outcome, trials_of

# Without seeds, three proposals of at most four trials: a death after any of the first trials is inside a proposal.
SMALL = {"seeds": "none", "iterations": 3, "trials": 4, "seed": 3}


class PowerCut(BaseException):
    """The end of the process, as far as the store can tell: nothing is tidied up."""


@pytest.fixture(scope="module")
def prices(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "prices.parquet"
    write_parquet(synthesize(SyntheticConfig(dates=220, symbols=30), seed=4).panel, path)
    return path


@pytest.fixture(scope="module")
def whole(prices, tmp_path_factory) -> Path:
    store = tmp_path_factory.mktemp("whole") / "factors.db"
    mine(config(prices, store, **SMALL), proposer=GrammarProposer())
    return store


def die_after(prices: Path, store: Path, trials: int) -> None:
    def cut(progress) -> None:
        if progress.trials_done >= trials:
            raise PowerCut

    with pytest.raises(PowerCut):
        mine(config(prices, store, **SMALL), proposer=GrammarProposer(), on_progress=cut)


def totals(store: Path) -> tuple:
    with open_store(store) as opened:
        run = opened.find_run("r")
        return opened.counts(run.id), run.iterations_done, run.trials_done, run.status


@pytest.mark.parametrize("trials", [1, 6])
def test_a_dead_run_keeps_what_it_had_recorded(prices, whole, tmp_path, trials) -> None:
    die_after(prices, tmp_path / "r.db", trials)
    with open_store(tmp_path / "r.db") as opened:
        run = opened.find_run("r")
        assert opened.counts(run.id).trials == trials
        assert run.status == "running"


@pytest.mark.parametrize("trials", [1, 6])
def test_a_run_that_died_inside_a_proposal_resumes_to_the_same_end(prices, whole, tmp_path, trials) -> None:
    store = tmp_path / "r.db"
    die_after(prices, store, trials)
    mine(config(prices, store, **SMALL), proposer=GrammarProposer())
    assert totals(store) == totals(whole)
    assert outcome(store) == outcome(whole)
    assert trials_of(store) == trials_of(whole)


def test_a_run_stopped_in_its_last_iteration_is_stopped(prices, tmp_path) -> None:
    done = []
    result = mine(
        config(prices, tmp_path / "r.db", seeds="none", iterations=1, trials=8),
        proposer=Script([GOOD]),
        on_progress=lambda progress: done.append(progress.trials_done),
        should_stop=lambda: bool(done) and done[-1] >= 2,
    )
    assert result.programs_scored == 0
    assert result.status == "stopped"


def test_a_program_proposed_twice_does_not_end_the_run(prices, tmp_path) -> None:
    settings = config(prices, tmp_path / "r.db", seeds="none", iterations=2, trials=1)
    result = mine(settings, proposer=Script([GOOD, GOOD]))
    assert (result.status, result.programs_scored) == ("finished", 1)


def test_a_finished_run_is_left_as_it_is(prices, whole) -> None:
    before = totals(whole), outcome(whole), trials_of(whole)
    result = mine(config(prices, whole, **SMALL), proposer=GrammarProposer())
    assert result.status == "finished"
    assert (totals(whole), outcome(whole), trials_of(whole)) == before


def test_a_finished_run_goes_on_to_more_iterations(prices, whole, tmp_path) -> None:
    store = tmp_path / "r.db"
    mine(config(prices, store, **SMALL | {"iterations": 2}), proposer=GrammarProposer())
    mine(config(prices, store, **SMALL), proposer=GrammarProposer())
    assert (outcome(store), trials_of(store)) == (outcome(whole), trials_of(whole))

"""A run from end to end on a small market: honest, repeatable, resumable."""

import os
import signal
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from agents.grammar import GrammarProposer
from engine.config import MineConfig
from engine.mining import mine
from knowledge_base.store import open_store
from market.errors import ConfigError
from market.loaders.parquet import write_parquet
from market.panel import Panel
from tests.engine.proposers import FAILING, GOOD, Script


def config(prices: Path, store: Path, **changes: object) -> MineConfig:
    usual = {
        "data": prices,
        "store": str(store),
        "run": "r",
        "iterations": 5,
        "trials": 4,
        "workers": 1,
        "seed": 3,
    }
    return MineConfig.of(usual | changes)


def outcome(store: Path) -> list[tuple]:
    with open_store(store) as opened:
        ranking = opened.ranking("r", top=None)
        return [(f.id, f.name, f.fitness, dict(f.parameters), f.direction) for f in ranking]


def trials_of(store: Path) -> list[tuple]:
    with open_store(store) as opened:
        programs = sorted(factor.id for factor in opened.ranking("r", top=None))
        return [
            (program, t.number, t.parameters, t.state, t.value)
            for program in programs
            for t in opened.trials(program)
        ]


@pytest.fixture(scope="module")
def finished(prices, tmp_path_factory) -> Path:
    store = tmp_path_factory.mktemp("finished") / "factors.db"
    result = mine(config(prices, store), proposer=GrammarProposer())
    assert (result.status, result.iterations_done) == ("finished", 5)
    return store


def test_a_run_does_not_remember_where_its_store_is(finished) -> None:
    with open_store(finished) as store:
        (run,) = store.runs()
    assert run.config["trials"] > 0
    assert str(finished) not in str(run.config)


def test_a_run_ends_with_ranked_programs_of_finite_scores(finished) -> None:
    ranking = outcome(finished)
    assert len(ranking) >= 5
    assert np.isfinite([fitness for _, _, fitness, _, _ in ranking]).all()


def test_the_same_seed_gives_the_same_ranked_list(prices, finished, tmp_path) -> None:
    mine(config(prices, tmp_path / "again.db"), proposer=GrammarProposer())
    assert outcome(tmp_path / "again.db") == outcome(finished)


def test_another_seed_gives_another_list(prices, finished, tmp_path) -> None:
    mine(config(prices, tmp_path / "other.db", seed=4), proposer=GrammarProposer())
    assert outcome(tmp_path / "other.db") != outcome(finished)


def test_a_failed_program_is_a_stored_failure_and_the_run_goes_on(prices, tmp_path) -> None:
    store = tmp_path / "failures.db"
    texts = [*FAILING.values(), GOOD]
    settings = config(prices, store, seeds="none", iterations=len(texts), program_timeout=2.0)
    result = mine(settings, proposer=Script(texts))
    assert (result.status, result.programs_scored) == ("finished", 1)
    with open_store(store) as opened:
        run = opened.find_run("r")
        notes = opened.briefing(run.id, failures=20).failures
    assert [note.stage for note in reversed(notes)] == list(FAILING)


def test_a_stopped_run_resumes_to_the_same_end(prices, finished, tmp_path) -> None:
    store = tmp_path / "stopped.db"
    calls = iter(range(100_000))
    stopped = mine(config(prices, store), proposer=GrammarProposer(), should_stop=lambda: next(calls) > 60)
    assert stopped.status == "stopped"
    resumed = mine(config(prices, store), proposer=GrammarProposer())
    assert resumed.status == "finished"
    assert outcome(store) == outcome(finished)
    assert trials_of(store) == trials_of(finished)


def test_a_killed_run_keeps_every_trial_and_resumes_to_the_same_end(prices, finished, tmp_path) -> None:
    store = tmp_path / "killed.db"
    command = [
        sys.executable, "-c", "from factorengine.cli import main; main()", "mine", "--data", str(prices),
        "--store", str(store), "--run", "r", "--iterations", "5", "--trials", "4", "--workers", "1", "--seed", "3",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen = wait_for_trials(store, 12, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with open_store(store) as opened:
        run = opened.find_run("r")
        assert opened.counts(run.id).trials >= seen
    mine(config(prices, store), proposer=GrammarProposer())
    assert outcome(store) == outcome(finished)
    assert trials_of(store) == trials_of(finished)


def test_an_interrupted_command_stops_cleanly_and_says_how_to_resume(prices, tmp_path) -> None:
    store = tmp_path / "interrupted.db"
    command = [
        sys.executable, "-c", "from factorengine.cli import main; main()", "mine", "--data", str(prices),
        "--store", str(store), "--iterations", "400", "--trials", "4", "--workers", "2",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_trials(store, 6, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "run run-1 stopped" in out
    assert f"factorengine resume run-1 --store {store}" in out
    with open_store(store) as opened:
        assert opened.find_run("run-1").status == "stopped"


def wait_for_trials(store: Path, count: int, process: subprocess.Popen) -> int:
    """Wait until the store holds `count` trials; how many it holds."""
    import sqlite3

    deadline_s = time.monotonic() + 120
    while time.monotonic() < deadline_s and process.poll() is None:
        if store.exists():
            try:
                with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
                    seen = connection.execute("select count(*) from trials").fetchone()[0]
                if seen >= count:
                    return seen
            except sqlite3.OperationalError:
                pass  # the tables are being made
        time.sleep(0.02)
    raise AssertionError(f"no {count} trials; the process says {process.poll()} {os.getpid()}")


def test_a_run_is_resumed_with_its_own_settings_only(prices, finished) -> None:
    with pytest.raises(ConfigError, match="started with trials = 4, not 5"):
        mine(config(prices, finished, trials=5), proposer=GrammarProposer())


def test_nothing_after_the_validation_period_is_read(prices, tmp_path) -> None:
    panel = Panel.load(prices)
    cut = 200
    until = {"train_end": str(panel.dates[149]), "valid_end": str(panel.dates[cut - 1]), "iterations": 2}
    fields = {name: np.array(values) for name, values in panel.fields.items()}
    for values in fields.values():
        values[cut:] *= np.random.default_rng(0).uniform(0.5, 2.0, size=values[cut:].shape)
    other = Panel(
        dates=panel.dates,
        symbols=panel.symbols,
        fields=fields,
        universe=panel.universe,
        tradable=panel.tradable,
    )
    other.save(tmp_path / "other")
    panel.save(tmp_path / "panel")
    mine(config(tmp_path / "panel", tmp_path / "a.db", **until), proposer=GrammarProposer())
    mine(config(tmp_path / "other", tmp_path / "b.db", **until), proposer=GrammarProposer())
    assert trials_of(tmp_path / "a.db") == trials_of(tmp_path / "b.db")
    assert outcome(tmp_path / "a.db") == outcome(tmp_path / "b.db")


def test_two_workers_find_as_many_programs(prices, tmp_path) -> None:
    result = mine(config(prices, tmp_path / "two.db", workers=2), proposer=GrammarProposer())
    assert (result.status, result.iterations_done) == ("finished", 5)
    assert result.programs_scored + result.programs_failed == 15


class Listening(GrammarProposer):
    """Keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.told = []

    def propose(self, briefing, rng):
        self.told.append(briefing)
        return super().propose(briefing, rng)


def test_a_proposer_is_told_how_alike_the_programs_are_also_after_a_stop(prices, tmp_path) -> None:
    whole, parts = Listening(), Listening()
    mine(config(prices, tmp_path / "whole.db"), proposer=whole)
    for iterations in (3, 5):
        mine(config(prices, tmp_path / "parts.db", iterations=iterations), proposer=parts)
    ids = {elite.id for elite in whole.told[-1].programs}
    assert set(whole.told[-1].likeness) == set(combinations(sorted(ids), 2))
    assert whole.told[-1].likeness
    assert [told.likeness for told in whole.told] == [told.likeness for told in parts.told]


class SlowGrammar(GrammarProposer):
    """Thinks longer than a program is tuned."""

    def propose(self, briefing, rng):
        time.sleep(0.5)
        return super().propose(briefing, rng)


def test_workers_are_busy_while_a_slow_proposer_thinks(prices, tmp_path) -> None:
    slow = {"seeds": "none", "iterations": 8, "trials": 20, "workers": 1, "islands": 4}
    busy = {
        ahead: mine(
            config(prices, tmp_path / f"{ahead}.db", proposals_ahead=ahead, **slow), proposer=SlowGrammar()
        )
        for ahead in (0, 4)
    }
    assert {result.iterations_done for result in busy.values()} == {8}
    assert busy[4].worker_utilisation > busy[0].worker_utilisation


def test_the_control_confirms_nothing_of_what_an_honest_market_confirms(tmp_path) -> None:
    """Returns that repeat with the other sign after two days: a reversal foresees them, unless they are shuffled."""
    rng = np.random.default_rng(0)
    returns = rng.normal(0.0, 0.02, size=(300, 40))
    for day in range(2, 300):
        returns[day] -= 0.6 * returns[day - 2]
    close = 50.0 * np.exp(np.cumsum(returns, axis=0))
    ones = np.ones(close.shape, dtype=np.bool_)
    panel = Panel(
        dates=np.arange("2015-01-01", 300, dtype="datetime64[D]"),
        symbols=tuple(f"S{n}" for n in range(40)),
        fields=dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": np.full(close.shape, 1e6)},
        universe=ones,
        tradable=ones,
    )
    write_parquet(panel, tmp_path / "prices.parquet")
    confirmed = {
        control: mine(
            config(
                tmp_path / "prices.parquet",
                tmp_path / f"{control}.db",
                control=control,
                iterations=1,
                seeds="none",
            ),
            proposer=Script([GOOD]),
        ).confirmed
        for control in ("none", "shuffled")
    }
    assert confirmed == {"none": (1,), "shuffled": ()}

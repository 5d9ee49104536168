"""A search as a job: watched and steered from other processes, killed at any moment, resumed without loss."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.islands import Islands, IslandSettings
from knowledge_base.errors import StoreError
from knowledge_base.store import open_store
from tests.knowledge_base.samples import add_scored, new_run

KILLS = 20
PATIENCE_S = 120.0


def start(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-c", "from factorengine.cli import main; main()", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(*arguments: object) -> tuple[int, str, str]:
    process = start(*arguments)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def count(store: Path, what: str = "trials") -> int:
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
            return connection.execute(f"select count(*) from {what}").fetchone()[0]
    except sqlite3.OperationalError:
        return 0  # the tables are being made


def wait_until(condition, process: subprocess.Popen) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def status(store: Path, name: str = "r") -> dict:
    return json.loads(run("status", name, "--store", store, "--format", "json")[1])


def test_a_run_is_watched_paused_and_stopped_from_other_processes(prices, tmp_path) -> None:
    store, log = tmp_path / "r.db", tmp_path / "log.jsonl"
    mine = ["mine", "--data", prices, "--store", store, "--run", "r", "--iterations", "4000", "--trials", "4"]
    process = start(*mine, "--workers", "1", "--log-json", log)
    wait_until(lambda: count(store) >= 8, process)
    seen = status(store)
    assert (seen["state"], seen["working"], seen["iterations"]) == ("running", True, 4000)
    assert seen["holder"].endswith(f":{process.pid}")

    for refused in (mine, ["resume", "r", "--store", store]):
        code, _, err = run(*refused)
        assert code == 2
        assert "one process at a time works on a run" in err

    assert run("pause", "r", "--store", store)[0] == 0
    time.sleep(2.5)  # the wish is heard within a second
    trials = count(store)
    assert status(store)["state"] == "paused"
    time.sleep(1.0)
    assert count(store) == trials
    assert run("resume", "r", "--store", store)[0] == 0
    wait_until(lambda: count(store) > trials, process)

    assert run("stop", "r", "--store", store)[0] == 0
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert "run r stopped (another process asked it to stop)" in out
    seen = status(store)
    assert (seen["state"], seen["working"], seen["holder"]) == ("stopped", False, None)
    assert seen["reason"] == "another process asked it to stop"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines[-1]["trials_done"] > lines[0]["trials_done"] >= 0
    assert any(line["paused"] for line in lines)
    listed = json.loads(run("runs", "--store", store, "--format", "json")[1])
    assert [(row["run"], row["state"]) for row in listed] == [("r", "stopped")]


def test_whom_nobody_works_for_cannot_be_stopped(prices, tmp_path) -> None:
    with open_store(tmp_path / "s.db") as store:
        store.start_run(new_run("idle"))
        with pytest.raises(StoreError, match="nobody works on run 'idle'"):
            store.wish("idle", "stop")
    code, _, err = run("stop", "other", "--store", tmp_path / "s.db")
    assert code == 2
    assert "a run's name must be one of 'idle', got 'other'" in err


def test_a_run_survives_twenty_kills(prices, tmp_path) -> None:
    store, rng = tmp_path / "r.db", np.random.default_rng(5)
    settings = ["--iterations", "30", "--trials", "5", "--workers", "2"]
    begin = ["mine", "--data", prices, "--store", store, "--run", "r", "--seed", "3", *settings]
    workers: set[int] = set()
    for kill in range(KILLS):
        process = start(*(begin if kill == 0 else ["resume", "r", "--store", store]))
        before, more = count(store), int(rng.integers(1, 8))
        wait_until(lambda before=before, more=more: count(store) >= before + more, process)
        workers |= children(process.pid)
        time.sleep(rng.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert count(store) >= before + more
    code, out, err = run("resume", "r", "--store", store)
    assert code == 0, err
    assert "run r finished (all iterations are done)" in out

    with open_store(store) as opened:
        record = opened.find_run("r")
        assert (record.iterations_done, record.status, record.holder) == (30, "finished", None)
        counts = opened.counts(record.id)
        assert counts.scored + counts.failed == counts.programs
        assert (
            counts.programs >= 30
        )  # seeds and proposals; one that died between its iteration and its record is lost
        islands = Islands(opened, record.id, IslandSettings())
        for island, tree in enumerate(islands.trees):
            nodes = opened.tree(record.id, island)
            assert tree.visits(0) == len(nodes) == len({program for program, _, _ in nodes})
            assert sum(tree.visits(child) for child in tree.children(0)) == tree.visits(0)
    with sqlite3.connect(store) as connection:
        doubled = (
            "select count(*) from (select 1 from trials group by program_id, number having count(*) > 1)"
        )
        assert connection.execute(doubled).fetchone() == (0,)
        placed = "select count(*) from programs where id not in (select program_id from tree_nodes)"
        assert connection.execute(placed).fetchone() == (0,)
    time.sleep(0.5)
    assert not [worker for worker in workers if is_alive(worker)]


def children(pid: int) -> set[int]:
    return {
        int(child)
        for tasks in Path(f"/proc/{pid}/task").glob("*/children")
        for child in tasks.read_text().split()
    }


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_islands_exchange_their_best_and_keep_apart_otherwise(tmp_path) -> None:
    with open_store(tmp_path / "s.db") as store:
        run_id = store.start_run(new_run()).id
        islands = Islands(store, run_id, IslandSettings(count=2, migration_every=2, migrants=1))
        programs = [add_scored(store, run_id, f"f{n}") for n in range(5)]
        islands.grow(-1, programs[0], (), 0.1)  # a seed
        islands.grow(0, programs[1], (programs[0],), 0.3)
        islands.grow(1, programs[2], (programs[0],), 0.2)
        islands.grow(2, programs[3], (programs[1],), None)
        islands.grow(3, programs[4], (programs[3],), 0.0)  # its parent is on the other island
        assert [tree.nodes() for tree in islands.trees] == [
            (programs[0], programs[1], programs[3]),
            (programs[0], programs[2], programs[4]),
        ]
        assert islands.trees[1].path(programs[4]) == (programs[4],)
        islands.migrate(3)
        assert len(islands.trees[1]) == 3
        islands.migrate(4)
        assert islands.trees[1].path(programs[1]) == (programs[1],)
        assert islands.trees[0].path(programs[2]) == (programs[2],)
        islands.migrate(4)  # again, as after a crash
        again = Islands(store, run_id, IslandSettings(count=2))
        assert [tree.nodes() for tree in again.trees] == [tree.nodes() for tree in islands.trees]
        assert [tree.visits(0) for tree in again.trees] == [tree.visits(0) for tree in islands.trees]
        told = islands.briefing(5)
        assert told.current is not None
        assert told.current.id in islands.trees[1]
        assert {elite.id for elite in told.elites} <= set(islands.trees[1].nodes())

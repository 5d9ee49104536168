"""Killed processes, several writers, a writer that does not let go."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge_base import database
from knowledge_base.errors import StoreError
from knowledge_base.store import open_store
from tests.knowledge_base.samples import new_program, new_run, trial

ROOT = Path(__file__).parents[2]

WRITE_TRIALS = """
import sys
from itertools import count
from knowledge_base.store import open_store
from tests.knowledge_base.samples import trial

store = open_store(sys.argv[1])
for number in count():
    store.record_trial(int(sys.argv[2]), trial(number))
    print(number, flush=True)
"""

WRITE_RUN = """
import sys
from knowledge_base.store import open_store
from tests.knowledge_base.samples import new_program, new_run, trial

with open_store(sys.argv[1]) as store:
    program = store.record_program(store.start_run(new_run(sys.argv[2])).id, new_program())
    for number in range(40):
        store.record_trial(program, trial(number))
"""


def child(script, *arguments, **options) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, text=True, **options)


def integrity(path):
    connection = sqlite3.connect(path)
    checks = [
        connection.execute(f"PRAGMA {name}").fetchall() for name in ("integrity_check", "foreign_key_check")
    ]
    connection.close()
    return checks


def test_every_trial_whose_call_returned_outlives_a_kill(tmp_path):
    path = tmp_path / "store.db"
    with open_store(path) as store:
        run_id = store.start_run(new_run()).id
        program = store.record_program(run_id, new_program())
    with child(WRITE_TRIALS, path, program, stdout=subprocess.PIPE) as writer:
        returned = [int(writer.stdout.readline()) for _ in range(30)]
        writer.send_signal(signal.SIGKILL)
        returned += [int(line) for line in writer.stdout if line.endswith("\n")]
    assert writer.returncode == -signal.SIGKILL
    with open_store(path) as store:
        [(_, trials)] = store.unfinished_programs(run_id)
        numbers = [recorded.number for recorded in trials]
        assert numbers[: len(returned)] == returned
        assert len(numbers) <= len(returned) + 1
        store.record_trial(program, trial(len(numbers)))
    assert integrity(path) == [[("ok",)], []]


def test_two_processes_may_create_and_fill_one_store(tmp_path):
    path = tmp_path / "store.db"
    writers = [child(WRITE_RUN, path, name) for name in ("one", "two")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    with open_store(path) as store:
        counts = {run.name: store.counts(run.id).trials for run in store.runs()}
    assert counts == {"one": 40, "two": 40}


def test_a_store_that_stays_locked_is_refused_with_a_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    path = tmp_path / "store.db"
    with open_store(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another process: wait for it to end"):
            store.start_run(new_run())
        assert store.find_run("first") is None
        other.execute("ROLLBACK")
        other.close()
        store.start_run(new_run())

"""Killed processes, several writers, a writer that does not let go."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge_base import database
from knowledge_base.database import Database, store_url
from knowledge_base.errors import StoreError
from knowledge_base.runs import count_run
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

TAKE_RUN = """
import sys
from knowledge_base.errors import StoreError
from knowledge_base.store import open_store

with open_store(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        with store.holding(sys.argv[2]):
            print("held", flush=True)
            sys.stdin.read()
    except StoreError:
        print("refused", flush=True)
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


def test_every_trial_whose_call_returned_outlives_a_kill(location):
    with open_store(location) as store:
        run_id = store.start_run(new_run()).id
        program = store.record_program(run_id, new_program())
    with child(WRITE_TRIALS, location, program, stdout=subprocess.PIPE) as writer:
        returned = [int(writer.stdout.readline()) for _ in range(30)]
        writer.send_signal(signal.SIGKILL)
        returned += [int(line) for line in writer.stdout if line.endswith("\n")]
    assert writer.returncode == -signal.SIGKILL
    with open_store(location) as store:
        [(_, trials)] = store.unfinished_programs(run_id)
        numbers = [recorded.number for recorded in trials]
        assert numbers[: len(returned)] == returned
        assert len(numbers) <= len(returned) + 1
        store.record_trial(program, trial(len(numbers)))
    if isinstance(location, Path):
        assert integrity(location) == [[("ok",)], []]


def test_two_processes_may_create_and_fill_one_store(location):
    writers = [child(WRITE_RUN, location, name) for name in ("one", "two")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    with open_store(location) as store:
        counts = {run.name: store.counts(run.id).trials for run in store.runs()}
    assert counts == {"one": 40, "two": 40}


def test_of_processes_that_want_a_run_at_the_same_time_one_gets_it(location):
    with open_store(location) as store:
        store.start_run(new_run("wanted"))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    takers = [child(TAKE_RUN, location, "wanted", **pipes) for _ in range(4)]
    assert [taker.stdout.readline() for taker in takers] == ["ready\n"] * 4
    for taker in takers:
        taker.stdin.write("go\n")
        taker.stdin.flush()
    answers = [taker.stdout.readline() for taker in takers]
    for taker in takers:
        taker.communicate(timeout=60)
    assert sorted(answers) == ["held\n", *["refused\n"] * 3]


def test_what_is_read_together_is_of_one_moment(store, location, run_id):
    together = Database(store_url(location))
    with together.read() as connection:
        before = count_run(connection, run_id)
        store.record_program(run_id, new_program())
        assert count_run(connection, run_id) == before
    with together.read() as connection:
        assert count_run(connection, run_id) != before
    together.close()


def test_a_store_that_stays_locked_is_refused_with_a_remedy(location, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    with open_store(location) as store:
        other = Database(store_url(location))
        with (
            other.write(),
            pytest.raises(StoreError, match="locked by another process: wait for it to end"),
        ):
            store.start_run(new_run())
        with other.write():
            assert store.find_run("first") is None
        other.close()
        store.start_run(new_run())

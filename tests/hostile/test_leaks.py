"""After two hundred hostile evaluations nothing of them is left: no process, descriptor, shared memory or file."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

from factors.errors import ProgramError
from tests.hostile.conftest import worker_on
from tests.hostile.corpus import CORPUS

SLOW = {case.name for case in CORPUS if case.stopped_by in ("time", "policy")} | {
    "flood_answers",
    "allocate_slowly",
}


def traces() -> dict[str, set[str]]:
    processes = Path("/proc/self/task").glob("*/children")
    return {
        "processes": {pid for children in processes for pid in children.read_text().split()},
        "descriptors": set(os.listdir("/proc/self/fd")),
        "shared memory": set(os.listdir("/dev/shm")),
    }


def test_two_hundred_evaluations_leave_nothing_behind(folder, scratch, tmp_path_factory, monkeypatch) -> None:
    own_temporary_folder = tmp_path_factory.mktemp("own")
    monkeypatch.setattr(tempfile, "tempdir", str(own_temporary_folder))
    before = traces()
    with worker_on(folder, "tests.hostile.service:OpenEvaluator") as worker:
        for case in islice(cycle([case for case in CORPUS if case.name not in SLOW]), 200):
            with suppress(ProgramError):
                worker.call("attempt", source=case.source.replace("SCRATCH", str(scratch)))
    assert traces() == before
    assert not list(own_temporary_folder.iterdir())

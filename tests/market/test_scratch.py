"""Folders that outlive no process."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from market.scratch import scratch_folder

HOLD = """
import sys
from market.scratch import scratch_folder

with scratch_folder() as folder:
    (folder / "values").write_text("1")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def holder() -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, Path(process.stdout.readline().strip())


def grow_old(folder: Path) -> None:
    os.utime(folder.parent, (0, 0))


def test_a_folder_is_there_for_its_block_alone(temporary) -> None:
    with scratch_folder() as folder:
        assert list(folder.iterdir()) == []
        (folder / "values").write_text("1")
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_by_the_next_and_one_in_use_stays(temporary) -> None:
    (killed, lost), (alive, kept) = holder(), holder()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with scratch_folder():
        assert lost.exists()  # it may be too young to have its lock
    for folder in (lost, kept):
        grow_old(folder)
    with scratch_folder():
        assert not lost.parent.exists()
        assert (kept / "values").exists()
    alive.communicate()
    assert list(temporary.iterdir()) == []


def test_what_is_no_such_folder_is_left_alone(temporary) -> None:
    (temporary / "factorengine-notes").mkdir()
    (temporary / "factorengine-list").write_text("mine")
    (temporary / "elsewhere").mkdir()
    (temporary / "elsewhere" / "lock").write_text("")
    (temporary / "factorengine-link").symlink_to(temporary / "elsewhere")
    for path in temporary.iterdir():
        os.utime(path, (0, 0), follow_symlinks=False)
    with scratch_folder():
        pass
    assert {path.name for path in temporary.iterdir()} == {
        "factorengine-notes",
        "factorengine-list",
        "factorengine-link",
        "elsewhere",
    }
    assert (temporary / "elsewhere" / "lock").exists()

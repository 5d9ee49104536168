"""Folders for what processes hand each other, which also disappear if the process that made one was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX, _LOCK = "factorengine-", "lock"
_SETTLED_S = 60.0  # a folder that is younger may not have its lock yet


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield an empty folder, removed afterwards; first remove those of this user whose processes were killed.

    Whoever uses a folder holds a lock on a file beside its content, which ends with the process, however that ends.
    """
    _remove_abandoned()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder, (Path(folder) / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        content = Path(folder) / "content"
        content.mkdir()
        yield content


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another process's, or gone by now
            found = folder.lstat()
            settled = time.time() - found.st_mtime > _SETTLED_S
            if settled and found.st_uid == os.geteuid() and not _is_in_use(folder):
                shutil.rmtree(folder)


def _is_in_use(folder: Path) -> bool:
    """Raises `OSError` if it has no lock, and so is none of these folders."""
    with (folder / _LOCK).open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

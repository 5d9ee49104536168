"""What a worker process gives up before it runs program text. Nothing here can be taken back by the process.

Resource limits bound memory and file sizes. An audit hook refuses the network, other processes and every file
outside the interpreter's own folders, the panel and the compiler's cache, even if a program slips past the policy.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.putenv",
    "os.startfile",
    "pty.spawn",
    "shutil.",
    "signal.pthread_kill",
    "sqlite3.",
    "urllib.",
    "webbrowser.",
)
_CHANGES_PATHS = frozenset(
    "os.chmod os.chown os.link os.mkdir os.remove os.rename os.rmdir os.symlink os.truncate os.utime".split()
)
_PR_SET_PDEATHSIG = 1
_MAX_FILE_BYTES = 4 * 2**30


def limit_resources(memory_bytes: int) -> None:
    """Bound this process's private memory; die with the parent; leave no core dump."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def cut_off(*, readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Install the audit hook: from here on, only the given folders can be read or written."""
    may_write = tuple(str(path.resolve()) for path in writable)
    may_read = (*(str(path.resolve()) for path in readable), *may_write)

    def refuse_unlisted(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN):
            raise PermissionError(f"a factor program may not use `{event}`")
        if event == "open":
            path, mode, flags = arguments
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) or (mode or "r").strip("bt") != "r"
            _require_inside(path, may_write if writes else may_read)
        elif event in _CHANGES_PATHS:
            for path in arguments[:2]:
                _require_inside(path, may_write)

    sys.addaudithook(refuse_unlisted)


def _require_inside(path: object, folders: tuple[str, ...]) -> None:
    if not isinstance(path, str | bytes | os.PathLike):
        return  # a file descriptor that is already open, or a mode
    real = os.path.realpath(os.fsdecode(path))
    if not any(real == folder or real.startswith(folder + os.sep) for folder in folders):
        raise PermissionError(f"a factor program may not open `{os.fsdecode(path)}`")

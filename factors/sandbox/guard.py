"""What a worker process gives up before it runs program text. Nothing here can be taken back by the process.

Four walls, each of use without the others:

limits       rlimits: memory, CPU seconds, file size, open files, no core dump; it dies with its parent
files        Landlock: only the listed folders can be read or written; no TCP, no signal to others
calls        seccomp: an allow-list of system calls, without sockets, processes, executables, shared memory
interpreter  an audit hook of Python's that refuses the same with a message; no kernel support needed

A wall that the platform lacks is left out and reported, see `Protection`.
"""

from __future__ import annotations

import ctypes
import errno
import math
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_WHICH_LIMIT, _NEW_LIMIT = 1, 2  # arguments of prlimit64
_MAX_FILE_BYTES = 4 * 2**30
MAX_OPEN_FILES = 256

_CALLS_ALLOWED = """
    read readv pread64 preadv write writev pwrite64 close close_range lseek fstat stat lstat newfstatat statx fstatfs
    statfs access faccessat faccessat2 open openat openat2 readlink readlinkat getcwd getdents getdents64 fcntl dup dup2
    dup3 ftruncate truncate fallocate fsync fdatasync unlink unlinkat rename renameat renameat2 mkdir mkdirat rmdir
    mmap mprotect munmap mremap madvise brk mincore msync membarrier pkey_alloc pkey_free pkey_mprotect
    rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall rseq set_robust_list get_robust_list
    set_tid_address futex futex_waitv sched_yield sched_getaffinity sched_getparam sched_getscheduler getcpu
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage getrlimit
    getpid getppid gettid getuid geteuid getgid getegid getpgrp getpgid getsid getgroups uname sysinfo getrandom umask
    poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd2 pipe pipe2 arch_prctl
    exit exit_group
""".split()
"""Calls that Python, NumPy and compiled code need. Files are Landlock's; whatever is not here fails with EPERM."""

_EVENTS_FORBIDDEN = (
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
_EVENTS_CHANGING_PATHS = frozenset(
    "os.chmod os.chown os.link os.mkdir os.remove os.rename os.rmdir os.symlink os.truncate os.utime".split()
)


@dataclass(frozen=True)
class Protection:
    """One wall of the sandbox: its name, and why it is missing ("" if it stands)."""

    name: str
    missing: str = ""


def confine(
    *, readable: Sequence[Path], writable: Sequence[Path], memory_bytes: int
) -> tuple[Protection, ...]:
    """Raise all walls that this platform has, for good; which ones stand."""
    with suppress(ImportError):  # it looks for the C library while that can be looked for
        import seccompy

        seccompy.supported()
    walls: dict[str, Callable[[], None]] = {
        "limits": lambda: _limit_resources(memory_bytes),
        "files": lambda: _restrict_files(readable, writable),
        "calls": _restrict_calls,
        "interpreter": lambda: _watch_interpreter(readable, writable),
    }
    return tuple(_raised(name, wall) for name, wall in walls.items())


def limit_cpu(seconds: float) -> None:
    """Let the process use that much more CPU time; the kernel ends it when that is spent."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    end_s = math.ceil(usage.ru_utime + usage.ru_stime + seconds) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (_at_most(end_s, hard), hard))


def _raised(name: str, wall: Callable[[], None]) -> Protection:
    try:
        wall()
    except (OSError, ImportError) as problem:
        return Protection(name, str(problem) or type(problem).__name__)
    return Protection(name)


def _limit_resources(memory_bytes: int) -> None:
    for what, most in (
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_AS, _mapped_bytes() + memory_bytes),
        (resource.RLIMIT_FSIZE, _MAX_FILE_BYTES),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        limit = _at_most(most, resource.getrlimit(what)[1])
        resource.setrlimit(what, (limit, limit))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _at_most(limit: int, hard: int) -> int:
    """The limit, or the stricter one that somebody has set before: it cannot be raised."""
    return limit if hard == resource.RLIM_INFINITY else min(limit, hard)


def _mapped_bytes() -> int:
    """Address space in use: libraries and the mapped panel are not the program's to pay for."""
    if sys.platform != "linux":
        return 2**40
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def _restrict_files(readable: Sequence[Path], writable: Sequence[Path]) -> None:
    from landlockpy import AccessFS, Ruleset, Scope

    reads, lists = AccessFS.READ_FILE, AccessFS.READ_DIR
    writes = reads | AccessFS.WRITE_FILE | AccessFS.TRUNCATE
    changes = lists | AccessFS.MAKE_REG | AccessFS.REMOVE_FILE
    with Ruleset(scoped=Scope.ABSTRACT_UNIX_SOCKET | Scope.SIGNAL) as rules:
        for paths, on_file, on_folder in ((readable, reads, lists), (writable, writes, changes)):
            for path in paths:
                if path.exists():
                    rules.allow_path(path, on_file | on_folder if path.is_dir() else on_file)
        rules.restrict()


def _restrict_calls() -> None:
    from seccompy import Action, Filter

    rules = Filter(default=Action.ERRNO | errno.EPERM)
    for name in _CALLS_ALLOWED:
        try:
            rules.allow(name)
        except ValueError:
            continue  # a call that this architecture never had
    rules.allow("prlimit64", args={_NEW_LIMIT: 0})  # reading
    rules.allow("prlimit64", args={_WHICH_LIMIT: resource.RLIMIT_CPU})
    rules.load()


def _watch_interpreter(readable: Sequence[Path], writable: Sequence[Path]) -> None:
    may_write = tuple(str(path.resolve()) for path in writable)
    may_read = (*(str(path.resolve()) for path in readable), *may_write)

    def refuse_unlisted(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_EVENTS_FORBIDDEN):
            raise PermissionError(f"a factor program may not use `{event}`")
        if event == "open":
            path, mode, flags = arguments
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) or (mode or "r").strip("bt") != "r"
            _require_inside(path, may_write if writes else may_read)
        elif event in _EVENTS_CHANGING_PATHS:
            for path in arguments[:2]:
                _require_inside(path, may_write)

    sys.addaudithook(refuse_unlisted)


def _require_inside(path: object, folders: tuple[str, ...]) -> None:
    if not isinstance(path, str | bytes | os.PathLike):
        return  # a file descriptor that is already open, or a mode
    real = os.path.realpath(os.fsdecode(path))
    if not any(real == folder or real.startswith(folder + os.sep) for folder in folders):
        raise PermissionError(f"a factor program may not open `{os.fsdecode(path)}`")

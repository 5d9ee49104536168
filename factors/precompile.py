"""Compile kernels ahead of use, in several processes at once, so that the first evaluation need not wait.

    compile_all(progress=lambda p: print(f"compiling once: {p.done}/{p.total} {p.kernel}"))

The machine code goes to Numba's disk cache (see `factors.jit`), where this and later processes find it.
"""

import importlib
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, TypeAlias, cast

from factors.jit import Kernel, kernels

CHILD = "from factors.precompile import serve; serve()"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One kernel is ready, the `done`-th of `total`; `from_cache` if it was on disk already."""

    kernel: str
    seconds: float
    from_cache: bool
    done: int
    total: int


class PrecompileError(RuntimeError):
    """A child process failed to compile a kernel; the message is its last words."""


Answer: TypeAlias = tuple[str, float, bool] | PrecompileError


def compile_all(
    chosen: Iterable[Kernel[..., Any]] | None = None,
    *,
    progress: Callable[[Progress], None] = lambda _: None,
    processes: int = 2,
) -> int:
    """Compile kernels (all operators', and those of modules imported so far) and return how many were new.

    `progress` is called in this thread after each kernel. A child process takes the next one as soon as it is
    free.

    Raises:
        PrecompileError: a kernel does not compile.
    """
    importlib.import_module("factors.operators")
    names = sorted({kernel.name for kernel in (kernels() if chosen is None else chosen)})
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for name in names:
        waiting.put(name)
    ready: queue.SimpleQueue[Answer] = queue.SimpleQueue()
    workers = [
        threading.Thread(target=_drive, args=(waiting, ready), daemon=True)
        for _ in range(min(processes, len(names)))
    ]
    for worker in workers:
        worker.start()
    return sum(_report(ready, len(names), progress))


def _report(
    ready: "queue.SimpleQueue[Answer]",
    total: int,
    progress: Callable[[Progress], None],
) -> Iterator[bool]:
    for done in range(1, total + 1):
        answer = ready.get()
        if isinstance(answer, PrecompileError):
            raise answer
        name, seconds, from_cache = answer
        progress(Progress(kernel=name, seconds=seconds, from_cache=from_cache, done=done, total=total))
        yield not from_cache


def _drive(waiting: "queue.SimpleQueue[str]", ready: "queue.SimpleQueue[Answer]") -> None:
    """Feed one child process kernel names, one at a time, until none is left."""
    with tempfile.TemporaryFile("w+") as last_words, _child(last_words) as child:
        commands, answers = cast(IO[str], child.stdin), cast(IO[str], child.stdout)
        while not waiting.empty():
            try:
                name = waiting.get_nowait()
                commands.write(name + "\n")
                seconds, origin = answers.readline().split()
            except queue.Empty:  # the other child was quicker
                return
            except (ValueError, BrokenPipeError):
                child.kill()
                child.wait()
                last_words.seek(0)
                ready.put(PrecompileError(f"kernel {name} does not compile: {last_words.read().strip()}"))
                return
            ready.put((name, float(seconds), origin == "cached"))


def _child(errors: IO[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 - this interpreter, running this module
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        bufsize=1,
    )


def serve() -> None:
    """Compile the kernels named on standard input, one a line; answer each with `seconds cached|compiled`."""
    for line in sys.stdin:
        name = line.strip()
        importlib.import_module(name.partition(":")[0])
        kernel = next(kernel for kernel in kernels() if kernel.name == name)
        start = time.perf_counter()
        kernel.compile()
        origin = "cached" if kernel.from_cache else "compiled"
        print(f"{time.perf_counter() - start:.3f} {origin}", flush=True)  # noqa: T201 - the protocol

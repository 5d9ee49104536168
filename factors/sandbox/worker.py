"""The host's side of a worker process: start it, ask it, and end it when it takes too long.

Answers are JSON, never pickles: a program that took over its worker could still send nothing but numbers and text.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from factors.errors import ExecutionError, ProgramError, TamperingError, TimeoutProgramError
from factors.sandbox.guard import Protection
from market.errors import ConfigError, DataError, FactorEngineError

_LOADER_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_START_VARIABLES = ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")  # where compiled kernels lie
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_MAX_ANSWER_BYTES = 64 * 2**20
_START_TIMEOUT_S = 120.0
_PROGRAM_ERRORS = {error.__name__: error for error in ProgramError.__subclasses__()}
_INPUT_ERRORS = {error.__name__: error for error in (ConfigError, DataError)}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request may use."""

    timeout_s: float = 30.0
    memory_bytes: int = 2 * 2**30

    def __post_init__(self) -> None:
        if not self.timeout_s > 0:
            raise ConfigError(f"`timeout_s` must be positive, got {self.timeout_s}.")
        if self.memory_bytes < 256 * 2**20:
            raise ConfigError(f"`memory_bytes` must be at least 256 MiB, got {self.memory_bytes}.")


@dataclass
class Worker:
    """One worker process offering the public methods of `service` ("package.module:Class" of `settings`).

    A request that runs too long ends the process; the next request starts a new one. One request at a time.
    `readable` and `writable` are the folders that the service may use besides the interpreter's own. With
    `confined` off no wall is raised: for measuring what the walls cost. `require_sandbox` refuses to start without
    all of them. `spent_s` is how long the latest request kept the worker: until its answer was there, or the process
    was no more; how long the answer then lay unread does not count.
    """

    service: str
    settings: dict[str, Any]
    limits: Limits = field(default_factory=Limits)
    readable: Sequence[Path] = ()
    writable: Sequence[Path] = ()
    confined: bool = True
    require_sandbox: bool = False
    protections: tuple[Protection, ...] = ()
    spent_s: float = 0.0
    _process: subprocess.Popen[bytes] | None = None
    _buffer: bytearray = field(default_factory=bytearray)
    _token: str = ""
    _asked_s: float = 0.0
    _deadline_s: float = 0.0
    _waiting: bool = False
    _is_ready: bool = False

    def launch(self) -> None:
        """Start the process and go on; its service gets ready meanwhile."""
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "factors.sandbox.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(_LOADER_VARIABLES) | _ONE_THREAD,
            start_new_session=True,
        )
        opening = {
            "service": self.service,
            "settings": self.settings,
            "environment": _environment(_START_VARIABLES),
            "limits": asdict(self.limits),
            "readable": [str(path) for path in self.readable],
            "writable": [str(path) for path in self.writable],
            "confined": self.confined,
        }
        self._token = ""
        self._send(opening, _START_TIMEOUT_S)

    def start(self) -> None:
        """Start the process, if `launch` did not, and wait until its service is ready.

        Its start-up errors are raised here.
        """
        if self._process is None or self._is_ready:
            self.launch()
        self.protections = tuple(Protection(**wall) for wall in self.receive()["protections"])
        self._is_ready = True
        missing = [f"{wall.name} ({wall.missing})" for wall in self.protections if wall.missing]
        if self.require_sandbox and missing:
            self.close()
            raise ConfigError(
                f"the whole sandbox is required, this system lacks: {', '.join(missing)}: "
                "run on Linux 5.13 or newer with Landlock and seccomp, or do not require it."
            )

    def submit(self, method: str, **arguments: Any) -> None:
        """Send a request without waiting; `receive` gives its answer."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if not self._is_ready:
            self.start()
        self._token = secrets.token_hex(8)
        request = {"token": self._token, "method": method, "arguments": arguments}
        self._send(request, self.limits.timeout_s)

    def receive(self) -> dict[str, Any]:
        """Wait for the answer.

        Raises the program's error as the worker reported it, `TimeoutProgramError` if the time is over, or
        `ExecutionError` if the process died.
        """
        while b"\n" not in self._buffer:
            remaining_s = self._deadline_s - time.monotonic()
            if remaining_s <= 0 or not select.select([self], [], [], remaining_s)[0]:
                self.close()
                raise TimeoutProgramError(
                    f"the program ran longer than {self.limits.timeout_s:g} s: look for an endless loop, "
                    "or replace loops over stocks and days by operators."
                )
            self._read()
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        answered_s, result = _answer(line, self._token)
        if isinstance(result, TamperingError):
            self.close()
            raise result
        self._waiting = False
        self.spent_s = max(0.0, min(answered_s, time.monotonic()) - self._asked_s)
        if isinstance(result, FactorEngineError):
            raise result
        return result

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Ask and wait for the answer."""
        self.submit(method, **arguments)
        return self.receive()

    def fileno(self) -> int:
        """The pipe to wait on."""
        if self._process is None or self._process.stdout is None:
            raise ExecutionError("the worker has no process: submit a request first.")
        return self._process.stdout.fileno()

    @property
    def is_idle(self) -> bool:
        """Whether a process is there and no request is in flight."""
        return self._process is not None and not self._waiting

    @property
    def seconds_left(self) -> float:
        """Time until the request in flight is overdue, not below 0."""
        return max(0.0, self._deadline_s - time.monotonic())

    def close(self) -> None:
        """End the process at once; harmless if there is none."""
        process, self._process = self._process, None
        if self._waiting:
            self.spent_s = time.monotonic() - self._asked_s
        self._waiting = self._is_ready = False
        self._buffer.clear()
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, message: dict[str, Any], timeout_s: float) -> None:
        if self._process is None or self._process.stdin is None:
            raise ExecutionError("the worker has no process: start it first.")
        line = json.dumps(message).encode() + b"\n"
        self._asked_s = time.monotonic()
        self._deadline_s = self._asked_s + timeout_s
        self._waiting = True
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None

    def _read(self) -> None:
        chunk = os.read(self.fileno(), 1 << 16)
        if not chunk:
            raise self._died()
        self._buffer += chunk
        if len(self._buffer) > _MAX_ANSWER_BYTES:
            self.close()
            raise ExecutionError(f"the worker's answer exceeded {_MAX_ANSWER_BYTES} bytes.")

    def _died(self) -> ExecutionError:
        code = self._process.wait() if self._process else None
        self.close()
        return ExecutionError(f"the program ended its worker process (exit status {code}).")


def wait_for_any(workers: Sequence[Worker], timeout_s: float) -> list[Worker]:
    """The workers whose answer, or whose deadline, has come; an empty list after `timeout_s`."""
    patience_s = min([timeout_s, *(worker.seconds_left for worker in workers)])
    ready = select.select(workers, [], [], patience_s)[0]
    return ready or [worker for worker in workers if worker.seconds_left == 0.0]


def _answer(line: bytes, token: str) -> tuple[float, dict[str, Any] | FactorEngineError]:
    """When it was given, by the clock that processes share, and what it is: tampering if it is not the worker's own."""
    try:
        answer = json.loads(line)
        error = answer.get("error")
        result = answer["result"] if error is None else _error(error)
        if answer["token"] == token and isinstance(result, dict | FactorEngineError):
            return float(answer["answered_s"]), result
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        pass
    return 0.0, TamperingError("the answer is not the worker's own: the program wrote to its pipe.")


def _environment(names: Sequence[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}


def _error(error: Any) -> FactorEngineError:
    kind, message = str(error["kind"]), str(error["message"])
    if kind in _INPUT_ERRORS:
        return _INPUT_ERRORS[kind](message)
    facts = error["facts"]
    return _PROGRAM_ERRORS.get(kind, ExecutionError)(message, facts=facts if isinstance(facts, dict) else {})

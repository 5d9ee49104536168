"""The worker process: answers one request at a time, as lines of JSON on its standard streams.

First line in: {"service": "package.module:Class", "settings": {...}, "environment": {...}, "limits": {"memory_bytes",
"timeout_s"}, "readable": [folders], "writable": [folders], "confined": bool}; the answer lists the protections.
Then per request: {"token": text, "method": name, "arguments": {...}}
→ {"token": the same, "answered_s": time by the clock that processes share, and either "result": {...} or
"error": {"kind", "message", "facts"}}.

The environment is there only while the service starts. A program that changes the code which later programs would run
on is answered with an error, and the process ends.
"""

from __future__ import annotations

import importlib
import json
import os
import site
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from factors.errors import MemoryProgramError, ProgramError, TamperingError
from factors.jit import use_cache_read_only, user_cache_folder
from factors.sandbox.guard import MAX_OPEN_FILES, Protection, confine, limit_cpu
from factors.sandbox.seal import Seal
from market.errors import FactorEngineError

_PACKAGES = ("market", "factors", "backtest", "knowledge_base", "agents", "engine", "factorengine")
_SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")


def main() -> None:
    """Serve until the host closes the pipe, or a program has tampered with this process."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 0)
    os.dup2(silence, 1)  # what a program prints goes nowhere
    opening = json.loads(requests.readline())
    try:
        service, protections = _start(opening)
    except FactorEngineError as error:
        _write(answers, _error(error), "")
        return
    _write(answers, {"result": {"protections": [asdict(wall) for wall in protections]}}, "")
    confined = opening["confined"]
    seal = Seal(_PACKAGES if confined else ())
    first_free = os.dup(0)
    os.close(first_free)
    for line in requests:
        request = json.loads(line)
        if confined:
            limit_cpu(opening["limits"]["timeout_s"])
        answer = _attempt(getattr(service, request["method"]), request["arguments"])
        os.closerange(first_free, MAX_OPEN_FILES)  # what a program left open would be missing later
        broken = seal.broken()
        if broken:
            answer = _error(TamperingError(f"the program replaced `{broken}`, which other programs use."))
        _write(answers, answer, request["token"])
        if broken:
            return


def _start(opening: dict[str, Any]) -> tuple[Any, tuple[Protection, ...]]:
    os.environ.update(opening["environment"])
    module, _, name = opening["service"].partition(":")
    service = getattr(importlib.import_module(module), name)(**opening["settings"])
    use_cache_read_only()
    readable = [*_code_folders(), *map(Path, opening["readable"])]
    writable = [Path(os.devnull), *map(Path, opening["writable"])]
    os.environ.clear()
    if not opening["confined"]:
        return service, ()
    return service, confine(
        readable=readable, writable=writable, memory_bytes=opening["limits"]["memory_bytes"]
    )


def _attempt(method: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        result = method(**arguments)
    except FactorEngineError as error:
        return _error(error)
    except MemoryError:
        return _error(MemoryProgramError("the program needed more memory than allowed: use fewer arrays."))
    return {"result": result if isinstance(result, dict) else {}}


def _error(error: FactorEngineError) -> dict[str, Any]:
    facts = error.facts if isinstance(error, ProgramError) else {}
    return {"error": {"kind": type(error).__name__, "message": " ".join(str(error).split()), "facts": facts}}


def _write(answers: BinaryIO, answer: dict[str, Any], token: str) -> None:
    envelope = {"token": token, "answered_s": time.monotonic()}
    answers.write(json.dumps(answer | envelope).encode() + b"\n")
    answers.flush()


def _code_folders() -> list[Path]:
    """Where imports, libraries and compiled kernels are read from."""
    own = [Path(str(folder)) for name in _PACKAGES for folder in importlib.import_module(name).__path__]
    interpreter = {
        sys.prefix,
        sys.base_prefix,
        *sysconfig.get_paths().values(),
        *site.getsitepackages(),
        *_SYSTEM_LIBRARIES,
    }
    compiled = os.environ.get("NUMBA_CACHE_DIR") or user_cache_folder()
    return [*own, *map(Path, interpreter), Path(compiled)]


if __name__ == "__main__":
    main()

"""The worker process: answers one request at a time, as lines of JSON on its standard streams.

First line in: {"service": "package.module:Class", "settings": {...}, "memory_bytes": n,
"readable": [folders], "writable": [folders]}.
Then per request: {"method": name, "arguments": {...}} → {"result": {...}} or {"error": {"kind", "message"}}.
"""

from __future__ import annotations

import importlib
import json
import os
import site
import sys
import sysconfig
from pathlib import Path
from typing import Any, BinaryIO

from factors.errors import MemoryProgramError
from factors.jit import use_cache_read_only
from factors.sandbox.guard import cut_off, limit_resources
from market.errors import FactorEngineError


def main() -> None:
    """Serve until the host closes the pipe."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 0)
    os.dup2(silence, 1)  # what a program prints goes nowhere
    opening = json.loads(requests.readline())
    service = _attempt(answers, lambda: _start(opening))
    if service is None:
        return
    for line in requests:
        request = json.loads(line)
        _attempt(answers, lambda request=request: getattr(service, request["method"])(**request["arguments"]))


def _start(opening: dict[str, Any]) -> Any:
    module, _, name = opening["service"].partition(":")
    service = getattr(importlib.import_module(module), name)(**opening["settings"])
    use_cache_read_only()
    limit_resources(opening["memory_bytes"])
    readable = [*_interpreter_folders(), *map(Path, opening["readable"])]
    cut_off(readable=readable, writable=map(Path, opening["writable"]))
    return service


def _attempt(answers: BinaryIO, action: Any) -> Any:
    """Run `action`, send its result or its error, and return the result (None after an error)."""
    try:
        result = action()
        answer = {"result": result if isinstance(result, dict) else {}}
    except FactorEngineError as error:
        result, answer = None, _error(type(error).__name__, str(error))
    except MemoryError:
        result = None
        answer = _error(
            MemoryProgramError.__name__, "the program needed more memory than allowed: use fewer arrays."
        )
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()
    return result


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"error": {"kind": kind, "message": " ".join(message.split())}}


def _interpreter_folders() -> list[Path]:
    """Where imports and compiled kernels are read from: the interpreter, its packages and this project."""
    project = {Path(importlib.import_module(name).__path__[0]).parent for name in ("market", "factors")}
    paths = {
        sys.prefix,
        sys.base_prefix,
        *sysconfig.get_paths().values(),
        *site.getsitepackages(),
        "/proc/self",
    }
    compiled = [Path(folder) for folder in (os.environ.get("NUMBA_CACHE_DIR"), _user_cache()) if folder]
    return [*map(Path, paths), *project, *compiled, Path(os.devnull)]


def _user_cache() -> str:
    """Where Numba keeps compiled code if the package folder is read-only."""
    from numba.misc.appdirs import AppDirs

    return str(AppDirs(appname="numba", appauthor=False).user_cache_dir)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()

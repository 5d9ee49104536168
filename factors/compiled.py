"""Whether this machine has compiled the kernels: a stamp per version of the code, the compiler and the processor.

ensure_compiled(progress=...)      # a minute the first time, a millisecond after that
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import market
from factors.jit import kernels
from factors.precompile import Progress, compile_all
from market.loaders.cache import cache_folder

_PACKAGES = ("factors", "backtest")


def is_compiled() -> bool:
    """Whether `ensure_compiled` would have nothing to do."""
    return _stamp().exists()


def ensure_compiled(*, progress: Callable[[Progress], None] = lambda _: None, processes: int = 2) -> None:
    """Compile the operators' kernels, and scoring's if imported, unless that was done before; see `compile_all`.

    Worker processes cannot write to the disk cache, so a caller does this before it starts them.
    """
    if is_compiled():
        return
    import_module("factors.operators")
    ours = [kernel for kernel in kernels() if kernel.name.startswith(tuple(f"{name}." for name in _PACKAGES))]
    compile_all(ours, progress=progress, processes=processes)
    stamp = _stamp()
    try:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
    except OSError:
        return  # without a stamp the disk cache is consulted again next time


def _stamp() -> Path:
    digest = hashlib.blake2b(digest_size=16)
    root = Path(market.__file__).parent.parent
    for part in (
        str(root),
        sys.version,
        version("numba"),
        version("numpy"),
        platform.machine(),
        _processor(),
    ):
        digest.update(part.encode() + b"\0")
    for source in sorted(path for package in _PACKAGES for path in (root / package).rglob("*.py")):
        stat = source.stat()
        digest.update(f"{source.relative_to(root)} {stat.st_size} {stat.st_mtime_ns}\0".encode())
    return cache_folder() / "kernels" / digest.hexdigest()


def _processor() -> str:
    """The processor's model: compiled code is for one model."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("model name")), platform.processor())

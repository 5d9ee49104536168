"""Running a program on a panel, in this process. Text from strangers runs in `factors.sandbox` instead.

A program executes with a namespace of its own: the builtins of the policy, an import that admits the permitted
modules only, and `numba` replaced by a stand-in whose compiled functions check array bounds.
"""

from __future__ import annotations

import builtins
import importlib
import types
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from factors.data import ProgramData
from factors.errors import ContractError, ExecutionError, MemoryProgramError, PolicyError, ProgramError
from factors.jit import Matrix, kernel
from factors.ops import Operators
from factors.policy import ALLOWED_MODULES, SAFE_BUILTINS
from factors.program import Program
from market.arrays import FloatArray
from market.panel import Panel

_MODULE_PARTS = ("numpy.", "pandas.", "numba.")


class Runnable:
    """A program loaded once and run for many parameter values and panels."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._filename = f"<program {program.fingerprint}>"
        namespace: dict[str, Any] = {"__builtins__": _builtins(), "__name__": "factor_program"}
        with _as_program_errors(self._filename), _quietly():
            exec(compile(program.source, self._filename, "exec"), namespace)  # noqa: S102 (what this class is for)
        self._factor = namespace["factor"]

    def __call__(self, data: ProgramData, operators: Operators, values: Mapping[str, object]) -> FloatArray:
        """Score: (T, N) float64, NaN = no opinion (infinities become NaN).

        Raises `ExecutionError`, `MemoryProgramError`, `ContractError`, or the `ProgramError` an operator raised.
        """
        complete = self.program.parameters.complete(values)
        with _as_program_errors(self._filename), _quietly():
            result = self._factor(data, operators, complete)
        return _signal(result, data.close.shape)


def run(program: Program, panel: Panel, parameters: Mapping[str, object] | None = None) -> FloatArray:
    """Run `program` on `panel` in this process; see `Runnable.__call__` for the result and the errors."""
    return Runnable(program)(ProgramData(panel), Operators(panel.universe), parameters or {})


def require_opinion(signal: FloatArray, program: Program) -> None:
    """Raise `ContractError` if the signal is NaN everywhere."""
    if not np.isfinite(signal).any():
        raise ContractError(
            f"`{program.name}` returned NaN for every stock and day ({signal.shape[0]} dates): "
            "shorten its windows or check its conditions."
        )


@contextmanager
def _quietly() -> Iterator[None]:
    """No floating-point or deprecation warnings: NaN is data here, and nobody reads a worker's log."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


class _as_program_errors:  # noqa: N801 (reads as a statement at its two uses)
    """Translates what program code raises into the program-error tree, with the program's own line."""

    def __init__(self, filename: str) -> None:
        self._filename = filename

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: types.TracebackType | None) -> None:
        if error is None or isinstance(error, ProgramError) or not isinstance(error, Exception | SystemExit):
            return
        where = _line(trace, self._filename)
        if isinstance(error, MemoryError):
            raise MemoryProgramError(
                f"the program ran out of memory{where}: use fewer or smaller arrays."
            ) from None
        message = " ".join(str(error).split())[:300]
        raise ExecutionError(f"{type(error).__name__}{where}: {message or 'no message'}") from None


def _line(trace: types.TracebackType | None, filename: str) -> str:
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" at line {line}" if line else ""


def _signal(result: object, shape: tuple[int, int]) -> FloatArray:
    if hasattr(result, "to_numpy"):  # a frame; pandas itself is imported only by programs that need it
        result = result.to_numpy()
    if not isinstance(result, np.ndarray):
        raise ContractError(f"`factor` returns an array or a DataFrame, got {type(result).__name__}.")
    if result.shape != shape:
        raise ContractError(f"`factor` returns shape {shape} (dates, symbols), got {result.shape}.")
    if result.dtype.kind not in "fiub":
        raise ContractError(f"`factor` returns numbers, got dtype {result.dtype}.")
    values = np.ascontiguousarray(result, dtype=np.float64)
    return np.where(np.isinf(values), np.nan, values) if holds_infinity(values) else values


@kernel
def holds_infinity(values: Matrix) -> bool:
    """Whether any value is infinite; quicker than a mask of all."""
    for t in range(values.shape[0]):
        infinities = 0
        for j in range(values.shape[1]):
            infinities += int(abs(values[t, j]) == np.inf)
        if infinities > 0:
            return True
    return False


def _builtins() -> dict[str, object]:
    return {name: getattr(builtins, name) for name in SAFE_BUILTINS} | {"__import__": _import}


def _import(
    name: str, globals_: object = None, locals_: object = None, fromlist: object = (), level: int = 0
) -> object:
    del globals_, locals_, fromlist
    if name.startswith(_MODULE_PARTS) and not level:  # libraries import their own parts through their caller
        return importlib.import_module(name)
    if level or name not in ALLOWED_MODULES:
        raise PolicyError(f"import of `{name}` is not allowed: import one of {', '.join(ALLOWED_MODULES)}.")
    if name == "numba":
        return _bounds_checked_numba()
    return importlib.import_module(name)


def _bounds_checked_numba() -> types.SimpleNamespace:
    """Numba with `boundscheck` on: an index outside an array raises instead of reading or writing memory."""
    import numba

    names = {name: getattr(numba, name) for name in ALLOWED_MODULES["numba"]}
    compilers = {name: partial(_compile_checked, names[name]) for name in ("njit", "jit")}
    return types.SimpleNamespace(**(names | compilers))


def _compile_checked(compiler: Any, *args: Any, **options: Any) -> Any:
    unknown = sorted(set(options) - {"fastmath", "nopython", "nogil", "error_model", "inline"})
    if unknown:
        raise PolicyError(
            f"the numba option `{unknown[0]}` is not allowed: use fastmath, nogil or error_model."
        )
    if args and callable(args[0]):
        return compiler(boundscheck=True)(args[0])
    return compiler(*args, boundscheck=True, **options)

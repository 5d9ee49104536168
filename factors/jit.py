"""Numeric kernels: Python functions whose annotations are their machine signature, compiled on first use.

    @kernel
    def demean(x: Matrix, out: OutMatrix, begin: int, end: int) -> None: ...

Declaring a kernel costs nothing: Numba is imported, and the kernel compiled or read back from the disk
cache, when it is first called. There is one specialisation per kernel, the annotated one: inputs (`Matrix`,
`Vector`, ...) are C-contiguous and read-only, so that read-only and writable arrays share it; `Out*` arrays
are written to. Scalars are annotated `int` (int64), `float` (float64) and `bool`. Arguments are positional.
Kernels release the GIL, and 0/0 is NaN, not an exception. A kernel may call functions marked `@device`,
imported by name; they are inlined. Constants of the module may be used and are frozen in.

The disk cache is Numba's: `__pycache__` beside the source, else the user's cache folder when the package is
read-only; keyed by the source text, the CPU and, added here, by what a kernel pulls in from other files.
`factors.precompile.compile_all` fills it from several processes with visible progress.
"""

import hashlib
import inspect
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import FunctionType, MappingProxyType, SimpleNamespace
from typing import Annotated, Any, Generic, ParamSpec, TypeAlias, TypeVar, get_type_hints, overload

import numpy as np
from numpy.typing import NDArray

from market.arrays import BoolArray, FloatArray, IntArray

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _ArrayOf:
    """Machine type of an array argument."""

    dtype: str
    ndim: int
    writable: bool = False


@dataclass(frozen=True)
class _CallbackOf:
    """Machine type of a compiled function passed by address: float64 arguments, float64 result."""

    arguments: int


Vector: TypeAlias = Annotated[FloatArray, _ArrayOf("float64", 1)]
Matrix: TypeAlias = Annotated[FloatArray, _ArrayOf("float64", 2)]
Cube: TypeAlias = Annotated[FloatArray, _ArrayOf("float64", 3)]
Mask: TypeAlias = Annotated[BoolArray, _ArrayOf("bool_", 2)]
MaskVector: TypeAlias = Annotated[BoolArray, _ArrayOf("bool_", 1)]
Integers: TypeAlias = Annotated[IntArray, _ArrayOf("int64", 2)]
IntegerVector: TypeAlias = Annotated[IntArray, _ArrayOf("int64", 1)]
OutVector: TypeAlias = Annotated[FloatArray, _ArrayOf("float64", 1, writable=True)]
OutMatrix: TypeAlias = Annotated[FloatArray, _ArrayOf("float64", 2, writable=True)]
OutCube: TypeAlias = Annotated[FloatArray, _ArrayOf("float64", 3, writable=True)]
OutMask: TypeAlias = Annotated[BoolArray, _ArrayOf("bool_", 2, writable=True)]
OutIntegers: TypeAlias = Annotated[IntArray, _ArrayOf("int64", 2, writable=True)]
OutIntegerVector: TypeAlias = Annotated[IntArray, _ArrayOf("int64", 1, writable=True)]
Indices: TypeAlias = Annotated[NDArray[np.int32], _ArrayOf("int32", 2)]
OutIndices: TypeAlias = Annotated[NDArray[np.int32], _ArrayOf("int32", 2, writable=True)]
Entries: TypeAlias = Annotated[NDArray[np.uint32], _ArrayOf("uint32", 2)]
OutEntries: TypeAlias = Annotated[NDArray[np.uint32], _ArrayOf("uint32", 2, writable=True)]
Step: TypeAlias = Annotated[Callable[[float, float], float], _CallbackOf(2)]

_KERNELS: dict[str, "Kernel[Any, Any]"] = {}


class Device(Generic[P, R]):
    """A helper that kernels inline; calling it from Python runs it as plain Python."""

    def __init__(self, function: Callable[P, R]) -> None:
        self.function = _plain(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the Python source, for debugging."""
        result: R = self.function(*args, **kwargs)
        return result

    def compiled(self, linked: dict[int, Any]) -> Any:
        """Return what Numba inlines; `linked` are the devices that were compiled before, by identity."""
        return _njit(_link(self.function, {}, linked))


class Kernel(Generic[P, R]):
    """A function compiled to its annotated signature on first call; positional arguments only."""

    def __init__(
        self,
        function: Callable[P, R],
        fastmath: frozenset[str],
        *,
        name: str | None = None,
        bindings: Mapping[str, Device[..., Any]] = MappingProxyType({}),
    ) -> None:
        self.function = _plain(function)
        self.fastmath = fastmath
        self.bindings = bindings
        self.name = f"{self.function.__module__}:{name or self.function.__qualname__}"
        self.__doc__ = function.__doc__
        self.from_cache = False
        self._compiled: Callable[..., R] | None = None
        _KERNELS[self.name] = self

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the compiled code."""
        compiled = self._compiled or self.compile()
        return compiled(*args, **kwargs)

    def variant(self, name: str, **bindings: Device[..., Any]) -> "Kernel[P, R]":
        """Return the same loop around other devices: `bindings` replaces the globals of these names."""
        function: Any = self.function
        return Kernel(function, self.fastmath, name=name, bindings=bindings)

    def compile(self) -> Callable[..., R]:
        """Compile, or read the compiled code from disk; `from_cache` says which."""
        if self._compiled is None:
            linked = _link(self.function, dict(self.bindings), {})
            linked.__qualname__ = f"{self.name.partition(':')[2]}_{_digest(self.function, self.bindings)}"
            dispatcher = _njit(linked, fastmath=set(self.fastmath), nogil=True)
            _enable_cache(dispatcher, self.name)
            dispatcher.compile(_signature(self.function))
            dispatcher.disable_compile()
            self.from_cache = bool(dispatcher.stats.cache_hits)
            self._compiled = dispatcher
        return self._compiled


@overload
def kernel(function: Callable[P, R], /) -> Kernel[P, R]: ...


@overload
def kernel(*, fastmath: frozenset[str]) -> Callable[[Callable[P, R]], Kernel[P, R]]: ...


def kernel(function: Any = None, /, *, fastmath: frozenset[str] = frozenset()) -> Any:
    """Declare a kernel, as `@kernel` or `@kernel(fastmath=frozenset({"contract"}))`.

    `fastmath` takes LLVM flags; those that assume away NaN and infinity are refused: here NaN is data.
    """
    if forbidden := fastmath & {"fast", "nnan", "ninf"}:
        raise ValueError(f"a kernel must keep NaN and infinity, got fastmath {sorted(forbidden)}: drop them")

    def declare(declared: Callable[..., Any]) -> Kernel[..., Any]:
        return Kernel(declared, fastmath)

    return declare if function is None else declare(function)


def device(function: Callable[P, R]) -> Device[P, R]:
    """Declare a helper to be inlined into the kernels that call it by name."""
    return Device(function)


def use_cache_read_only() -> None:
    """Read compiled code from the disk cache, but never write to it: for processes that may not write files.

    Numba tests a folder by writing to it; here it is asked for its permissions instead. The user's cache folder is
    looked up now, for later there may be no environment to find it by. A kernel that is not in the cache is compiled
    in memory.
    """
    from numba.core import caching  # private parts, as Numba has no public switch for this

    folder = user_cache_folder()
    setattr(caching, "AppDirs", lambda **_: SimpleNamespace(user_cache_dir=folder))  # noqa: B010

    def ensure_cache_path(locator: Any) -> None:
        if not os.access(locator.get_cache_path(), os.W_OK):
            raise PermissionError(f"{locator.get_cache_path()} is not a writable folder")

    setattr(caching._CacheLocator, "ensure_cache_path", ensure_cache_path)  # noqa: B010
    setattr(caching.Cache, "save_overload", lambda *_: None)  # noqa: B010


def user_cache_folder() -> str:
    """Where Numba keeps compiled code if the package folder is read-only."""
    from numba.misc.appdirs import AppDirs

    return str(AppDirs(appname="numba", appauthor=False).user_cache_dir)  # type: ignore[no-untyped-call]


def kernels() -> tuple["Kernel[Any, Any]", ...]:
    """Every kernel declared by the modules imported so far."""
    return tuple(_KERNELS.values())


def _plain(function: Callable[..., Any]) -> FunctionType:
    if not isinstance(function, FunctionType):
        raise TypeError(f"only a plain function can be compiled, got {function!r}")
    if function.__closure__ is not None:
        free = ", ".join(function.__code__.co_freevars)
        raise TypeError(
            f"a compiled function cannot close over {free}: pass it, or use a constant of the module"
        )
    return function


@cache
def _numba() -> Any:
    """Numba, imported with the first kernel, because a command that computes nothing must not pay half a second.

    It would import SciPy's linear algebra (a third of a second) only to learn that it is installed, which it is.
    """
    import numba
    from numba.np import linalg  # a private part, as Numba has no public switch for this

    ensure_blas = linalg.ensure_blas
    linalg.ensure_blas = lambda: None
    try:
        import numba.np.arraymath
    finally:
        linalg.ensure_blas = ensure_blas
    return numba


def _njit(function: FunctionType, **options: Any) -> Any:
    numba = _numba()
    return numba.njit(error_model="numpy", **options)(function)


def _enable_cache(dispatcher: Any, name: str) -> None:
    try:
        dispatcher.enable_caching()
    except RuntimeError as error:  # Numba's answer when no folder is writable
        logger.warning("kernel %s will be compiled in every process: %s", name, error)


def _referenced(function: FunctionType, bindings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    scope = {**function.__globals__, **bindings}
    return ((name, scope[name]) for name in sorted(set(function.__code__.co_names)) if name in scope)


def _link(function: FunctionType, bindings: dict[str, Any], linked: dict[int, Any]) -> FunctionType:
    """Copy `function` with every `Device` it names replaced by its Numba dispatcher."""
    scope = {**function.__globals__, **bindings}
    for name, value in _referenced(function, bindings):
        if isinstance(value, Device):
            if id(value) not in linked:
                linked[id(value)] = value.compiled(linked)
            scope[name] = linked[id(value)]
    copy = FunctionType(function.__code__, scope, function.__name__)
    copy.__module__ = function.__module__
    return copy


def _digest(function: FunctionType, bindings: Mapping[str, Any]) -> str:
    """Digest of the devices and constants that `function` pulls in: Numba's cache key ignores them."""
    digest = hashlib.sha256()
    for name, value in _referenced(function, bindings):
        if isinstance(value, Device):
            code = value.function.__code__
            digest.update(repr((name, code.co_code, code.co_consts, _digest(value.function, {}))).encode())
        elif isinstance(value, bool | int | float | str | tuple):
            digest.update(repr((name, value)).encode())
    return digest.hexdigest()[:12]


def _signature(function: FunctionType) -> Any:
    from numba import types

    scalars = {int: types.int64, float: types.float64, bool: types.boolean, type(None): types.void}

    def machine_type(annotation: Any) -> Any:
        for extra in getattr(annotation, "__metadata__", ()):
            if isinstance(extra, _ArrayOf):
                dtype = getattr(types, extra.dtype)
                return types.Array(dtype, extra.ndim, "C", readonly=not extra.writable)
            if isinstance(extra, _CallbackOf):
                return types.FunctionType(types.float64(*[types.float64] * extra.arguments))
        return scalars[annotation]

    hints = get_type_hints(function, include_extras=True)
    result = machine_type(hints.pop("return"))
    return result(*(machine_type(hints[name]) for name in inspect.signature(function).parameters))

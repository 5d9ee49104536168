"""Whether a program left the code as it found it: a replaced function would falsify every later evaluation."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from operator import is_
from types import ModuleType

_ALSO_SEALED = frozenset({"__main__", "builtins", "json", "math", "numpy", "numpy.fft", "numpy.linalg"})


class Seal:
    """The names in this project's modules and classes, and in the public ones of NumPy, as they were at birth.

    In this project's a new name is a change, too, for it may hide a builtin or an inherited one; modules that are
    imported later are not. Without packages nothing is sealed.
    """

    def __init__(self, packages: tuple[str, ...]) -> None:
        self._sealed = [_Sealed(*found) for found in (_namespaces(packages) if packages else ())]

    def broken(self) -> str:
        """The first name that no longer means what it meant; "" if there is none."""
        return next((name for sealed in self._sealed if (name := sealed.broken())), "")


class _Sealed:
    """One namespace: its names and values when it was last looked at.

    Values are compared with `is`: calls of `id` are audited, thousands of them by an interpreter that is watched.
    """

    def __init__(self, name: str, space: Mapping[str, object], own: bool) -> None:
        self._name, self._space, self._own = name, space, own
        self._before = dict(space)

    def broken(self) -> str:
        values = self._space.values()
        if len(values) == len(self._before) and all(map(is_, values, self._before.values())):
            return ""
        for key, value in self._before.items():
            if self._space.get(key) is not value:
                return f"{self._name}.{key}"
        for key, value in self._space.items() if self._own else ():
            if key not in self._before and not _is_harmless(key, value):
                return f"{self._name}.{key}"
        self._before = dict(self._space)
        return ""


def _is_harmless(name: str, value: object) -> bool:
    return isinstance(value, ModuleType) or name == "__warningregistry__"


def _namespaces(packages: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, object], bool]]:
    for name, module in list(sys.modules.items()):
        own = name.partition(".")[0] in packages
        if not isinstance(module, ModuleType) or not (own or name in _ALSO_SEALED):
            continue
        yield name, vars(module), own
        for key, value in list(vars(module).items()) if own else ():
            if isinstance(value, type) and value.__module__ == name:
                yield f"{name}.{key}", vars(value), own

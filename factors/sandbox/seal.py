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
        sealed = _namespaces(packages) if packages else ()
        self._sealed = [(name, space, dict(space), own) for name, space, own in sealed]

    def broken(self) -> str:
        """The first name that no longer means what it meant; "" if there is none."""
        for name, space, before, own in self._sealed:
            if not all(map(is_, before.values(), map(space.get, before))):
                changed = next(key for key, value in before.items() if space.get(key) is not value)
                return f"{name}.{changed}"
            if own and len(space) != len(before):
                added = [key for key in space if key not in before and not _is_harmless(key, space[key])]
                if added:
                    return f"{name}.{added[0]}"
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

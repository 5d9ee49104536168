"""The `ops` argument of a program: the operators, bound to a panel's universe and to a cache of their results.

Within a tuning run the same sub-expressions recur: `ops.ts_std(data.returns, 20)` is the same array in every
trial that draws 20. A call is remembered by the identity of its inputs — arrays that cannot change: the panel's
own and earlier results, which are handed out read-only — and by the values of its other arguments. A call on an
array that the program made itself is computed anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import numpy as np

from factors.errors import ContractError
from factors.operators.catalogue import OPERATORS, Operator
from market.arrays import BoolArray, FloatArray


class OperatorCache:
    """Results of operator calls, least recently used dropped first once they exceed `max_bytes`."""

    def __init__(self, leaves: Iterable[FloatArray], *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._results: OrderedDict[Hashable, FloatArray] = OrderedDict()
        self._tokens: dict[int, tuple[int, FloatArray]] = {}
        self._next_token = 0
        self.hits = 0
        self.misses = 0
        for leaf in leaves:
            self._remember(leaf)

    def key(self, name: str, arguments: tuple[object, ...], keywords: dict[str, object]) -> Hashable | None:
        """The identity of a call, or None if an argument could change or cannot be identified."""
        parts = [self._part(argument) for argument in (*arguments, *keywords.values())]
        return None if None in parts else (name, tuple(keywords), *parts)

    def get(self, key: Hashable) -> FloatArray | None:
        """The remembered result, now the most recently used."""
        result = self._results.get(key)
        if result is None:
            self.misses += 1
        else:
            self.hits += 1
            self._results.move_to_end(key)
        return result

    def put(self, key: Hashable, result: FloatArray) -> None:
        """Remember a read-only result."""
        if result.nbytes > self._max_bytes:
            return
        self._results[key] = result
        self._remember(result)
        self._bytes += result.nbytes
        while self._bytes > self._max_bytes:
            _, oldest = self._results.popitem(last=False)
            del self._tokens[id(oldest)]
            self._bytes -= oldest.nbytes

    def _remember(self, array: FloatArray) -> None:
        """Give an unchanging array a token that is never used again, and keep it alive while it has one."""
        self._tokens[id(array)] = (self._next_token, array)
        self._next_token += 1

    def _part(self, argument: object) -> Hashable | None:
        if isinstance(argument, np.ndarray):
            known = self._tokens.get(id(argument))
            return None if known is None else ("array", known[0])
        if isinstance(argument, bool | int | float | str | np.number):
            return type(argument).__name__, argument
        if isinstance(argument, list | tuple):
            parts = tuple(self._part(item) for item in argument)
            return None if None in parts else parts
        return ("none",) if argument is None else None


class Operators:
    """Attribute access to every operator of the catalogue; cross-sectional ones use the panel's universe."""

    def __init__(self, universe: BoolArray, cache: OperatorCache | None = None) -> None:
        self._universe = universe
        self._cache = cache

    def __getattr__(self, name: str) -> Callable[..., FloatArray]:
        operator = OPERATORS.get(name)
        if operator is None:
            raise ContractError(f"there is no operator `ops.{name}`; nearest: {', '.join(_nearest(name))}.")
        bound = self._bind(operator)
        setattr(self, name, bound)
        return bound

    def _bind(self, operator: Operator) -> Callable[..., FloatArray]:
        fixed = {"universe": self._universe} if operator.universe else {}
        cache = self._cache

        def call(*arguments: Any, **keywords: Any) -> FloatArray:
            key = cache.key(operator.name, arguments, keywords) if cache else None
            if cache is None or key is None:
                return operator.function(*arguments, **(keywords | fixed))
            result = cache.get(key)
            if result is None:
                result = operator.function(*arguments, **(keywords | fixed))
                result.flags.writeable = False
                cache.put(key, result)
            return result

        call.__name__ = operator.name
        call.__doc__ = operator.function.__doc__
        return call


def _nearest(name: str) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(name, OPERATORS, n=3, cutoff=0.3) or sorted(OPERATORS)[:3]

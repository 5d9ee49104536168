"""Formulas drawn at random, with what they mean: whole-number data, so that both evaluations are exact."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from tests.factors.formulas.evaluator import Frame, Market, above, choose, finite, over, place

Meaning = Callable[[Market], Frame]
Pair = tuple[str, Meaning]

_FIELDS: list[Pair] = [
    (f"${name}", lambda m, name=name: getattr(m, name)) for name in ("open", "close", "volume")
]
_WINDOWS: dict[str, Callable[[Frame, int], Frame]] = {
    "Ref": lambda x, n: x.shift(n),
    "Delta": lambda x, n: x - x.shift(n),
    "Sum": lambda x, n: over(x, n, np.sum),
    "Max": lambda x, n: over(x, n, np.max),
    "Min": lambda x, n: over(x, n, np.min),
    "Med": lambda x, n: over(x, n, np.median),
    "Count": lambda x, n: finite(x).rolling(n, min_periods=0).count(),
}
_PAIRS: dict[str, Callable[[Frame, Frame], Frame]] = {
    "({0} + {1})": lambda x, y: x + y,
    "({0} - {1})": lambda x, y: x - y,
    "Greater({0}, {1})": np.maximum,
    "Less({0}, {1})": np.minimum,
    "({0} > {1})": above,
    "If({0} > {1}, {0}, -{1})": lambda x, y: choose(above(x, y), x, -y),
    "Mul({0}, Sign({1}))": lambda x, y: x * np.sign(y),
}


def _windowed(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    return st.builds(_window, st.sampled_from(sorted(_WINDOWS)), inner, st.integers(1, 6))


def _window(name: str, inner: Pair, days: int) -> Pair:
    text, meaning = inner
    return f"{name}({text}, {days})", lambda m: _WINDOWS[name](meaning(m), days)


def _paired(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    return st.builds(_pair, st.sampled_from(sorted(_PAIRS)), inner, inner)


def _pair(template: str, first: Pair, second: Pair) -> Pair:
    return template.format(first[0], second[0]), lambda m: _PAIRS[template](first[1](m), second[1](m))


def _outermost(pair: Pair, kind: str) -> Pair:
    text, meaning = pair
    if kind == "rank":
        return f"Rank({text})", lambda m: m.rank(meaning(m))
    return (f"Rank({text}, 4)", lambda m: over(meaning(m), 4, place)) if kind == "place" else pair


_INNER = st.recursive(st.sampled_from(_FIELDS), lambda inner: _windowed(inner) | _paired(inner), max_leaves=8)
formulas = st.builds(_outermost, _INNER, st.sampled_from(["plain", "rank", "place"]))

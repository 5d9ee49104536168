"""The look-ahead test of every candidate: a value at day t may depend on rows up to t only.

Two independent trials at several cuts. Truncation: the program on the first `cut` rows gives the same first `cut`
rows as on the whole panel. A changed future: rows after the cut are altered at random, the rows before must not
move. A program that normalises over the whole sample fails both; one that merely peeks at its length fails one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import numpy as np

from factors.errors import LookAheadError
from market.arrays import BoolArray, FloatArray
from market.panel import Panel

RELATIVE_TOLERANCE = 1e-7


def audit_causality(
    score: Callable[[Panel], FloatArray],
    panel: Panel,
    *,
    cuts: tuple[float, ...] = (0.55, 0.8),
    seed: int = 0,
) -> None:
    """Raise `LookAheadError` naming the first date whose score depends on a later row.

    `score` maps a panel to a (T, N) signal; `cuts` are fractions of the panel's rows. A cut before which the
    signal has no opinion at all proves nothing, so the caller chooses a panel longer than the program's windows.
    """
    rng = np.random.default_rng(seed)
    whole = score(panel)
    for fraction in cuts:
        cut = max(1, int(fraction * panel.shape[0]))
        _compare(
            whole, score(panel.head(cut)), panel, cut, "is computed differently when later days are absent"
        )
        _compare(
            whole, score(_with_other_future(panel, cut, rng)), panel, cut, "moves when later days change"
        )


def _compare(whole: FloatArray, other: FloatArray, panel: Panel, cut: int, fault: str) -> None:
    before, after = whole[:cut], other[:cut]
    differs = _differs(before, after)
    if differs.any():
        row, column = np.argwhere(differs)[0]
        raise LookAheadError(
            f"the score of {panel.symbols[column]} on {panel.dates[row]} {fault} "
            f"(from {before[row, column]:.6g} to {after[row, column]:.6g}): use only rows up to t, "
            "e.g. trailing windows (`ops.ts_*`) instead of statistics of the whole sample."
        )


def _differs(before: FloatArray, after: FloatArray) -> BoolArray:
    scale = np.nanmax(np.abs(before), initial=0.0, axis=1, keepdims=True, where=np.isfinite(before))
    close = np.abs(before - after) <= RELATIVE_TOLERANCE * scale
    both_missing = np.isnan(before) & np.isnan(after)
    return ~(close | both_missing)  # type: ignore[no-any-return]


def _with_other_future(panel: Panel, cut: int, rng: np.random.Generator) -> Panel:
    """Multiply each value after the cut by a factor of its own, different for each field, and thin the universe."""
    factor = rng.uniform(0.6, 1.6, size=(panel.shape[0] - cut, panel.shape[1]))
    views = cycle((factor, factor[::-1], factor[:, ::-1], factor[::-1, ::-1], 2.2 - factor))
    fields = {}
    for (name, values), view in zip(panel.fields.items(), views, strict=False):
        fields[name] = np.concatenate([values[:cut], values[cut:] * view])
    universe = np.array(panel.universe)
    universe[cut:] &= rng.random(universe[cut:].shape) < 0.7
    return Panel(
        dates=panel.dates, symbols=panel.symbols, fields=fields, universe=universe, tradable=panel.tradable
    )

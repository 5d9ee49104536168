"""A row against the row `lag` days before."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, device, kernel


@device
def finish(now: float, before: float) -> float:
    """Compare a value with an earlier one."""
    return now - before


@kernel
def difference(x: Matrix, lag: int, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with `finish(x[t], x[t - lag])`, NaN in the first `lag` rows."""
    for t in range(min(lag, x.shape[0])):
        out[t, begin:end] = np.nan
    for t in range(lag, x.shape[0]):
        row = x[t, begin:end]
        earlier = x[t - lag, begin:end]
        target = out[t, begin:end]
        for j in range(row.size):
            target[j] = finish(row[j], earlier[j])


@device
def _change(now: float, before: float) -> float:
    return now / before - 1.0


@device
def _before(now: float, before: float) -> float:
    return before


relative_change = difference.variant("relative_change", finish=_change)
delay = difference.variant("delay", finish=_before)

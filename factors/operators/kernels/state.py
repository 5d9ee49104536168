"""State carried from row to row, one for each column."""

import numpy as np

from factors.jit import Matrix, OutMatrix, Step, kernel
from factors.operators.kernels.tiles import WIDE_LANE, wide_width


@kernel
def rows_since(condition: Matrix, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with the rows since the condition was true (neither 0 nor NaN), NaN before."""
    for t in range(condition.shape[0]):
        row = condition[t, begin:end]
        target = out[t, begin:end]
        before = out[max(t - 1, 0), begin:end]
        for j in range(row.size):
            flag = row[j]
            age = before[j] + 1.0 if t > 0 else np.nan
            target[j] = 0.0 if (flag != 0.0) & (flag == flag) else age


@kernel
def hold_values(x: Matrix, enter: Matrix, leave: Matrix, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with `x` as of the last entry, NaN before it and after leaving."""
    for t in range(x.shape[0]):
        row = x[t, begin:end]
        entering = enter[t, begin:end]
        leaving = leave[t, begin:end]
        target = out[t, begin:end]
        before = out[max(t - 1, 0), begin:end]
        for j in range(row.size):
            held = before[j] if t > 0 else np.nan
            gone = leaving[j]
            flag = entering[j]
            value = row[j]
            held = np.nan if (gone != 0.0) & (gone == gone) else held
            target[j] = value if (flag != 0.0) & (flag == flag) else held


@kernel
def carry_forward(x: Matrix, window: int, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with the latest present value of the last `window` rows."""
    step = wide_width(end - begin)
    state = np.empty(2 * WIDE_LANE)  # last present value, its age
    for left in range(begin, end, step):
        right = min(left + step, end)
        state[:WIDE_LANE] = np.nan
        state[WIDE_LANE:] = 0.0
        for t in range(x.shape[0]):
            row = x[t, left:right]
            target = out[t, left:right]
            for j in range(row.size):
                value = row[j]
                present = abs(value) < np.inf
                last = state[j]
                age = state[WIDE_LANE + j] + 1.0
                last = value if present else last
                age = 0.0 if present else age
                state[j] = last
                state[WIDE_LANE + j] = age
                target[j] = last if age < window else np.nan


@kernel
def scan_values(step: Step, x: Matrix, initial: float, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with the state after `state = step(state, value)` for each present value."""
    state = np.full(end - begin, initial)
    for t in range(x.shape[0]):
        for j in range(begin, end):
            value = x[t, j]
            if abs(value) < np.inf:
                state[j - begin] = step(state[j - begin], value)
                out[t, j] = state[j - begin]
            else:
                out[t, j] = np.nan

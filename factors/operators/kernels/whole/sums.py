"""Sum and mean of whole windows."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, device, kernel
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width
from factors.operators.kernels.whole.blocks import finite, open_suffix


@device
def finish(total: float, window: float) -> float:
    """Turn a window's sum into the result."""
    return total / window


@kernel
def whole_mean(x: Matrix, window: int, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with `finish(sum)` of whole windows."""
    rows = x.shape[0]
    if window > rows:
        out[:, begin:end] = np.nan
        return
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, LANE))
    state = np.empty(LANE)
    for left in range(begin, end, step):
        right = min(left + step, end)
        for top in range(0, rows, window):
            open_suffix(suffix, top)
            for k in range(window - 1, 0 if top > 0 else window, -1):
                row = x[top - window + k, left:right]
                tail = suffix[k]
                shorter = suffix[k + 1]
                for j in range(row.size):
                    tail[j] = shorter[j] + row[j]
            state[:] = 0.0
            for t in range(top, min(top + window, rows)):
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row = x[t, left:right]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                for j in range(row.size):
                    head = state[j] + row[j]
                    state[j] = head
                    target[j] = finite(finish(head + tail[j], float(window)))


@device
def _total(total: float, window: float) -> float:
    return total


whole_sum = whole_mean.variant("whole_sum", finish=_total)

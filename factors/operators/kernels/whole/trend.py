"""Least-squares line through whole windows: the sums over time are known beforehand."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, device, kernel
from factors.operators.kernels.moments import CONTRACT
from factors.operators.kernels.tiles import LANE, fetch_ahead, tile_width
from factors.operators.kernels.whole.blocks import finite, open_suffix


@device
def finish(distance: float, reach: float, syy: float, stt: float, sty: float) -> float:
    """Turn the last point's distances from the means and the centred sums of products into the result."""
    return sty * (1.0 / stt)


@device
def spread() -> bool:
    """Whether the series' own squares are wanted."""
    return False


@kernel(fastmath=CONTRACT)
def whole_slope(x: Matrix, window: int, out: OutMatrix, begin: int, end: int) -> None:
    """Fill `out[:, begin:end]` with `finish(...)` of whole windows; time counts from the middle of the window."""
    rows = x.shape[0]
    if window > rows:
        out[:, begin:end] = np.nan
        return
    size = float(window)
    share = 1.0 / size
    reach = 0.5 * (size - 1.0)
    stt = size * (size * size - 1.0) / 12.0
    step = tile_width(end - begin)
    suffix = np.empty((window + 1, 3 * LANE))
    state = np.empty(3 * LANE)
    for left in range(begin, end, step):
        right = min(left + step, end)
        for top in range(0, rows, window):
            anchor = x[top, left:right]
            open_suffix(suffix, top)
            for k in range(window - 1, 0 if top > 0 else window, -1):
                clock = float(k - window)
                row = x[top - window + k, left:right]
                tail = suffix[k]
                shorter = suffix[k + 1]
                for j in range(row.size):
                    deviation = row[j] - anchor[j]
                    tail[j] = shorter[j] + deviation
                    tail[LANE + j] = shorter[LANE + j] + deviation * clock
                    if spread():
                        tail[2 * LANE + j] = shorter[2 * LANE + j] + deviation * deviation
            state[:] = 0.0
            for t in range(top, min(top + window, rows)):
                clock = float(t - top)
                middle = clock - reach
                fetch_ahead(x, t, left, right)
                fetch_ahead(out, t, left, right)
                row = x[t, left:right]
                tail = suffix[t - top + 1]
                target = out[t, left:right]
                for j in range(row.size):
                    deviation = row[j] - anchor[j]
                    total = state[j] + deviation
                    moment = state[LANE + j] + deviation * clock
                    state[j] = total
                    state[LANE + j] = moment
                    total += tail[j]
                    mean = total * share
                    sty = moment + tail[LANE + j] - middle * total
                    syy = 0.0
                    if spread():
                        square = state[2 * LANE + j] + deviation * deviation
                        state[2 * LANE + j] = square
                        syy = square + tail[2 * LANE + j] - mean * total
                    target[j] = finite(finish(deviation - mean, reach, syy, stt, sty))


@device
def _rsquare(distance: float, reach: float, syy: float, stt: float, sty: float) -> float:
    share = sty * sty / (stt * syy)
    share = 1.0 if share > 1.0 else share
    return share if syy > 0.0 else np.nan


@device
def _residual(distance: float, reach: float, syy: float, stt: float, sty: float) -> float:
    return distance - sty * (reach / stt)


@device
def _yes() -> bool:
    return True


whole_rsquare = whole_slope.variant("whole_rsquare", finish=_rsquare, spread=_yes)
whole_residual = whole_slope.variant("whole_residual", finish=_residual)

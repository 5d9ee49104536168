"""A row against its own mean, spread and gross size, over present values of the members."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Mask, Matrix, OutMatrix, device, kernel

REASSOCIATE = frozenset({"contract", "reassoc"})  # sums of a row may be added in any order: SIMD lanes


@device
def finish(distance: float, mean: float, deviation: float, gross: float, parameter: float) -> float:
    """Turn a value's distance from its row's mean, and the row's statistics, into the result."""
    return distance


@kernel(fastmath=REASSOCIATE)
def demean_rows(x: Matrix, members: Mask, parameter: float, out: OutMatrix, begin: int, end: int) -> None:
    """Fill rows `begin:end` with `finish(...)`, NaN for others; `members` has as many rows as `x`, or one."""
    for t in range(begin, end):
        row = x[t]
        member = members[t if members.shape[0] > 1 else 0]
        target = out[t]
        anchor = 0.0
        for j in range(row.size):
            if member[j] and abs(row[j]) < np.inf:
                anchor = row[j]
                break
        count = 0.0
        total = 0.0
        gross = 0.0
        for j in range(row.size):
            value = row[j]
            known = (abs(value) < np.inf) & member[j]
            value = value if known else np.nan
            distance = value - anchor
            size = abs(value)
            count += 1.0 if known else 0.0
            total += distance if known else 0.0
            gross += size if known else 0.0
            target[j] = distance
        offset = total / count
        squares = 0.0
        for j in range(row.size):
            distance = target[j] - offset
            square = distance * distance
            squares += square if square == square else 0.0
        deviation = np.sqrt(squares / (count - 1.0)) if count > 1.0 else np.nan
        for j in range(row.size):
            target[j] = finish(target[j] - offset, anchor + offset, deviation, gross, parameter)


@device
def _standardised(distance: float, mean: float, deviation: float, gross: float, parameter: float) -> float:
    return distance / deviation if deviation > 0.0 else np.nan


@device
def _scaled(distance: float, mean: float, deviation: float, gross: float, parameter: float) -> float:
    return (mean + distance) * (parameter / gross) if gross > 0.0 else np.nan


@device
def _winsorized(distance: float, mean: float, deviation: float, gross: float, parameter: float) -> float:
    reach = parameter * deviation if deviation == deviation else 0.0
    return mean + max(-reach, min(reach, distance)) if distance == distance else np.nan


standardise_rows = demean_rows.variant("standardise_rows", finish=_standardised)


@device
def _mean(distance: float, mean: float, deviation: float, gross: float, parameter: float) -> float:
    return mean


@device
def _deviation(distance: float, mean: float, deviation: float, gross: float, parameter: float) -> float:
    return deviation


mean_rows = demean_rows.variant("mean_rows", finish=_mean)
deviation_rows = demean_rows.variant("deviation_rows", finish=_deviation)
scale_rows = demean_rows.variant("scale_rows", finish=_scaled)
winsorize_rows = demean_rows.variant("winsorize_rows", finish=_winsorized)

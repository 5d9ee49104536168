"""A row's values against those of their own group; groups are whole numbers from 0, missing = none."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Entries, IntegerVector, Mask, Matrix, OutMatrix, device, kernel
from factors.sorting import Columns, unpack_row
from market.arrays import FloatArray


@device
def finish(distance: float, deviation: float) -> float:
    """Turn a value's distance from its group's mean and the group's standard deviation into the result."""
    return distance


@device
def group_of(value: float, label: float, member: bool, groups: int) -> int:
    """Group of a present value of a member, else -1."""
    known = member and abs(value) < np.inf and label >= 0.0 and label < groups
    return int(label) if known else -1


@kernel
def demean_groups(
    x: Matrix, labels: Matrix, groups: int, members: Mask, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill rows `begin:end` with `finish(...)`; `members` has as many rows as `x`, or one."""
    count = np.empty(groups)
    anchor = np.empty(groups)
    mean = np.empty(groups)  # less the anchor, so that nothing is lost to a common offset
    spread = np.empty(groups)
    for t in range(begin, end):
        member = members[t if members.shape[0] > 1 else 0]
        count[:] = 0.0
        mean[:] = 0.0
        spread[:] = 0.0
        for j in range(x.shape[1]):
            g = group_of(x[t, j], labels[t, j], member[j], groups)
            if g >= 0:
                if count[g] == 0.0:
                    anchor[g] = x[t, j]
                count[g] += 1.0
                mean[g] += x[t, j] - anchor[g]
        for g in range(groups):
            mean[g] = mean[g] / count[g] if count[g] > 0.0 else np.nan
        for j in range(x.shape[1]):
            g = group_of(x[t, j], labels[t, j], member[j], groups)
            if g >= 0:
                spread[g] += (x[t, j] - anchor[g] - mean[g]) ** 2
        for g in range(groups):
            spread[g] = np.sqrt(spread[g] / (count[g] - 1.0)) if count[g] > 1.0 else np.nan
        for j in range(x.shape[1]):
            g = group_of(x[t, j], labels[t, j], member[j], groups)
            out[t, j] = finish(x[t, j] - anchor[g] - mean[g], spread[g]) if g >= 0 else np.nan


@device
def _standardised(distance: float, deviation: float) -> float:
    return distance / deviation if deviation > 0.0 else np.nan


standardise_groups = demean_groups.variant("standardise_groups", finish=_standardised)


@kernel
def rank_groups(
    x: Matrix,
    packed: Entries,
    sizes: IntegerVector,
    bits: int,
    labels: Matrix,
    groups: int,
    out: OutMatrix,
    begin: int,
    end: int,
) -> None:
    """Fill rows `begin:end` with the average rank in the group divided by the group's size.

    The packed entries are those of values that have a group.
    """
    width = x.shape[1]
    order = np.empty(width, np.uint32)
    grouped = np.empty(width, np.uint32)
    ordered = np.empty(width + 1)
    ties = np.empty(width, np.uint32)
    opening = np.empty(groups + 1, np.int64)
    for t in range(begin, end):
        label = labels[t]
        size = sizes[t - begin]
        unpack_row(packed[t - begin, :size], bits, x[t], ordered, order, ties)
        out[t] = np.nan
        opening[:] = 0
        for i in range(size):
            opening[int(label[order[i]]) + 1] += 1
        for g in range(groups):
            opening[g + 1] += opening[g]
        for i in range(size):  # stable: each group's values stay ascending
            column = order[i]
            g = int(label[column])
            grouped[opening[g]] = column
            opening[g] += 1
        rank_segments(x[t], label, grouped[:size], out[t])


@device
def rank_segments(row: FloatArray, label: FloatArray, columns: Columns, out: FloatArray) -> None:
    """Rank each run of equal labels; `columns` lists the row group by group, each ascending."""
    opening = 0
    while opening < columns.size:
        closing = opening + 1
        while closing < columns.size and label[columns[closing]] == label[columns[opening]]:
            closing += 1
        first = opening
        while first < closing:
            last = first + 1
            while last < closing and row[columns[last]] == row[columns[first]]:
                last += 1
            for i in range(first, last):
                out[columns[i]] = (0.5 * (first + 1 + last) - opening) / (closing - opening)
            first = last
        opening = closing

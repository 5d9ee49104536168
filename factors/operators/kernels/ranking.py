"""Ranks across a row, ties averaged, and what follows from a row in order."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Mask, Matrix, OutMatrix, device, kernel
from factors.sorting import Columns, sort_row, sorting_desk
from market.arrays import BoolArray, FloatArray


@device
def finish(rank: float, size: float, levels: float) -> float:
    """Turn an average rank (from 1) among `size` values into the result: its share."""
    return rank / size


@device
def list_members(members: BoolArray, t: int, listed: int, columns: Columns) -> int:
    """List the columns of row t's members, and return how many; `listed` are those of the row before, if not -1.

    Most days have the members of the day before, which costs one comparison.
    """
    member = members[t if members.shape[0] > 1 else 0]
    if listed >= 0:
        before = members[t - 1 if members.shape[0] > 1 else 0]
        changes = 0
        for j in range(member.size):
            changes += 1 if member[j] != before[j] else 0
        if changes == 0:
            return listed
    size = np.uint64(0)
    for j in range(member.size):
        columns[size] = np.uint32(j)
        size += np.uint64(member[j])
    return int(size)


@kernel
def rank_rows(x: Matrix, members: Mask, levels: float, out: OutMatrix, begin: int, end: int) -> None:
    """Fill rows `begin:end` with `finish(average rank, size)`; `members` has as many rows as `x`, or one."""
    width = x.shape[1]
    columns = np.empty(width, np.uint32)
    values = np.empty(width)
    desk = sorting_desk(width)
    ordered, order = desk[1], desk[2]
    untied = np.empty(width)  # results of the ranks 1, 2, ...
    listed = -1
    before = -1
    for t in range(begin, end):
        listed = list_members(members, t, listed, columns)
        for i in range(listed):
            values[i] = x[t, np.uint64(columns[i])]
        size = sort_row(values[:listed], columns, x[t], desk)
        count = float(size)
        if size != before:
            before = size
            for i in range(size):
                untied[i] = finish(i + 1.0, count, levels)
        target = out[t]
        target[:] = np.nan
        ties = 0
        for i in range(size):
            ties += 1 if ordered[i] == ordered[i + 1] else 0
        for i in range(size):
            target[np.uint64(order[i])] = untied[i]
        last = 1
        while ties > 0 and last < size:
            if ordered[last] != ordered[last - 1]:
                last += 1
                continue
            first = last - 1
            while ordered[last] == ordered[first]:
                last += 1
            for i in range(first, last):
                target[np.uint64(order[i])] = finish(0.5 * (first + 1 + last), count, levels)


@device
def _middle(rank: float, size: float, levels: float) -> float:
    return (rank - 0.5) / size


@device
def _bucket(rank: float, size: float, levels: float) -> float:
    return min(float(np.floor((rank - 0.5) / size * levels)), levels - 1.0)


middle_rows = rank_rows.variant("middle_rows", finish=_middle)
bucket_rows = rank_rows.variant("bucket_rows", finish=_bucket)


@device
def quantile_of(ordered: FloatArray, size: int, share: float) -> float:
    """Quantile of the first `size` ascending values, interpolated linearly."""
    position = (size - 1) * share
    lower = int(position)
    upper = min(lower + 1, size - 1)
    return float(ordered[lower] + (ordered[upper] - ordered[lower]) * (position - lower))


@kernel
def clip_rows(
    x: Matrix, members: Mask, low: float, high: float, out: OutMatrix, begin: int, end: int
) -> None:
    """Fill rows `begin:end` with members' values clipped to the row's quantiles `low` and `high`."""
    width = x.shape[1]
    columns = np.empty(width, np.uint32)
    values = np.empty(width)
    desk = sorting_desk(width)
    listed = -1
    for t in range(begin, end):
        listed = list_members(members, t, listed, columns)
        for i in range(listed):
            values[i] = x[t, np.uint64(columns[i])]
        size = sort_row(values[:listed], columns, x[t], desk)
        bottom = quantile_of(desk[1], size, low) if size > 0 else np.nan
        top = quantile_of(desk[1], size, high) if size > 0 else np.nan
        out[t] = np.nan
        for i in range(listed):
            if abs(values[i]) < np.inf:
                out[t, np.uint64(columns[i])] = max(bottom, min(top, values[i]))

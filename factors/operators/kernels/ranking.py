"""Ranks across a row, ties averaged, and what follows from a row in order."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import (
    Entries,
    IntegerVector,
    Mask,
    Matrix,
    OutEntries,
    OutIntegerVector,
    OutMatrix,
    device,
    kernel,
)
from factors.sorting import SAMPLES, Columns, pack_row, tied_run, unpack_row
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
def pack_rows(
    x: Matrix, members: Mask, bits: int, packed: OutEntries, sizes: OutIntegerVector, begin: int, end: int
) -> None:
    """Pack the members' values of the rows `begin:end`; `members` has as many rows as `x`, or one."""
    width = x.shape[1]
    columns = np.empty(width, np.uint32)
    values = np.empty(width)
    sample = np.empty(SAMPLES)
    listed = -1
    for t in range(begin, end):
        listed = list_members(members, t, listed, columns)
        for i in range(listed):
            values[i] = x[t, np.uint64(columns[i])]
        sizes[t - begin] = pack_row(values[:listed], columns, bits, sample, packed[t - begin])


@kernel
def rank_rows(
    x: Matrix,
    packed: Entries,
    sizes: IntegerVector,
    bits: int,
    levels: float,
    out: OutMatrix,
    begin: int,
    end: int,
) -> None:
    """Fill rows `begin:end` with `finish(average rank, size)` from their packed entries in order."""
    width = x.shape[1]
    order = np.empty(width, np.uint32)
    ordered = np.empty(width + 1)
    ties = np.empty(width, np.uint32)
    untied = np.empty(width)  # results of the ranks 1, 2, ...
    before = -1
    for t in range(begin, end):
        size = sizes[t - begin]
        tied = unpack_row(packed[t - begin, :size], bits, x[t], ordered, order, ties)
        count = float(size)
        if size != before:
            before = size
            for i in range(size):
                untied[i] = finish(i + 1.0, count, levels)
        target = out[t]
        target[:] = np.nan
        for i in range(size):
            target[np.uint64(order[i])] = untied[i]
        k = 0
        while k < tied:
            first = ties[k]
            k = tied_run(ties, tied, k)
            last = ties[k - 1] + 2
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
    x: Matrix,
    packed: Entries,
    sizes: IntegerVector,
    bits: int,
    low: float,
    high: float,
    out: OutMatrix,
    begin: int,
    end: int,
) -> None:
    """Fill rows `begin:end` with members' values clipped to the row's quantiles `low` and `high`."""
    width = x.shape[1]
    order = np.empty(width, np.uint32)
    ordered = np.empty(width + 1)
    ties = np.empty(width, np.uint32)
    for t in range(begin, end):
        size = sizes[t - begin]
        unpack_row(packed[t - begin, :size], bits, x[t], ordered, order, ties)
        out[t] = np.nan
        if size > 0:
            bottom = quantile_of(ordered, size, low)
            top = quantile_of(ordered, size, high)
            for i in range(size):
                out[t, np.uint64(order[i])] = max(bottom, min(top, ordered[i]))

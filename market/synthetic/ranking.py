"""Average ranks across rows in plain NumPy: enough to plant a signal and to measure it."""

from __future__ import annotations

import numpy as np

from market.arrays import BoolArray, FloatArray


def row_ranks(values: FloatArray, valid: BoolArray) -> FloatArray:
    """Ranks 1, 2, … along the last axis among the valid values, ties averaged, NaN elsewhere."""
    keys = np.where(valid, values, np.inf)
    order = np.argsort(keys, axis=-1)
    ordered = np.take_along_axis(keys, order, axis=-1)
    place = np.arange(values.shape[-1], dtype=np.float64)
    starts = np.ones(values.shape, dtype=np.bool_)
    starts[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    ends = np.ones(values.shape, dtype=np.bool_)
    ends[..., :-1] = starts[..., 1:]
    first = np.maximum.accumulate(np.where(starts, place, 0.0), axis=-1)
    last = np.minimum.accumulate(np.where(ends, place, np.inf)[..., ::-1], axis=-1)[..., ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=-1)
    return np.where(valid, ranks, np.nan)


def percent_ranks(values: FloatArray, valid: BoolArray) -> FloatArray:
    """Ranks of the finite valid values divided by their number, in (0, 1], NaN elsewhere."""
    known = valid & np.isfinite(values)
    share: FloatArray = row_ranks(values, known) / np.maximum(known.sum(axis=-1, keepdims=True), 1)
    return share


def standard_ranks(values: FloatArray, valid: BoolArray) -> FloatArray:
    """Ranks of the finite valid values, mean 0 and deviation 1 per row; 0 elsewhere and if all are tied."""
    known = valid & np.isfinite(values)
    centred = _centred(row_ranks(values, known), known)
    variance = (centred**2).sum(axis=-1, keepdims=True) / np.maximum(known.sum(axis=-1, keepdims=True), 1)
    return centred / np.sqrt(np.where(variance > 0, variance, 1.0))


def row_correlation(left: FloatArray, right: FloatArray, valid: BoolArray) -> FloatArray:
    """Pearson correlation of each row over its valid pairs, shape (T,); NaN where a side does not vary."""
    left, right = _centred(left, valid), _centred(right, valid)
    scale = np.sqrt((left**2).sum(axis=-1) * (right**2).sum(axis=-1))
    product = (left * right).sum(axis=-1)
    undefined = np.full(product.shape, np.nan)
    correlation: FloatArray = np.divide(product, scale, out=undefined, where=scale > 0)
    return correlation


def column_medians(rows: FloatArray) -> FloatArray:
    """Median of each column of (days, N), shape (N,); NaN where a day is missing."""
    ordered = np.sort(rows, axis=0)
    middle = len(rows) // 2
    median: FloatArray = (ordered[middle] + ordered[(len(rows) - 1) // 2]) / 2
    return np.where(np.isnan(ordered[-1]), np.nan, median)


def _centred(values: FloatArray, valid: BoolArray) -> FloatArray:
    """Deviations from the row's mean over the valid values, 0 elsewhere."""
    filled = np.where(valid, values, 0.0)
    mean = filled.sum(axis=-1, keepdims=True) / np.maximum(valid.sum(axis=-1, keepdims=True), 1)
    return np.where(valid, filled - mean, 0.0)

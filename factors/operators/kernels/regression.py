"""Residuals of a row's least-squares fit on an intercept and several regressors."""

import numpy as np

from factors.jit import Cube, Mask, Matrix, OutMatrix, kernel

NEGLIGIBLE = 1e-10  # share of a regressor's norm left after the earlier ones: below, it adds nothing


@kernel
def neutralize_rows(x: Matrix, regressors: Cube, members: Mask, out: OutMatrix, begin: int, end: int) -> None:
    """Fill rows `begin:end` with what is left of `x` after projection on 1 and `regressors[k, t]`.

    Gram-Schmidt with one more pass for each regressor, so that collinear ones are dropped rather than
    amplified.
    """
    count = regressors.shape[0]
    basis = np.empty((count + 1, x.shape[1]))
    left = np.empty(x.shape[1])
    where = np.empty(x.shape[1], np.int64)
    for t in range(begin, end):
        out[t] = np.nan
        member = members[t if members.shape[0] > 1 else 0]
        size = 0
        for j in range(x.shape[1]):
            known = member[j] and abs(x[t, j]) < np.inf
            for k in range(count):
                known = known and abs(regressors[k, t, j]) < np.inf
            if known:
                where[size] = j
                size += 1
        if size == 0:
            continue
        rank = 0
        for k in range(-1, count + 1):
            norm = 0.0
            for i in range(size):
                if k < 0:
                    left[i] = 1.0
                elif k < count:
                    left[i] = regressors[k, t, where[i]]
                else:
                    left[i] = x[t, where[i]]
                norm += left[i] * left[i]
            for _ in range(2):
                for b in range(rank):
                    share = 0.0
                    for i in range(size):
                        share += left[i] * basis[b, i]
                    for i in range(size):
                        left[i] -= share * basis[b, i]
            rest = 0.0
            for i in range(size):
                rest += left[i] * left[i]
            if k < count and rest > NEGLIGIBLE * NEGLIGIBLE * norm:
                for i in range(size):
                    basis[rank, i] = left[i] / np.sqrt(rest)
                rank += 1
        for i in range(size):
            out[t, where[i]] = left[i]

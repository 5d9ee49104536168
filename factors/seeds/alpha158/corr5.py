"""Correlation of the closing price with log volume over a few days.

Rationale: a price that rises on growing volume is being bought by the impatient, and such buying
overshoots; a price that rises while volume dries up meets little opposition. Low values are expected to do
better.

Source: Qlib, Alpha158, CORR5 = Corr($close, Log($volume + 1), 5).
"""

import numpy as np

PARAMETERS = {
    "window": {"type": "int", "low": 3, "high": 60, "default": 5, "log": True},
}


def factor(data, ops, p):
    return ops.ts_corr(data.close, np.log(data.volume + 1), p["window"])

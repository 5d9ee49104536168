"""Dispersion of the close over a few days, as a share of today's close.

Rationale: stocks whose price has just moved a lot attract gamblers who pay too much for the chance of more.
Low values are expected to do better.

Source: Qlib, Alpha158, STD5 = Std($close, 5) / $close.
"""

PARAMETERS = {
    "window": {"type": "int", "low": 3, "high": 60, "default": 5, "log": True},
}


def factor(data, ops, p):
    return ops.ts_std(data.close, p["window"]) / data.close

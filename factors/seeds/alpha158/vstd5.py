"""Dispersion of volume over a few days, as a multiple of today's volume.

Rationale: the ratio is large when an outburst of trading has just died down; interest that comes and goes
leaves prices that were pushed without reason. The sign is an empirical question. A day without volume gives
no opinion.

Source: Qlib, Alpha158, VSTD5 = Std($volume, 5) / ($volume + 1e-12).
"""

PARAMETERS = {
    "window": {"type": "int", "low": 3, "high": 60, "default": 5, "log": True},
}


def factor(data, ops, p):
    return ops.safe_div(ops.ts_std(data.volume, p["window"]), data.volume)

"""Today's distance of the close from its own straight-line trend of the last two weeks.

Rationale: a close far above the line through the recent closes is a jump that the trend did not announce;
part of it is pressure that fades once the buyers are served. Low values are expected to do better.

Source: Qlib, Alpha158, RESI10 = Resi($close, 10) / $close.
"""

PARAMETERS = {
    "window": {"type": "int", "low": 3, "high": 60, "default": 10, "log": True},
}


def factor(data, ops, p):
    return ops.ts_residual(data.close, p["window"]) / data.close

"""How straight the path of the close was over the last few days, whatever its direction.

Rationale: a path that a straight line explains well is driven by one-sided, steady flow; once it stops the
price is left without its support. Low values are expected to do better.

Source: Qlib, Alpha158, RSQR5 = Rsquare($close, 5).
"""

PARAMETERS = {
    "window": {"type": "int", "low": 3, "high": 60, "default": 5, "log": True},
}


def factor(data, ops, p):
    return ops.ts_rsquare(data.close, p["window"])

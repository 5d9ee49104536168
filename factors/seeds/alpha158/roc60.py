"""The close of about a quarter ago as a multiple of today's close.

Rationale: the ratio is large after a fall and small after a rise; if prices overreact over a quarter the
fallen recover, if news is absorbed slowly the fallen keep falling. The sign is an empirical question of the
market and the window.

Source: Qlib, Alpha158, ROC60 = Ref($close, 60) / $close.
"""

PARAMETERS = {
    "window": {"type": "int", "low": 20, "high": 120, "default": 60, "log": True},
}


def factor(data, ops, p):
    return ops.ts_delay(data.close, p["window"]) / data.close

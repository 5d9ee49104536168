"""Short-term reversal confirmed by abnormal volume.

Rationale: liquidity providers are paid for absorbing one-sided flow; the pay is larger when the flow is unusual.
"""

PARAMETERS = {
    "window": {"type": "int", "low": 2, "high": 20, "default": 5},
    "volume_window": {"type": "int", "low": 10, "high": 60, "default": 20},
}


def factor(data, ops, p):
    past_return = data.close / ops.ts_delay(data.close, p["window"]) - 1
    surprise = data.volume / ops.ts_mean(data.volume, p["volume_window"])
    return -ops.cs_rank(past_return) * ops.cs_rank(surprise)

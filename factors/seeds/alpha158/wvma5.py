"""Unevenness of the volume-weighted price movement over a few days.

Rationale: where movement times volume comes in one burst, a single event moved the price; where it is even,
many small trades did. Bursts draw attention that is later regretted. Low values are expected to do better.

Source: Qlib, Alpha158, WVMA5 = Std(Abs($close / Ref($close, 1) - 1) * $volume, 5) / (Mean(Abs($close /
Ref($close, 1) - 1) * $volume, 5) + 1e-12).
"""

import numpy as np

PARAMETERS = {
    "window": {"type": "int", "low": 3, "high": 60, "default": 5, "log": True},
}


def factor(data, ops, p):
    change = data.close / ops.ts_delay(data.close, 1) - 1
    weighted_movement = np.abs(change) * data.volume
    return ops.safe_div(
        ops.ts_std(weighted_movement, p["window"]), ops.ts_mean(weighted_movement, p["window"])
    )

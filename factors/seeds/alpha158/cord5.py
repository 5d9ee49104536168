"""Correlation of the daily price change with the daily change of volume over a few days.

Rationale: when rises come with swelling volume the last buyers may already be in; when rises come on
shrinking volume few holders want to sell. Low values are expected to do better.

Source: Qlib, Alpha158, CORD5 = Corr($close / Ref($close, 1), Log($volume / Ref($volume, 1) + 1), 5).
"""

import numpy as np

PARAMETERS = {
    "window": {"type": "int", "low": 3, "high": 60, "default": 5, "log": True},
}


def factor(data, ops, p):
    price_ratio = data.close / ops.ts_delay(data.close, 1)
    volume_ratio = ops.safe_div(data.volume, ops.ts_delay(data.volume, 1))
    return ops.ts_corr(price_ratio, np.log(volume_ratio + 1), p["window"])

"""Lower shadow of today's bar: how far the price fell below its body before it came back.

Rationale: a long lower shadow shows sellers who were met by patient buyers during the day; the unserved
rest of that demand supports the next days. High values are expected to do better.

Source: Qlib, Alpha158, KLOW = (Less($open, $close) - $low) / $open.
"""

import numpy as np

PARAMETERS = {}


def factor(data, ops, p):
    body_bottom = np.minimum(data.open, data.close)
    return (body_bottom - data.low) / data.open

"""Length of today's bar: the distance from low to high as a share of the open.

Rationale: a long bar is a day of disagreement and attention; the attention is paid for, and the price of
stocks in the spotlight tends to sag afterwards. Low values are expected to do better.

Source: Qlib, Alpha158, KLEN = ($high - $low) / $open.
"""

PARAMETERS = {}


def factor(data, ops, p):
    return (data.high - data.low) / data.open

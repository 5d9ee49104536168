"""Reversal: moves made while the market was open, in volume, come back; overnight news does not."""

from __future__ import annotations

from collections.abc import Mapping

from market.arrays import BoolArray, FloatArray
from market.synthetic.history import History
from market.synthetic.planted.rule import PlantedRule

SOURCE = '''"""Reversal of the moves that volume made while the market was open.

Rationale: overnight gaps are news, moves during the day are mostly flow; whoever took the other side of a
heavy flow is paid when it comes back, and the move counts in units of the stock's own volatility.
"""

PARAMETERS = {
    "window": {"type": "int", "low": 3, "high": 15, "default": 6},
    "risk_window": {"type": "int", "low": 10, "high": 60, "default": 20},
}


def factor(data, ops, p):
    during_the_day = data.close / data.open - 1
    flow = ops.ts_sum(during_the_day * data.volume, p["window"])
    typical_move = flow / ops.ts_sum(data.volume, p["window"])
    return -typical_move / ops.ts_std(data.returns, p["risk_window"])
'''


def score(history: History, _universe: BoolArray, p: Mapping[str, float]) -> FloatArray:
    """Today's row of the program above, shape (N,)."""
    window = int(p["window"])
    volume = history.last("volume", window)
    flow = (history.last("close", window) / history.last("open", window) - 1) * volume
    risk = history.returns(int(p["risk_window"])).std(axis=0, ddof=1)
    today: FloatArray = -flow.sum(axis=0) / volume.sum(axis=0) / risk
    return today


REVERSAL = PlantedRule(
    name="intraday_flow_reversal",
    theme="reversal",
    source=SOURCE,
    parameters={"window": 6, "risk_window": 20},
    horizon_days=3,
    strength=0.034,
    score=score,
)

"""Volatility: the fear seen in the daily lows, against the stock's own past."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from market.arrays import BoolArray, FloatArray
from market.synthetic.history import History
from market.synthetic.planted.rule import PlantedRule

SOURCE = '''"""Fear subsiding: the depth of the daily falls is small against the stock's own longer past.

Rationale: holders who were frightened sell too cheaply and come back when the falls get shallower; the low of
the day shows the fright that closing prices miss.
"""

import numpy as np

PARAMETERS = {
    "recent": {"type": "int", "low": 3, "high": 25, "default": 10},
    "usual": {"type": "int", "low": 30, "high": 120, "default": 60},
}


def factor(data, ops, p):
    start = np.maximum(data.open, ops.ts_delay(data.close, 1))
    fall = np.log(start / data.low) ** 2
    return -np.sqrt(ops.ts_mean(fall, p["recent"]) / ops.ts_mean(fall, p["usual"]))
'''


def score(history: History, _universe: BoolArray, p: Mapping[str, float]) -> FloatArray:
    """Today's row of the program above, shape (N,)."""
    recent, usual = int(p["recent"]), int(p["usual"])
    start = np.maximum(history.last("open", 1)[0], history.last("close", 1, skip=1)[0])
    history.record({"fall": np.log(start / history.last("low", 1)[0]) ** 2})
    fall = history.last("fall", usual)
    today: FloatArray = -np.sqrt(fall[-recent:].mean(axis=0) / fall.mean(axis=0))
    return today


VOLATILITY = PlantedRule(
    name="fear_subsiding",
    theme="volatility",
    source=SOURCE,
    parameters={"recent": 10, "usual": 60},
    horizon_days=5,
    strength=0.024,
    score=score,
)

"""Gate: the same move means two things, depending on the volume of the day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from market.arrays import BoolArray, FloatArray
from market.synthetic.history import History
from market.synthetic.planted.rule import PlantedRule
from market.synthetic.ranking import column_medians

SOURCE = '''"""Crowded moves revert, quiet moves go on.

Rationale: a move that ends in abnormal volume is a flow that had to be absorbed and comes back; a move on
ordinary volume is news that spreads slowly.
"""

import numpy as np

PARAMETERS = {
    "window": {"type": "int", "low": 2, "high": 12, "default": 4},
    "usual": {"type": "int", "low": 10, "high": 60, "default": 20},
    "crowd": {"type": "float", "low": 0.8, "high": 1.6, "default": 1.1},
}


def factor(data, ops, p):
    move = ops.cs_demean(data.close / ops.ts_delay(data.close, p["window"]) - 1)
    surprise = data.volume / ops.ts_median(data.volume, p["usual"])
    quiet = np.where(surprise <= p["crowd"], move, np.nan)
    return np.where(surprise > p["crowd"], -move, quiet)
'''


def score(history: History, universe: BoolArray, p: Mapping[str, float]) -> FloatArray:
    """Today's row of the program above, shape (N,)."""
    close, volume = history.last("close", int(p["window"]) + 1), history.last("volume", int(p["usual"]))
    past_return = close[-1] / close[0] - 1
    known = universe & np.isfinite(past_return)
    move = np.where(known, past_return - past_return[known].sum() / max(known.sum(), 1), np.nan)
    surprise = volume[-1] / column_medians(volume)
    quiet = np.where(surprise <= p["crowd"], move, np.nan)
    return np.where(surprise > p["crowd"], -move, quiet)


GATE = PlantedRule(
    name="crowded_move",
    theme="gate",
    source=SOURCE,
    parameters={"window": 4, "usual": 20, "crowd": 1.1},
    horizon_days=1,
    strength=0.034,
    score=score,
)

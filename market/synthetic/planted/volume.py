"""Volume: lasting attention, measured so that one busy day does not count."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from market.arrays import BoolArray, FloatArray
from market.synthetic.history import History
from market.synthetic.planted.rule import PlantedRule
from market.synthetic.ranking import column_medians

SOURCE = '''"""Lasting attention: the ordinary dollar volume of recent days against that of two months.

Rationale: a stock that stays busy has won new holders, who go on buying; medians are used because one spike
is news already digested, not attention.
"""

import numpy as np

PARAMETERS = {
    "recent": {"type": "int", "low": 3, "high": 15, "default": 6},
    "usual": {"type": "int", "low": 20, "high": 90, "default": 45},
}


def factor(data, ops, p):
    dollars = data.close * data.volume
    return np.log(ops.ts_median(dollars, p["recent"]) / ops.ts_median(dollars, p["usual"]))
'''


def score(history: History, _universe: BoolArray, p: Mapping[str, float]) -> FloatArray:
    """Today's row of the program above, shape (N,)."""
    recent, usual = int(p["recent"]), int(p["usual"])
    history.record({"dollars": history.last("close", 1)[0] * history.last("volume", 1)[0]})
    dollars = history.last("dollars", usual)
    today: FloatArray = np.log(column_medians(dollars[-recent:]) / column_medians(dollars))
    return today


VOLUME = PlantedRule(
    name="lasting_attention",
    theme="volume",
    source=SOURCE,
    parameters={"recent": 6, "usual": 45},
    horizon_days=5,
    strength=0.019,
    score=score,
)

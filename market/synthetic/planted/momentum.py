"""Momentum: the stock that beats the others day after day, the newest weeks left out."""

from __future__ import annotations

from collections.abc import Mapping

from market.arrays import BoolArray, FloatArray
from market.synthetic.history import History
from market.synthetic.planted.rule import PlantedRule
from market.synthetic.ranking import percent_ranks

SOURCE = '''"""Steady winners: the average place in each day's table of returns, without the newest weeks.

Rationale: a lead built in many small steps is noticed late, so it goes on; one great day counts no more than
one first place, and the newest weeks are left out because they belong to those who supply liquidity.
"""

PARAMETERS = {
    "window": {"type": "int", "low": 15, "high": 120, "default": 30},
    "skip": {"type": "int", "low": 1, "high": 25, "default": 18},
}


def factor(data, ops, p):
    place = ops.cs_rank(data.returns)
    return ops.ts_delay(ops.ts_mean(place, p["window"]), p["skip"])
'''


def score(history: History, universe: BoolArray, p: Mapping[str, float]) -> FloatArray:
    """Today's row of the program above, shape (N,)."""
    history.record({"place": percent_ranks(history.returns(1)[0], universe)})
    place = history.last("place", int(p["window"]), skip=int(p["skip"]))
    today: FloatArray = place.mean(axis=0)
    return today


MOMENTUM = PlantedRule(
    name="steady_winner_momentum",
    theme="momentum",
    source=SOURCE,
    parameters={"window": 30, "skip": 18},
    horizon_days=10,
    strength=0.015,
    score=score,
)

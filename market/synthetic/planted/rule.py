"""What a planted factor is: a program anyone can run, and the same rule computed one day at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from market.arrays import BoolArray, FloatArray
from market.synthetic.history import History

Score: TypeAlias = Callable[[History, BoolArray, Mapping[str, float]], FloatArray]


@dataclass(frozen=True, kw_only=True)
class PlantedRule:
    """A rule the simulated market obeys.

    name, theme   what it is called and the family of signals it belongs to
    source        the program: text of the factor contract whose values equal `score` on every day
    parameters    the values of the program's parameters that the market uses, the program's defaults
    horizon_days  the effect of one day's signal is spread evenly over so many days
    strength      expected idiosyncratic return that one standard deviation of signal adds over the horizon,
                  as a multiple of the symbol's long-run daily volatility
    score         (history, universe (N,), parameters) -> (N,) today's signal; NaN = no opinion
    """

    name: str
    theme: str
    source: str
    parameters: Mapping[str, float]
    horizon_days: int
    strength: float
    score: Score

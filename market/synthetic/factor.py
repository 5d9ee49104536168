"""A planted factor as the searcher's examiner sees it: the program, its values and what it could earn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PlantedFactor:
    """A factor that the market obeys, known to the examiner and never to the search.

    name, theme         what it is called and the family of signals it belongs to
    source              a factor program; run on the market's panel it gives the planted signal
    parameters          the values the market uses, the program's defaults
    horizon_days        days over which the effect of one day's signal is spread
    attainable_ic       {horizon in days: mean daily Pearson correlation of the signal and the forward return}
    attainable_rank_ic  the same for ranks; both measured over the whole panel
    """

    name: str
    theme: str
    source: str
    parameters: Mapping[str, float]
    horizon_days: int
    attainable_ic: Mapping[int, float]
    attainable_rank_ic: Mapping[int, float]

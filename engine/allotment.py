"""How many trials a program gets: where they promise most. One that many others surpass gets few, one of the best more.

Judged by the training fitness reached so far among that of the run's other programs, never by the days of the reward.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeAlias

FEWEST_TRIALS = 8
FEWEST_PROGRAMS = 8
_STAGES = ((1.0, 0.35), (1.75, 0.12), (2.5, 0.12))
MOST = _STAGES[-1][0]

_Horizons: TypeAlias = "tuple[int, ...] | None"


class Competitors:
    """The training fitness of a run's tuned programs; those judged by other horizons are no competitors."""

    def __init__(self) -> None:
        self._fitness: defaultdict[_Horizons, list[float]] = defaultdict(list)

    def add(self, fitness: float, horizons_days: Sequence[int] | None) -> None:
        """A program was tuned and judged by these horizons, None = all."""
        self._fitness[_key(horizons_days)].append(fitness)

    def surpassing(self, fitness: float, horizons_days: Sequence[int] | None) -> float | None:
        """The share of programs that are better; None if there are fewer than `FEWEST_PROGRAMS`."""
        known = self._fitness[_key(horizons_days)]
        return sum(other > fitness for other in known) / len(known) if len(known) >= FEWEST_PROGRAMS else None


def allotted(trials: int, ended: int, surpassing: float | None) -> int:
    """How many trials a program gets in all, as far as can be told after `ended`, where `trials` is the usual number.

    After `FEWEST_TRIALS` it goes on only if at most 35 % of the others are better; after the usual number, and once
    more, only if at most 12 % are. Without others to compare with it gets the usual number.
    """
    if surpassing is None or trials <= FEWEST_TRIALS:
        return trials
    allowed = FEWEST_TRIALS
    for share, most_surpassing in _STAGES:
        if ended < allowed or surpassing > most_surpassing:
            break
        allowed = round(share * trials)
    return allowed


def _key(horizons_days: Sequence[int] | None) -> _Horizons:
    return None if horizons_days is None else tuple(horizons_days)

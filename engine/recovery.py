"""What a run may claim: factors that beat the luck of all its trials, and planted factors found again.

A factor is confirmed if its mean daily rank IC (averaged over the horizons) is further from zero on the training
rows than the best of as many noise factors as there were trials would be in one run out of twenty, and if on the
validation rows, which no tuner saw, it has the same sign with a t-statistic of at least 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np

from backtest.statistics import newey_west_t, significance_bar
from engine.crew import Job
from engine.requests import Request
from factors.errors import ProgramError
from knowledge_base.records import ProgramRecord, ScoreRecord
from market.arrays import FloatArray
from market.synthetic import PlantedFactor

FOUND_CORRELATION = 0.7
VALIDATION_T = 2.0

Comparison: TypeAlias = tuple[ProgramRecord, tuple[float, ...]]
"""A program and its correlation with each planted factor."""


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """The confirmed program nearest to a planted factor; None for all about it if none was confirmed."""

    planted: str
    theme: str
    horizon_days: int
    attainable_rank_ic: float
    correlation: float | None
    program_id: int | None
    program: str | None

    @property
    def found(self) -> bool:
        """Whether the signals agree well enough to call the planted factor found again."""
        return self.correlation is not None and abs(self.correlation) >= FOUND_CORRELATION

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"found": self.found}


def is_confirmed(program: ProgramRecord, *, trials: int) -> bool:
    """Whether a scored program beats the luck of `trials` trials; see the module's text."""
    t = {score.split: rank_ic_t(score) for score in program.scores}
    return (
        t.get("train", 0.0) >= significance_bar(max(trials, 1)) and t.get("validation", 0.0) >= VALIDATION_T
    )


def rank_ic_t(score: ScoreRecord) -> float:
    """Newey-West t of the daily rank IC averaged over horizons; 0 where it is undefined."""
    series = [horizon.daily_rank_ic for horizon in score.horizons if horizon.daily_rank_ic is not None]
    if len(series) < len(score.horizons):
        return 0.0
    t = newey_west_t(_mean_of_known(np.array(series)), lag=max(h.horizon_days for h in score.horizons))
    return float(np.nan_to_num(t))


def compare(program: ProgramRecord, planted: tuple[PlantedFactor, ...]) -> Job[Comparison]:
    """Ask a worker how near a confirmed program comes to each planted factor."""
    try:
        answer = yield Request(
            "resemblance",
            {
                "source": program.source,
                "parameters": dict(program.parameters or {}),
                "references": [{"source": f.source, "parameters": dict(f.parameters)} for f in planted],
            },
        )
    except ProgramError:  # a program that now runs out of time or memory resembles nothing
        return program, (0.0,) * len(planted)
    return program, tuple(float(np.nan_to_num(value)) for value in answer["correlations"])


def nearest(planted: tuple[PlantedFactor, ...], comparisons: Iterable[Comparison]) -> tuple[Recovery, ...]:
    """For each planted factor the confirmed program whose signal agrees with it most, up to sign."""
    known = sorted(comparisons, key=lambda comparison: comparison[0].id)
    return tuple(_nearest(factor, place, known) for place, factor in enumerate(planted))


def _nearest(factor: PlantedFactor, place: int, comparisons: list[Comparison]) -> Recovery:
    best = max(comparisons, key=lambda comparison: abs(comparison[1][place]), default=None)
    return Recovery(
        planted=factor.name,
        theme=factor.theme,
        horizon_days=factor.horizon_days,
        attainable_rank_ic=factor.attainable_rank_ic[factor.horizon_days],
        correlation=best[1][place] if best else None,
        program_id=best[0].id if best else None,
        program=best[0].name if best else None,
    )


def _mean_of_known(series: FloatArray) -> FloatArray:
    """Mean over horizons per day, NaN where any is missing."""
    return series.mean(axis=0)  # type: ignore[no-any-return]

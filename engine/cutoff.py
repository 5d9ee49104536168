"""Scores before and after a day: what a language model may remember of a market ends with its training data.

A factor that such a model proposed, and that predicts well only up to the model's knowledge cutoff, may be memory and
not insight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from statistics import fmean

import numpy as np

from agents.llm.settings import LanguageConfig
from backtest.scorecard import HorizonScore
from knowledge_base.records import HorizonRecord, ProgramRecord, RunRecord
from market.arrays import BoolArray
from market.errors import DataError


def knowledge_cutoff(run: RunRecord) -> date | None:
    """The latest knowledge cutoff of the models that the run asks; None if it is not known of all."""
    language = LanguageConfig.model_validate(run.config.get("llm", {}))
    cutoffs = [model.knowledge_cutoff for model in (*language.models, *language.helpers)]
    known = [cutoff for cutoff in cutoffs if cutoff is not None]
    return max(known) if known and len(known) == len(cutoffs) else None


def fitness_around(program: ProgramRecord, run: RunRecord, split: str, day: date) -> tuple[float, float]:
    """Fitness on the days of a split up to `day`, and on the later ones; NaN where there are none."""
    days = run.splits.get("days", {}).get(split)
    if not days:
        raise DataError(f"run `{run.name}` was recorded without its days: search again to see scores by day.")
    late = np.array(days, dtype="datetime64[D]") > np.datetime64(day, "D")
    horizons = [horizon for card in program.scores if card.split == split for horizon in card.horizons]
    return _fitness(horizons, ~late), _fitness(horizons, late)


def _fitness(horizons: Sequence[HorizonRecord], chosen: BoolArray) -> float:
    scores = [
        HorizonScore.of(horizon.horizon_days, horizon.daily_ic[chosen], horizon.daily_rank_ic[chosen]).fitness
        for horizon in horizons
        if horizon.daily_ic is not None and horizon.daily_rank_ic is not None
    ]
    return fmean(scores) if scores else math.nan

"""Small runs, programs and scorecards, of which a test names only what it is about."""

import math

import numpy as np

from knowledge_base.records import (
    FailureRecord,
    HorizonRecord,
    NewProgram,
    NewRun,
    ScoreRecord,
    TrialRecord,
    TrialState,
)
from knowledge_base.store import Store


def new_run(name="first", *, seed=7, config=None, horizons_days=(1, 5)) -> NewRun:
    return NewRun(
        name=name,
        seed=seed,
        config=config or {"trials": 20},
        panel={"content_hash": "ab12", "symbols": 3},
        splits={"train": ["2020-01-01", "2021-01-01"]},
        horizons_days=horizons_days,
    )


def new_program(
    fingerprint="f0", *, tags=(), parent_ids=(), iteration=0, source="def factor(): ..."
) -> NewProgram:
    return NewProgram(
        fingerprint=fingerprint,
        name=f"name of {fingerprint}",
        source=source,
        idea="what goes up comes down",
        origin="seed",
        tags=tags,
        iteration=iteration,
        parent_ids=parent_ids,
    )


def trial(number=0, *, value: float | None = 0.5, state: TrialState = "complete", direction=1) -> TrialRecord:
    return TrialRecord(
        number=number,
        parameters={"window": 5 + number},
        state=state,
        value=value,
        direction=direction,
        duration_ms=12.5,
    )


def horizon(days=1, *, ic=0.02, daily_ic=None) -> HorizonRecord:
    return HorizonRecord(
        horizon_days=days,
        ic=ic,
        icir=10 * ic,
        rank_ic=2 * ic,
        rank_icir=20 * ic,
        days=250,
        daily_ic=daily_ic,
        daily_rank_ic=None if daily_ic is None else np.negative(daily_ic),
    )


def scorecard(fitness=1.0, *, split="validation", sharpe=1.5, horizons=None) -> ScoreRecord:
    return ScoreRecord(
        split=split,
        fitness=fitness,
        coverage=0.9,
        turnover=0.3,
        rank_autocorrelation=0.8,
        ar=0.1,
        sharpe=sharpe,
        mdd=math.nan,
        horizons=(horizon(1), horizon(5)) if horizons is None else horizons,
    )


def failure(run_id, program_id=None, *, message="too slow", source="line", iteration=0) -> FailureRecord:
    return FailureRecord(
        run_id=run_id,
        program_id=program_id,
        iteration=iteration,
        stage="tune",
        kind="TimeoutError",
        message=message,
        source=source,
    )


def add_scored(store: Store, run_id, fingerprint, fitness=1.0, *, cluster=None, **card) -> int:
    """A program of the run with one scorecard, on validation unless `card` names another split."""
    program_id = store.record_program(run_id, new_program(fingerprint))
    store.record_scores(
        program_id, parameters={"window": 9}, direction=-1, scorecards=[scorecard(fitness, **card)]
    )
    if cluster is not None:
        store.set_cluster(program_id, cluster)
    return program_id

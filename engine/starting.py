"""What a run is made of before its first program: its place in the store, its seeds, its workers."""

from __future__ import annotations

from typing import Any

from engine.config import MineConfig
from engine.seeding import seeds_of
from engine.source import MiningMarket
from factors.sandbox import Limits, Worker
from knowledge_base.records import NewRun, RunRecord
from knowledge_base.store import Store
from market.errors import ConfigError

_FIXED_FOR_A_RUN = (
    "trials",
    "seed",
    "train_end",
    "valid_end",
    "universe",
    "seeds",
    "horizons_days",
    "min_assets",
    "control",
    "islands",
    "exploration",
    "reward_scale",
    "migration_every",
    "migrants",
    "migration",
    "experience",
    "reward",
    "sampler",
    "allotment",
    "neighbours",
    "emphasis",
    "trial_patience",
    "trial_noise",
)


def starting_seeds(store: Store, config: MineConfig, market: MiningMarket) -> dict[str, str]:
    """The seeds of a new run, or those of the one that is resumed."""
    run = store.find_run(config.run) if config.run else None
    return seeds_of(
        config.seeds,
        store,
        known_until=market.panel.dates[-1].astype("datetime64[D]").item(),
        added_until=run.created_at if run else None,
    )


def start_or_resume(store: Store, config: MineConfig, market: MiningMarket) -> RunRecord:
    """The run of the config's name, new if there is none; `ConfigError` if its settings or its market were others."""
    plain = config.of_a_run
    run = store.find_run(config.run) if config.run else None
    if run is None:
        return store.start_run(
            NewRun(
                name=config.run or _free_name(store),
                seed=config.seed,
                config=plain,
                panel=market.summary(),
                splits=_splits(market),
                horizons_days=config.horizons_days,
            )
        )
    changed = [key for key in _FIXED_FOR_A_RUN if key in run.config and run.config[key] != plain[key]]
    if changed:
        key = changed[0]
        raise ConfigError(
            f"run `{run.name}` was started with {key} = {run.config.get(key)!r}, not {plain[key]!r}: "
            "resume it with the same settings, or choose another --run name."
        )
    if run.panel.get("content_hash") != market.panel.content_hash:
        raise ConfigError(
            f"run `{run.name}` was started on other data ({run.panel.get('origin')}): choose another --run name."
        )
    return run


def _free_name(store: Store) -> str:
    taken = {run.name for run in store.runs()}
    return next(name for number in range(1, len(taken) + 2) if (name := f"run-{number}") not in taken)


def _splits(market: MiningMarket) -> dict[str, Any]:
    dates, splits = market.panel.dates, market.splits
    days = {
        name: [str(day) for day in dates[rows]]
        for name, rows in (("train", splits.train), ("validation", splits.validation))
    }
    ends = {name: [rows[0], rows[-1]] for name, rows in days.items()}
    return ends | {"embargo_days": splits.embargo, "days": days}


def worker_of(config: MineConfig, market: MiningMarket) -> Worker:
    """A worker for the run's programs, not yet started."""
    splits = market.splits
    return Worker(
        service="engine.evaluator:Evaluator",
        settings={
            "panel": str(market.folder),
            "train": [splits.train.start, splits.train.stop],
            "validation": [splits.validation.start, min(splits.validation.stop, market.panel.shape[0])],
            "horizons_days": list(config.horizons_days),
            "min_assets": config.min_assets,
            "shuffle_seed": config.seed if config.control == "shuffled" else None,
        },
        limits=Limits(timeout_s=config.program_timeout, memory_bytes=int(config.program_memory_gib * 2**30)),
        readable=[market.folder],
        require_sandbox=config.require_sandbox,
    )

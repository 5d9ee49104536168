"""What each part of the search is worth: the same search without it, over several seeds, judged on days it never read.

Every variant is a run of its own in a store of its own. Its elites are the five best of its ranking by reward, distinct
as signals; their fitness on the test days is computed once the run is over, by nothing that the search can see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from agents.proposer import Proposer
from engine.config import MineConfig
from engine.evaluation import evaluate
from engine.mining import MineResult, mine
from engine.source import whole_market
from factors.program import Program
from knowledge_base.briefing import Elite
from knowledge_base.store import open_store
from market.errors import ConfigError
from market.panel import Panel
from market.scratch import scratch_folder

ELITES = 5
PARTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "micro-search": {"default parameters only": {"trials": 1, "neighbours": 0}},
    "allotment": {"trials shared evenly": {"allotment": "even"}},
    "sampler": {"random parameters": {"sampler": "random"}},
    "islands": {"one island": {"islands": 1}},
    "experience": {
        "best paths, not chains": {"experience": "top-k"},
        "elites, no tree": {"experience": "none"},
        "measures in turn": {"experience": "blind"},
    },
    "chance": {
        "random programs": {"proposer": "random"},
        "random programs, default parameters": {"proposer": "random", "trials": 1, "neighbours": 0},
    },
    "reward": {"plain validation fitness": {"reward": "paper"}},
}
"""What can be left out, and the settings that leave it out."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One run of one variant: fitness of the best program and of the elites, and how many planted factors it found."""

    variant: str
    seed: int
    best_validation: float
    elites_validation: float
    elites_test: float
    found: int
    trials: int
    elapsed_s: float


def ablate(
    config: MineConfig,
    what: Sequence[str],
    *,
    seeds: Sequence[int],
    proposer: Proposer,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Run the whole search, and each variant of the parts in `what`, once for each seed.

    Raises `ConfigError` for an unknown part, or what `mine` raises.
    """
    unknown = [part for part in what if part not in PARTS]
    if unknown:
        raise ConfigError(f"the parts of the search are {', '.join(PARTS)}; got {unknown[0]!r}.")
    variants: dict[str, Mapping[str, Any]] = {"everything": {}} | {
        name: change for part in what for name, change in PARTS[part].items()
    }
    panel, splits = whole_market(config)
    outcomes = []
    for seed in seeds:
        for name, changes in variants.items():
            with scratch_folder() as folder:
                settings = {"store": str(folder / "run.db"), "run": "run", "seed": seed}
                chosen = MineConfig.of(config.model_dump() | settings | dict(changes))
                result = mine(chosen, proposer=None if "proposer" in changes else proposer)
                outcome = _outcome(name, seed, chosen, result, panel, test_start=splits.validation_end)
            outcomes.append(outcome)
            on_outcome(outcome)
    return outcomes


def summary(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """A row a variant: mean and standard deviation over the seeds."""
    rows = []
    for variant in dict.fromkeys(outcome.variant for outcome in outcomes):
        runs = [outcome for outcome in outcomes if outcome.variant == variant]
        row: dict[str, Any] = {"variant": variant, "seeds": len(runs)}
        for name in ("best_validation", "elites_validation", "elites_test", "found", "trials", "elapsed_s"):
            values = [float(getattr(run, name)) for run in runs]
            row[name] = fmean(values)
            row[f"{name}_sd"] = stdev(values) if len(values) > 1 else 0.0
        row["kept_on_test"] = row["elites_test"] / row["elites_validation"]
        rows.append(row)
    return rows


def _outcome(
    variant: str, seed: int, config: MineConfig, result: MineResult, panel: Panel, *, test_start: int
) -> Outcome:
    with open_store(config.store) as store:
        run = store.find_run(result.run)
        elites = store.best(run.id, elites=ELITES) if run else ()
        best = store.ranking(result.run, top=1)
    return Outcome(
        variant=variant,
        seed=seed,
        best_validation=best[0].fitness if best else float("nan"),
        elites_validation=fmean([elite.validation_fitness or 0.0 for elite in elites] or [float("nan")]),
        elites_test=fmean([_on_test(elite, panel, test_start) for elite in elites] or [float("nan")]),
        found=sum(recovery.found for recovery in result.recovered),
        trials=result.trials_done,
        elapsed_s=result.elapsed_s,
    )


def _on_test(elite: Elite, panel: Panel, test_start: int) -> float:
    """The fitness of an elite, with the sign learnt in training, on the days that the search could not read."""
    program = Program.parse(elite.source, name=elite.name)
    start = str(panel.dates[test_start])
    judged = evaluate(program, panel, parameters=elite.parameters, start=start)
    return float(judged.to_dict()["fitness"] or 0.0) * elite.direction

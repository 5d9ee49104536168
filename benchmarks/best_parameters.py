"""What better parameters could still add to a search: `python -m benchmarks.best_parameters --seeds 1 2 3`.

Searches the built-in market, once as usual and once with default parameters only. Then every program that was scored is
tuned once more, by Optuna's TPE on the validation days themselves. No search may do that; it tells what the best of a
run's programs would be worth with parameters from somebody who knew those days, beside what it is worth with its
defaults and with the parameters that the run chose. About five minutes a seed; seeds are shared out over the cores.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np

from backtest.labels import Labels
from backtest.scoring import combined_score
from backtest.splits import mining_panel
from engine.ablation import PARTS
from engine.config import MineConfig
from engine.evaluator import Bench
from engine.mining import mine
from engine.samplers import as_drawn, distributions, new_study
from engine.source import whole_market
from factors.compiled import ensure_compiled
from factors.errors import ProgramError
from factors.execution import Runnable
from factors.program import Program
from knowledge_base.records import ProgramRecord
from knowledge_base.store import open_store
from market.scratch import scratch_folder

USUAL: Mapping[str, Any] = {"iterations": 60, "trials": 20, "workers": 1}

Fitness = Callable[[Mapping[str, object]], float]


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Fitness of one program on the validation days: with its defaults, as the run left it, and at the best."""

    default: float
    chosen: float
    best: float


def gain(record: ProgramRecord, fitness: Fitness, *, trials: int) -> Gain:
    """Tune a scored program by `fitness`, beginning with what is known; infinitely bad where it has none."""
    parameters = Program.parse(record.source).parameters
    study = new_study()
    known = [parameters.defaults(), parameters.complete(record.parameters)]
    values = [_known(fitness(point)) for point in known]
    for point in known:
        study.enqueue_trial(as_drawn(parameters, point), skip_if_exists=True)
    for _ in range(trials if parameters else 0):
        trial = study.ask(distributions(parameters))
        values.append(_known(fitness(trial.params)))
        study.tell(trial, values[-1])
    return Gain(default=values[0], chosen=values[1], best=max(values))


def searched(seed: int, changes: Mapping[str, Any]) -> list[ProgramRecord]:
    """The programs that a search of the built-in market has scored."""
    with scratch_folder() as folder:
        config = MineConfig.of(
            {**USUAL, "seed": seed, "store": str(folder / "run.db"), "run": "run", **changes}
        )
        mine(config)
        with open_store(config.store) as store:
            return [store.program(factor.id) for factor in store.ranking("run", top=None)]


def gains(job: tuple[int, Mapping[str, Any]], *, trials: int) -> list[Gain]:
    """Search, then tune each program by its fitness, whatever the sign, on the validation days."""
    ensure_compiled()
    market, splits = whole_market(MineConfig.of(dict(USUAL)))
    panel = mining_panel(market, splits)
    labels, bench = Labels.of(panel), Bench(panel, cache_bytes=2**28)

    def tuned(record: ProgramRecord) -> Gain:
        runnable = Runnable(Program.parse(record.source))

        def fitness(values: Mapping[str, object]) -> float:
            try:
                signal = bench.run(runnable, values)
            except ProgramError:
                return float("nan")
            return abs(combined_score(signal, labels, rows=splits.validation))

        return gain(record, fitness, trials=trials)

    return [tuned(record) for record in searched(*job)]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.best_parameters")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="[1 2 3]")
    parser.add_argument(
        "--trials", type=int, default=150, help="of each program on the validation days [150]"
    )
    options = parser.parse_args(arguments)
    ensure_compiled()
    variants: dict[str, Mapping[str, Any]] = {"everything": {}} | dict(PARTS["micro-search"])
    print("fitness of the best program on the validation days, with its parameters as they are by")
    print(f"{'variant':22}  seed programs  default   chosen     best")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for name, changes in variants.items():
            jobs = [(seed, changes) for seed in options.seeds]
            table = []
            for seed, found in zip(
                options.seeds, pool.map(partial(gains, trials=options.trials), jobs), strict=True
            ):
                table.append(np.max([(g.default, g.chosen, g.best) for g in found], axis=0))
                print(
                    f"{name:22} {seed:5} {len(found):8}", *(f"{part:8.3f}" for part in table[-1]), flush=True
                )
            print(f"{name:22}  mean {'':8}", *(f"{part:8.3f}" for part in np.mean(table, axis=0)), flush=True)


def _known(fitness: float) -> float:
    return fitness if np.isfinite(fitness) else -np.inf


if __name__ == "__main__":
    main()

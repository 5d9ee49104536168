"""Which early look finds the parameters that are best in the end: `python -m benchmarks.pruning`.

Every plain program of the offline proposer and every seed is run with random parameters on the real panel (a random
one where the data is absent). Each look keeps the upper part of them, as the pruner does; what counts is the best
fitness on all dates that is still among the kept, as a share of the best of all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import optuna

from agents.grammar.grafting import opening
from agents.grammar.measures import MEASURES
from agents.grammar.tidying import tidied
from backtest.labels import Labels
from backtest.scoring import combined_score
from benchmarks.scoring import DATA, random_panel, real_panel
from engine.evaluator import EARLY_STEP, Bench
from engine.samplers import distributions
from engine.tuning import KEPT_PERCENT
from factors.compiled import ensure_compiled
from factors.errors import ProgramError
from factors.execution import Runnable
from factors.program import Program
from factors.seeds import seed_sources
from market.arrays import FloatArray, IntArray
from market.panel import Panel

DRAWS = 20
FEWEST = 8  # parameters with a fitness, for a program to count


def looks(dates: int) -> dict[str, IntArray]:
    """The dates that each look sees, and last all of them."""
    every = np.arange(dates)
    return {
        f"every {EARLY_STEP}th date": every[::EARLY_STEP],
        f"the first 1/{EARLY_STEP} of the dates": every[: dates // EARLY_STEP],
        "all dates": every,
    }


def programs() -> Iterator[Program]:
    """The seeds and the proposer's plain programs."""
    for source in seed_sources("alpha158-10").values():
        yield Program.parse(source)
    for measure in MEASURES:
        yield Program.parse(tidied(opening(measure)).render())


def fitness_by_look(program: Program, bench: Bench, labels: Labels) -> FloatArray:
    """Fitness whatever its sign, (parameters, looks), of random parameters; rows without one are left out."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    runnable, rows = Runnable(program), []
    seen: set[str] = set()
    for _ in range(DRAWS):
        drawn = study.ask(distributions(program.parameters)).params
        if str(drawn) in seen:
            continue
        seen.add(str(drawn))
        try:
            signal = bench.run(runnable, program.parameters.complete(drawn))
        except ProgramError:
            continue
        rows.append([abs(combined_score(signal, labels, rows=d)) for d in looks(len(signal)).values()])
    table = np.array(rows).reshape(len(rows), -1)
    return table[np.isfinite(table).all(axis=1)]


def kept_share(early: FloatArray, full: FloatArray) -> float:
    """The best full fitness among those in the upper part of the early ones, divided by the best of all."""
    kept = early >= np.percentile(early, 100.0 - KEPT_PERCENT)
    return float(full[kept].max() / full.max())


def measure(panel: Panel) -> dict[str, FloatArray]:
    """Per look the kept shares of all programs."""
    labels, bench = Labels.of(panel), Bench(panel, cache_bytes=2**28)
    tables = [fitness_by_look(program, bench, labels) for program in programs()]
    tables = [table for table in tables if len(table) >= FEWEST]
    return {
        name: np.array([kept_share(table[:, place], table[:, -1]) for table in tables])
        for place, name in enumerate(looks(panel.shape[0]))
    }


def main() -> None:
    """Print a line per look."""
    ensure_compiled()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for name, shares in measure(real_panel() if DATA.exists() else random_panel()).items():
        print(
            f"upper {KEPT_PERCENT:g} % by {name:26} keep {shares.mean():6.1%} of the best fitness, "
            f"the very best of {np.mean(shares == 1.0):4.0%} of {len(shares)} programs"
        )


if __name__ == "__main__":
    main()

"""What the sandbox costs: `python -m benchmarks.sandbox`.

The same seeds are examined, tuned and assessed by two workers in turn, one behind all walls, one behind none, on the
real panel (a random one where the data is absent). Both must find the same parameters and fitness.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from backtest.labels import HORIZONS_DAYS
from benchmarks.driving import driven
from benchmarks.evaluation import Row
from benchmarks.scoring import DATA, random_panel, real_panel
from engine.tuning import Tuned, tune
from factors.compiled import ensure_compiled
from factors.program import Program
from factors.sandbox import Worker
from factors.seeds import seed_sources
from market.panel import Panel

TRIALS, TURNS = 20, 3


def worker_on(folder: Path, rows: int, *, confined: bool) -> Worker:
    settings = {
        "panel": str(folder),
        "train": [0, rows - 131],
        "validation": [rows - 120, rows],
        "horizons_days": list(HORIZONS_DAYS),
        "min_assets": 10,
        "shuffle_seed": None,
    }
    return Worker("engine.evaluator:Evaluator", settings, readable=[folder], confined=confined)


def develop(worker: Worker, program: Program, *, seed: int) -> Tuned:
    """Examine, tune and assess a program, as a mining run does."""
    worker.call("examine", source=program.source)
    tuned = driven(worker, tune(program, trials=TRIALS, seed=[seed], known=[], record=lambda _: None))
    assert tuned is not None
    worker.call("assess", source=program.source, parameters=tuned.parameters, direction=tuned.direction)
    return tuned


def throughput(panel: Panel) -> float:
    """Trials a second with the sandbox, divided by those without: the best of the turns of each."""
    programs = [Program.parse(source) for source in seed_sources("alpha158-10").values()]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "panel"
        panel.save(folder)
        workers = [worker_on(folder, panel.shape[0], confined=confined) for confined in (True, False)]
        best_s = [float("inf"), float("inf")]
        found: list[list[Tuned]] = [[], []]
        try:
            for turn in range(TURNS + 1):  # the first warms both up
                for place, worker in enumerate(workers):
                    started_s = time.perf_counter()
                    found[place] = [develop(worker, program, seed=turn) for program in programs]
                    if turn:
                        best_s[place] = min(best_s[place], time.perf_counter() - started_s)
                if found[0] != found[1]:
                    raise AssertionError("the sandbox changed a result")
        finally:
            for worker in workers:
                worker.close()
    return best_s[1] / best_s[0]


def run() -> list[Row]:
    """The one row."""
    ensure_compiled()
    panel = real_panel() if DATA.exists() else random_panel()
    share = 100.0 * throughput(panel)
    return [Row(task="throughput with the sandbox", value=share, unit="% of that without", least=95)]


def main() -> None:
    for row in run():
        print(f"{row.task:36} {row.value:10.2f} {row.unit:20} {row.bar}")


if __name__ == "__main__":
    main()

"""Whole evaluations: `python -m benchmarks.evaluation`.

One program, `cs_rank(ts_corr(cs_rank(volume), cs_rank(close), 10)) * -ts_std(returns, 20)`, on 2008-2014 of the real
panel (a random one of the same shape where the data is absent): run and scored without a cache, tuned for 30 trials
through a worker process, and its memory. The values are proved equal to pandas' before anything is timed. Then what a
person waits for: help, one `evaluate`, the start of a worker.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backtest.labels import HORIZONS_DAYS, Labels
from backtest.scoring import combined_score
from benchmarks.driving import driven
from benchmarks.scoring import DATA, best_ms, random_panel, real_panel
from engine.evaluator import Bench
from engine.tuning import tune
from factors.compiled import ensure_compiled
from factors.execution import Runnable
from factors.program import Program
from factors.sandbox import Worker
from market.arrays import FloatArray
from market.panel import Panel

TRIALS, STUDIES = 30, 5
SOURCE = '''"""Ranked price-volume correlation, scaled by volatility."""
PARAMETERS = {
    "correlation_window": {"type": "int", "low": 5, "high": 40, "default": 10},
    "volatility_window": {"type": "int", "low": 5, "high": 60, "default": 20},
}


def factor(data, ops, p):
    agreement = ops.ts_corr(ops.cs_rank(data.volume), ops.cs_rank(data.close), p["correlation_window"])
    return ops.cs_rank(agreement) * -ops.ts_std(data.returns, p["volatility_window"])
'''
OTHER_SOURCE = (
    SOURCE.replace("data.volume", "data.high").replace("data.close", "data.low").replace("returns", "open")
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure with its bar; `most` or `least` says which way is good."""

    task: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def bar(self) -> str:
        """The bar and whether it is met; empty without one."""
        if self.most is not None:
            return f"≤ {self.most:g}: {'met' if self.value <= self.most else 'MISSED'}"
        if self.least is not None:
            return f"≥ {self.least:g}: {'met' if self.value >= self.least else 'MISSED'}"
        return ""


def with_pandas(panel: Panel) -> FloatArray:
    """The same program, straightforwardly."""
    inside = panel.to_frame(np.where(panel.universe, 1.0, np.nan))
    volume, close = ((panel.frame(name) * inside).rank(axis=1, pct=True) for name in ("volume", "close"))
    agreement = volume.rolling(10).corr(close).replace([np.inf, -np.inf], np.nan)
    spread = panel.to_frame(panel.returns).rolling(20).std()
    return (-(agreement * inside).rank(axis=1, pct=True) * spread).to_numpy()


def prove_equal(ours: FloatArray, pandas: FloatArray) -> None:
    """Refuse to time anything unless the values agree (pandas' rolling correlation drifts, hence the few ties)."""
    both = np.isfinite(ours) & np.isfinite(pandas)
    near = np.isclose(ours[both], pandas[both], rtol=1e-3, atol=1e-6).mean()
    shared = both.sum() / max(np.isfinite(ours).sum(), np.isfinite(pandas).sum())
    if near < 0.995 or shared < 0.995:
        raise AssertionError(f"values differ from pandas: {near:.2%} agree, {shared:.2%} are in both")


def evaluation_rows(panel: Panel) -> list[Row]:
    """Run and score, without a cache."""
    runnable, labels = Runnable(Program.parse(SOURCE)), Labels.of(panel)
    values = runnable.program.parameters.defaults()
    bench = Bench(panel)

    def evaluate() -> float:
        return combined_score(bench.run(runnable, values), labels)

    evaluate()
    prove_equal(bench.run(runnable, values), with_pandas(panel))
    ours_ms = best_ms(evaluate, 9)
    pandas_ms = best_ms(lambda: with_pandas(panel), 1)
    return [
        Row(task="run and score, no cache", value=1e3 / ours_ms, unit="per second", least=15),
        Row(task="run and score, no cache", value=ours_ms, unit="ms"),
        Row(task="the values alone, pandas", value=pandas_ms, unit="ms"),
        Row(task="peak memory of one evaluation", value=peak_arrays(), unit="signal-sized arrays", most=12),
    ]


def peak_arrays() -> float:
    """Resident memory that the first evaluation adds in a fresh process, in (T, N) float64 arrays."""
    code = "from benchmarks.evaluation import print_peak; print_peak()"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(answer.stdout)


def print_peak() -> None:
    """The child's side of `peak_arrays`: kernels are loaded on a few rows first, then the peak is reset."""
    panel = real_panel() if DATA.exists() else random_panel()
    runnable, labels = Runnable(Program.parse(SOURCE)), Labels.of(panel)
    values = runnable.program.parameters.defaults()
    few = panel.head(60)
    combined_score(Bench(few).run(runnable, values), Labels.of(few))
    bench = Bench(panel)
    ctypes.CDLL(None).malloc_trim(0)  # memory freed while loading must not be counted as there already
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident_kib("VmRSS")
    combined_score(bench.run(runnable, values), labels)
    print((_resident_kib("VmHWM") - before) * 1024 / (panel.shape[0] * panel.shape[1] * 8))


def _resident_kib(field: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith(field)).split()[1])


def tuning_rows(panel: Panel) -> list[Row]:
    """Studies of 30 trials through one worker process, with cache and pruning.

    Each follows a study of another program, so that the cache holds nothing of its own; the best counts.
    """
    program, other = Program.parse(SOURCE), Program.parse(OTHER_SOURCE)
    rows = panel.shape[0]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "panel"
        panel.save(folder)
        settings = {
            "panel": str(folder),
            "train": [0, rows - 31],
            "validation": [rows - 20, rows],
            "horizons_days": list(HORIZONS_DAYS),
            "min_assets": 10,
            "shuffle_seed": None,
        }
        with Worker("engine.evaluator:Evaluator", settings, readable=[folder]) as worker:
            started_s = time.perf_counter()
            worker.start()
            ready_s = time.perf_counter() - started_s
            rates = []
            for seed in range(STUDIES):
                _tune(worker, other, seed=seed)  # a run has used its memory and its cache before
                rates.append(TRIALS / _tune(worker, program, seed=seed))
    return [
        Row(task=f"tuning, {TRIALS} trials", value=max(rates), unit="trials per second", least=30),
        Row(task="start of a worker on this panel", value=ready_s, unit="s", most=1.5),
    ]


def _tune(worker: Worker, program: Program, *, seed: int) -> float:
    """Seconds of one study."""
    started_s = time.perf_counter()
    driven(worker, tune(program, trials=TRIALS, seed=[seed], known=[], record=lambda _: None))
    return time.perf_counter() - started_s


def waiting_rows() -> list[Row]:
    """Whole commands, as a person types them."""
    command = [str(Path(sys.executable).with_name("factorengine"))]
    rows = [Row(task="factorengine --help", value=_seconds([*command, "--help"]), unit="s", most=0.5)]
    if DATA.exists():
        with tempfile.TemporaryDirectory() as scratch:
            program = Path(scratch) / "program.py"
            program.write_text(SOURCE, encoding="utf-8")
            seconds = _seconds([*command, "evaluate", str(program), "--data", str(DATA)])
            rows.append(Row(task="factorengine evaluate, real panel", value=seconds, unit="s", most=3.0))
    return rows


def _seconds(command: list[str]) -> float:
    """The quickest of three, after one by which everything is compiled and parsed."""
    seconds = []
    for _ in range(4):
        started_s = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - started_s)
    return min(seconds[1:])


def run() -> list[Row]:
    """All rows."""
    ensure_compiled()
    panel = real_panel() if DATA.exists() else random_panel()
    return [*evaluation_rows(panel), *tuning_rows(panel), *waiting_rows()]


def main() -> None:
    """Print the table."""
    for row in run():
        print(f"{row.task:36} {row.value:10.2f} {row.unit:20} {row.bar}")


if __name__ == "__main__":
    main()

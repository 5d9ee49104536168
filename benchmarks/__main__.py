"""Every benchmark, one after the other: `make bench`. Prints the tables and writes `benchmarks/results.md`."""

from __future__ import annotations

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks import evaluation, operators, sandbox, scoring
from factors.compiled import ensure_compiled

RESULTS = Path(__file__).with_name("results.md")
PACKAGES = ("numpy", "numba", "pandas", "bottleneck", "polars", "kunquant", "vectorbt", "optuna")
RIVALS = ("pandas", "bottleneck", "polars", "KunQuant", "KunQuant, blocks")


def main() -> None:
    """Measure, print and write."""
    ensure_compiled()
    evaluations = [*evaluation.run(), *sandbox.run()]
    scores, operations = scoring.run(), operators.run()
    scoring_ms = scores[0].ours_ms
    ranking_ms = next(row.ours_ms for row in scores if row.task == scoring.RANKING)
    text = "\n".join(
        [
            "# Measured speed",
            "",
            "Written by `make bench`. float64; minimum of several turns; each rival's values were proved equal first.",
            f"{_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, "
            + ", ".join(f"{name} {version(name)}" for name in PACKAGES)
            + f". Data: {'the real panel, 2008-2014' if scoring.DATA.exists() else 'random, same shape'}.",
            "",
            "## Whole evaluations",
            "",
            *_markdown(("", "value", "unit", "bar"), map(_evaluation_cells, evaluations)),
            "",
            "## Scoring and portfolio, one thread",
            "",
            *_markdown(("", "ours ms", "rival", "rival ms", "ratio", "bar"), map(_scoring_cells, scores)),
            "",
            "How far scoring is from what the machine allows:",
            "",
            *(
                f"- {what} takes {bound_ms:g} ms: scoring takes {scoring_ms / bound_ms:.1f} times as long, "
                f"ranking the signal, a part of it, {ranking_ms / bound_ms:.1f} times"
                for what, bound_ms in scoring.BOUNDS_MS.items()
            ),
            "",
            "## Operators, milliseconds (times slower than ours)",
            "",
            "KunQuant computes on our (T, N) arrays, and on blocks of four symbols, its own layout; bringing the data",
            "into that layout and back is not counted. Its sums are updated by subtracting, ours never subtract.",
            "Each takes its turn with two calls, the quickest of all its calls counts: the second finds its data in",
            "the caches, as far as they hold it. After another's call alone, the cheap ones take up to twice as long.",
            "A difference such as `ts_delta` is one pass over memory, for pandas as for us.",
            "Ratios depend on the processor: some that one machine meets, another with quicker cores does not.",
            "",
            *_markdown(
                ("operator", "shape", "ours", "ours, 2 threads", *RIVALS, "bars"),
                map(_operator_cells, operations),
            ),
            "",
        ]
    )
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def _evaluation_cells(row: evaluation.Row) -> Sequence[str]:
    return row.task, f"{row.value:.2f}", row.unit, row.bar


def _scoring_cells(row: scoring.Row) -> Sequence[str]:
    bars = []
    if row.most_ms is not None:
        bars.append(f"≤ {row.most_ms:g} ms: {_verdict(row.ours_ms <= row.most_ms)}")
    if row.least_ratio is not None:
        bars.append(f"≥ {row.least_ratio:g}×: {_verdict(row.ratio >= row.least_ratio)}")
    rival = (row.rival, f"{row.rival_ms:.1f}", f"{row.ratio:.0f}×") if row.rival else ("", "", "")
    return row.task, f"{row.ours_ms:.2f}", *rival, ", ".join(bars)


def _operator_cells(row: operators.Row) -> Sequence[str]:
    rivals = [f"{row.rivals_ms[r]:.1f} ({row.ratio(r):.1f})" if r in row.rivals_ms else "" for r in RIVALS]
    bars = ", ".join(
        f"{bar.replace('>=', '≥').replace('x ', '× ')}: {_verdict(met)}" for bar, met in row.bars.items()
    )
    shape = f"{row.shape[0]} × {row.shape[1]}"
    return row.operator, shape, f"{row.ours_ms:.2f}", f"{row.two_threads_ms:.2f}", *rivals, bars


def _verdict(met: bool) -> str:
    return "met" if met else "**missed**"


def _markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    return lines + [f"| {' | '.join(cells)} |" for cells in rows]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


if __name__ == "__main__":
    main()

"""Operators against pandas, bottleneck, polars and KunQuant: `python -m benchmarks.operators`.

float64, windows of 20 rows, one thread (and ours on two), on 2008-2014 of the real panel (a random one of the same
shape where the data is absent). Each rival's figures are first proved equal to ours on the symbols without missing
values, where all agree on the rules; then all take turns and the quickest of several turns counts.
"""

from __future__ import annotations

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import platform
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import bottleneck as bn
import numpy as np
import pandas as pd
import polars as pl

from benchmarks.kunquant import GRAPHS, WINDOW, compile_operators, unpack
from factors import operators as ops
from market.arrays import FloatArray

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "us_equities.parquet"
SHAPE = (1762, 954)
LARGE = (2500, 5000)
BARS = {"ts_mean": 15, "ts_std": 15, "ts_ema": 15, "ts_delta": 15, "ts_corr": 30, "ts_rank": 40, "cs_rank": 6}

Call = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One operator on one panel: milliseconds, ours and the rivals'."""

    operator: str
    shape: tuple[int, int]
    ours_ms: float
    two_threads_ms: float
    rivals_ms: dict[str, float] = field(default_factory=dict)

    def ratio(self, rival: str) -> float:
        """Times faster than the rival."""
        return self.rivals_ms.get(rival, float("nan")) / self.ours_ms

    @property
    def bars(self) -> dict[str, bool]:
        """Each bar that applies, and whether it is met; they are set for the real panel's shape."""
        if self.shape == LARGE:
            return {}
        least = {"pandas": BARS.get(self.operator, 0), "KunQuant": 1}
        return {
            f">= {bar}x {rival}": self.ratio(rival) >= bar
            for rival, bar in least.items()
            if bar and rival in self.rivals_ms
        }

    def line(self) -> str:
        """Text for the terminal."""
        rivals = "".join(f"  {n} {ms:8.1f} ({self.ratio(n):5.1f}x)" for n, ms in self.rivals_ms.items())
        bars = "".join(f"  {bar}: {'met' if met else 'MISSED'}" for bar, met in self.bars.items())
        return (
            f"{self.operator:16} {self.ours_ms:8.2f} ms  2 threads {self.two_threads_ms:8.2f}{rivals}{bars}"
        )


def real_fields() -> tuple[FloatArray, FloatArray]:
    """Close and volume of 2008-2014, or random ones of the same shape."""
    if not DATA.exists():
        rng = np.random.default_rng(0)
        close = 50 * np.exp(0.02 * rng.normal(size=SHAPE).cumsum(axis=0))
        return np.where(rng.random(SHAPE) < 0.05, np.nan, close), np.exp(rng.normal(12, 1.5, SHAPE))
    table = pd.read_parquet(DATA, columns=["date", "symbol", "close", "volume"])
    wide = table.pivot_table(index="date", columns="symbol", values=["close", "volume"], aggfunc="last")
    wide.index = pd.to_datetime(wide.index)
    wide = wide.loc["2008":"2014"]  # type: ignore[misc]
    close, volume = (np.ascontiguousarray(wide[name], dtype=np.float64) for name in ("close", "volume"))
    return close, volume


def ours(x: FloatArray, y: FloatArray) -> dict[str, Callable[[], FloatArray]]:
    """Every operator that a rival has, on windows of WINDOW rows."""
    w = WINDOW
    return {
        "ts_delta": lambda: ops.ts_delta(x, w),
        "ts_sum": lambda: ops.ts_sum(x, w),
        "ts_mean": lambda: ops.ts_mean(x, w),
        "ts_var": lambda: ops.ts_var(x, w),
        "ts_std": lambda: ops.ts_std(x, w),
        "ts_skew": lambda: ops.ts_skew(x, w),
        "ts_kurt": lambda: ops.ts_kurt(x, w),
        "ts_min": lambda: ops.ts_min(x, w),
        "ts_max": lambda: ops.ts_max(x, w),
        "ts_argmax": lambda: ops.ts_argmax(x, w),
        "ts_argmin": lambda: ops.ts_argmin(x, w),
        "ts_product": lambda: ops.ts_product(x, w),
        "ts_rank": lambda: ops.ts_rank(x, w),
        "ts_median": lambda: ops.ts_median(x, w),
        "ts_quantile": lambda: ops.ts_quantile(x, w, 0.3),
        "ts_ema": lambda: ops.ts_ema(x, w),
        "ts_decay_linear": lambda: ops.ts_decay_linear(x, w),
        "ts_slope": lambda: ops.ts_slope(x, w),
        "ts_rsquare": lambda: ops.ts_rsquare(x, w),
        "ts_residual": lambda: ops.ts_residual(x, w),
        "ts_corr": lambda: ops.ts_corr(x, y, w),
        "ts_cov": lambda: ops.ts_cov(x, y, w),
        "cs_rank": lambda: ops.cs_rank(x),
        "cs_zscore": lambda: ops.cs_zscore(x),
        "cs_demean": lambda: ops.cs_demean(x),
        "cs_scale": lambda: ops.cs_scale(x),
    }


def pandas_calls(x: FloatArray, y: FloatArray) -> dict[str, Callable[[], pd.DataFrame]]:
    frame, other, w = pd.DataFrame(x), pd.DataFrame(y), WINDOW
    return {
        "ts_delta": lambda: frame.diff(w),
        "ts_sum": lambda: frame.rolling(w).sum(),
        "ts_mean": lambda: frame.rolling(w).mean(),
        "ts_var": lambda: frame.rolling(w).var(),
        "ts_std": lambda: frame.rolling(w).std(),
        "ts_skew": lambda: frame.rolling(w).skew(),
        "ts_kurt": lambda: frame.rolling(w).kurt(),
        "ts_min": lambda: frame.rolling(w).min(),
        "ts_max": lambda: frame.rolling(w).max(),
        "ts_rank": lambda: frame.rolling(w).rank(pct=True),
        "ts_median": lambda: frame.rolling(w).median(),
        "ts_quantile": lambda: frame.rolling(w).quantile(0.3),
        "ts_ema": lambda: frame.ewm(span=w, ignore_na=True, min_periods=w).mean(),
        "ts_corr": lambda: frame.rolling(w).corr(other),
        "ts_cov": lambda: frame.rolling(w).cov(other),
        "cs_rank": lambda: frame.rank(axis=1, pct=True),
        "cs_zscore": lambda: frame.sub(frame.mean(axis=1), axis=0).div(frame.std(axis=1), axis=0),
        "cs_demean": lambda: frame.sub(frame.mean(axis=1), axis=0),
        "cs_scale": lambda: frame.div(frame.abs().sum(axis=1), axis=0),
    }


def bottleneck_calls(x: FloatArray) -> dict[str, Callable[[], FloatArray]]:
    w = WINDOW
    return {
        "ts_sum": lambda: bn.move_sum(x, w, axis=0),
        "ts_mean": lambda: bn.move_mean(x, w, axis=0),
        "ts_var": lambda: bn.move_var(x, w, ddof=1, axis=0),
        "ts_std": lambda: bn.move_std(x, w, ddof=1, axis=0),
        "ts_min": lambda: bn.move_min(x, w, axis=0),
        "ts_max": lambda: bn.move_max(x, w, axis=0),
        "ts_argmax": lambda: bn.move_argmax(x, w, axis=0),
        "ts_argmin": lambda: bn.move_argmin(x, w, axis=0),
        "ts_rank": lambda: bn.move_rank(x, w, axis=0),
        "ts_median": lambda: bn.move_median(x, w, axis=0),
        "cs_rank": lambda: bn.nanrankdata(x, axis=1),
    }


def polars_calls(x: FloatArray) -> dict[str, Callable[[], pl.DataFrame]]:
    frame, w = pl.DataFrame(x).fill_nan(None), WINDOW
    long = frame.with_row_index("t").unpivot(index="t").drop_nulls()
    every = pl.all()
    return {
        "ts_delta": lambda: frame.select(every.diff(w)),
        "ts_sum": lambda: frame.select(every.rolling_sum(w)),
        "ts_mean": lambda: frame.select(every.rolling_mean(w)),
        "ts_var": lambda: frame.select(every.rolling_var(w)),
        "ts_std": lambda: frame.select(every.rolling_std(w)),
        "ts_min": lambda: frame.select(every.rolling_min(w)),
        "ts_max": lambda: frame.select(every.rolling_max(w)),
        "ts_median": lambda: frame.select(every.rolling_median(w)),
        "ts_ema": lambda: frame.select(every.ewm_mean(span=w, ignore_nulls=True, min_samples=w)),
        "cs_rank": lambda: long.select(pl.col("value").rank("average").over("t") / pl.len().over("t")),
    }


def comparable(operator: str, rival: str, result: object, columns: int) -> FloatArray | None:
    """Bring a rival's result to our layout and scale; None where it has another shape altogether."""
    if rival == "polars" and operator == "cs_rank":
        return None  # long format; pandas and bottleneck prove these ranks
    values = result.to_numpy() if isinstance(result, pd.DataFrame | pl.DataFrame) else np.asarray(result)
    values = values.astype(np.float64)
    if rival == "bottleneck" and operator == "ts_rank":
        return ((values + 1) / 2 * (WINDOW - 1) + 1) / WINDOW
    if rival == "bottleneck" and operator == "cs_rank":
        return values / np.isfinite(values).sum(axis=1, keepdims=True)
    if rival.startswith("KunQuant"):
        values = unpack(values, columns)
        if operator == "ts_rank":
            return values / WINDOW
        if operator in {"ts_argmax", "ts_argmin"}:
            return WINDOW - values
    return values


def prove_equal(operator: str, rival: str, expected: FloatArray, result: object, whole: FloatArray) -> None:
    """Compare a rival with us on complete columns, past the warm-up, to six digits.

    A few values may differ, most of those whose running sums drift most (KunQuant's third and fourth moments), or
    who date another one of equal values in a window.
    """
    values = comparable(operator, rival, result, expected.shape[1])
    if values is None:
        return
    rows = slice(30 * WINDOW if operator == "ts_ema" else WINDOW, None)  # ema: first-value rules fade
    theirs, mine = values[rows][:, whole], expected[rows][:, whole]
    agree = np.isclose(theirs, mine, rtol=1e-6, atol=1e-9 * float(np.nanmax(np.abs(mine))), equal_nan=True)
    least = {"pandas": 0.999, "KunQuant": 0.95, "KunQuant, blocks": 0.95}.get(rival, 0.99)
    if agree.mean() < least:
        raise AssertionError(f"{operator}: {rival} agrees with us on {agree.mean():.4%} of values only")


def take_turns(calls: Sequence[Call], turns: int) -> list[float]:
    """Quickest call, in milliseconds; all take turns, so that a busy moment hits all.

    A turn is two calls, since the one before may have driven out of the caches what the first one reads.
    """
    best = [float("inf")] * len(calls)
    for _ in range(turns):
        for i, call in enumerate(calls):
            for _ in range(2):
                start = time.perf_counter()
                call()
                best[i] = min(best[i], 1e3 * (time.perf_counter() - start))
    return best


def on_two_threads(call: Call) -> Call:
    def run() -> object:
        with ops.threads(2):
            return call()

    return run


def measure(
    x: FloatArray, y: FloatArray, rivals: dict[str, dict[str, Call]], names: Sequence[str], *, turns: int
) -> list[Row]:
    """Time our operators and the rivals' on one panel, equality proved first."""
    mine = ours(x, y)
    whole = np.isfinite(x).all(axis=0) & np.isfinite(y).all(axis=0)
    rows = []
    for name in names:
        here = {rival: calls[name] for rival, calls in rivals.items() if name in calls}
        expected = mine[name]()
        for rival, call in here.items():
            prove_equal(name, rival, expected, call(), whole)
        timings = take_turns([mine[name], on_two_threads(mine[name]), *here.values()], turns)
        row = Row(
            operator=name,
            shape=(x.shape[0], x.shape[1]),
            ours_ms=timings[0],
            two_threads_ms=timings[1],
            rivals_ms=dict(zip(here, timings[2:], strict=True)),
        )
        print(row.line(), flush=True)
        rows.append(row)
    return rows


def kunquant_calls(x: FloatArray, y: FloatArray, *, by_date: bool) -> dict[str, Call]:
    """KunQuant on the same panel: the same arrays, or blocks of symbols, on which it has no cross sections."""
    compiled = compile_operators([n for n in GRAPHS if by_date or not n.startswith("cs_")], by_date=by_date)
    calls: dict[str, Call] = {}
    for name, operator in compiled.items():
        prepared = operator.prepare(x, y)
        calls[name] = lambda operator=operator, prepared=prepared: operator.run(prepared)  # type: ignore[misc]
    return calls


def run(*, turns: int = 7, large: bool = True) -> list[Row]:
    """Measure everything; the rows of the table."""
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    x, y = real_fields()
    print(f"panel {x.shape}, {np.isfinite(x).mean():.1%} present, window {WINDOW}")
    rivals: dict[str, dict[str, Call]] = {
        "pandas": dict(pandas_calls(x, y)),
        "KunQuant": kunquant_calls(x, y, by_date=True),
        "KunQuant, blocks": kunquant_calls(x, y, by_date=False),
        "bottleneck": dict(bottleneck_calls(x)),
        "polars": dict(polars_calls(x)),
    }
    rows = measure(x, y, rivals, list(ours(x, y)), turns=turns)
    if large:
        rng = np.random.default_rng(1)
        x, y = rng.normal(size=(2, *LARGE))
        print(f"panel {x.shape}, random")
        chosen = ("ts_mean", "ts_std", "ts_ema", "ts_delta", "ts_corr", "ts_rank", "cs_rank", "cs_zscore")
        rows += measure(x, y, {"pandas": dict(pandas_calls(x, y))}, chosen, turns=3)
    return rows


def main() -> None:
    names = ("numpy", "numba", "pandas", "bottleneck", "polars", "kunquant")
    print(platform.processor() or platform.machine(), {name: version(name) for name in names})
    rows = run()
    bars = [(row.operator, row.shape, bar, met) for row in rows for bar, met in row.bars.items()]
    missed = [f"{operator} {shape}: {bar}" for operator, shape, bar, met in bars if not met]
    print(f"bars met: {len(bars) - len(missed)} of {len(bars)}", *missed, sep="\n  ")


if __name__ == "__main__":
    main()

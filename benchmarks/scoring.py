"""Scoring and portfolio simulation against pandas, polars and vectorbt: `python -m benchmarks.scoring`.

One signal, four horizons, IC and rank IC per date, on 2008-2014 of the real panel (a random one of the same
shape where the data is absent), float64, one thread. Each rival's figures are proved equal to ours before
anything is timed.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import polars as pl

from backtest.information import daily_information
from backtest.labels import Labels
from backtest.portfolio import PortfolioConfig, simulate
from backtest.ranking import RankedRows, rank_rows
from backtest.scoring import score
from backtest.selection import select_best
from market.arrays import BoolArray, DateArray, FloatArray
from market.panel import FIELDS, Panel

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "us_equities.parquet"
ROWS, SYMBOLS, MEMBERS = 1762, 954, 500
TRANCHES, TOP_K = 5, 50
RANKING = "of which: rank the signal"
CAPITAL = 1e9  # because vectorbt drops orders of fewer than 1e-12 shares
BOUNDS_MS = {
    "reading the signal and four returns once": 1.4,
    "a SIMD sort in float32": 6.0,
    "a radix rank": 12.0,
    "a SIMD sort in float64": 17.0,
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; a bar is the most milliseconds we may take or the least ratio to the rival."""

    task: str
    ours_ms: float
    rival: str = ""
    rival_ms: float = float("nan")
    most_ms: float | None = None
    least_ratio: float | None = None

    @property
    def ratio(self) -> float:
        """Times faster than the rival."""
        return self.rival_ms / self.ours_ms

    @property
    def met(self) -> bool | None:
        """None where there is no bar."""
        if self.least_ratio is not None:
            return self.ratio >= self.least_ratio
        return None if self.most_ms is None else self.ours_ms <= self.most_ms

    def line(self) -> str:
        """Text for the terminal."""
        text = f"{self.task:32} {self.ours_ms:8.2f} ms"
        if self.rival:
            text += f" {self.ratio:6.0f}x {self.rival} ({self.rival_ms:.0f} ms)"
        if self.met is None:
            return text
        bar = f"<= {self.most_ms:g} ms" if self.least_ratio is None else f">= {self.least_ratio:g}x"
        return f"{text}  bar {bar}: {'met' if self.met else 'MISSED'}"


def real_panel() -> Panel:
    long = pd.read_parquet(DATA)
    wide = long.assign(date=pd.to_datetime(long["date"])).pivot(index="date", columns="symbol")
    wide = wide.loc["2008-01-02":"2014-12-31"]
    fields = {name: wide[name].to_numpy(np.float64, copy=True) for name in FIELDS}
    for name in FIELDS[:4]:
        fields[name][~(fields[name] > 0)] = np.nan
    universe = wide["in_universe"].eq(True).to_numpy(np.bool_)
    dates = wide.index.to_numpy().astype("datetime64[D]")
    return panel_of(dates, tuple(wide["close"].columns), fields, universe)


def random_panel() -> Panel:
    rng = np.random.default_rng(0)
    close = 50 * np.exp(np.cumsum(rng.standard_t(4, size=(ROWS, SYMBOLS)) * 0.015, axis=0))
    fields = {name: close.copy() for name in FIELDS[:4]} | {"volume": rng.lognormal(13, 1, size=close.shape)}
    universe = np.zeros(close.shape, dtype=np.bool_)
    for begin in range(0, ROWS, 21):
        universe[begin : begin + 21, rng.permutation(SYMBOLS)[:MEMBERS]] = True
    dates = np.datetime64("2008-01-02") + np.arange(ROWS)
    return panel_of(dates, tuple(map(str, range(SYMBOLS))), fields, universe)


def panel_of(
    dates: DateArray, symbols: tuple[str, ...], fields: dict[str, FloatArray], universe: BoolArray
) -> Panel:
    fields = {name: np.ascontiguousarray(values) for name, values in fields.items()}
    tradable = np.isfinite(fields["close"]) & (fields["volume"] > 0)
    return Panel(dates=dates, symbols=symbols, fields=fields, universe=universe, tradable=tradable)


def reversal(panel: Panel) -> FloatArray:
    """Minus the past five-day return."""
    close, out = panel.fields["close"], np.full(panel.shape, np.nan)
    out[5:] = 1.0 - close[5:] / close[:-5]
    return out


def best_ms(run: Callable[[], object], repeats: int) -> float:
    run()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return 1e3 * min(times)


def long_frame(signal: FloatArray, panel: Panel, labels: Labels) -> pd.DataFrame:
    """One line per date and member with the signal and every forward return, as the rivals need it."""
    date = np.broadcast_to(np.arange(panel.shape[0])[:, None], panel.shape)[panel.universe]
    returns = {f"r{h}": panel.forward_returns(h)[panel.universe] for h in labels.horizons_days}
    return pd.DataFrame({"date": date, "signal": signal[panel.universe], **returns})


def with_pandas(frame: pd.DataFrame, horizons: tuple[int, ...]) -> FloatArray:
    groups = frame.groupby("date")
    out = []
    for method in ("pearson", "spearman"):
        for h in horizons:
            matrix = groups[["signal", f"r{h}"]].corr(method=method, min_periods=10)
            out.append(matrix["signal"].to_numpy()[1::2])
    return np.array(out)


def with_polars(frame: pl.DataFrame, horizons: tuple[int, ...], rows: int) -> FloatArray:
    import polars as pl

    out = np.full((2 * len(horizons), rows), np.nan)
    for k, h in enumerate(horizons):
        pairs = frame.filter(pl.col("signal").is_finite() & pl.col(f"r{h}").is_finite())
        both = pairs.group_by("date", maintain_order=True).agg(
            pl.corr("signal", f"r{h}").alias("ic"),
            pl.corr("signal", f"r{h}", method="spearman").alias("rank_ic"),
        )
        for row, column in ((k, "ic"), (k + len(horizons), "rank_ic")):
            out[row, both["date"].to_numpy()] = both[column].to_numpy()
    return out


def scoring_rows(panel: Panel) -> list[Row]:
    """Information coefficients, and the ranking inside them."""
    os.environ["POLARS_MAX_THREADS"] = "1"  # read once, at the import below
    import polars as pl

    labels, signal = Labels.of(panel), reversal(panel)
    horizons, rows = labels.horizons_days, panel.shape[0]
    frame = long_frame(signal, panel, labels)
    polars_frame = pl.from_pandas(frame, nan_to_null=False)
    daily = daily_information(signal, labels)
    ours = np.concatenate([daily.ic, daily.rank_ic])
    np.testing.assert_allclose(with_pandas(frame, horizons), ours, atol=1e-10)
    np.testing.assert_allclose(with_polars(polars_frame, horizons, rows), ours, atol=1e-10)
    ours_ms = best_ms(lambda: daily_information(signal, labels), 30)
    pandas_ms = best_ms(lambda: with_pandas(frame, horizons), 1)
    polars_ms = best_ms(lambda: with_polars(polars_frame, horizons, rows), 3)
    dates, buffers = np.arange(rows), RankedRows.empty(rows, labels.section.columns.shape[1])
    rank_ms = best_ms(lambda: rank_rows(signal, labels.section, dates, buffers), 30)
    task = "IC + rank IC, 4 horizons"
    return [
        Row(task=task, ours_ms=ours_ms, rival="pandas", rival_ms=pandas_ms, least_ratio=200.0),
        Row(task=task, ours_ms=ours_ms, rival="polars", rival_ms=polars_ms, least_ratio=12.0),
        Row(task=RANKING, ours_ms=rank_ms),
        Row(task="labels, once per panel", ours_ms=best_ms(lambda: Labels.of(panel), 3)),
        Row(task="whole scorecard with portfolio", ours_ms=best_ms(lambda: score(signal, labels), 10)),
    ]


def with_vectorbt(close: FloatArray, weights: FloatArray) -> FloatArray:
    """Value of one account per tranche, each moved to equal weights in its names every fifth day."""
    import vectorbt as vbt

    rows, names = close.shape
    target = np.full((rows, TRANCHES * names), np.nan)
    for day in range(1, rows):
        account = (day - 1) % TRANCHES
        target[day, account * names : (account + 1) * names] = weights[day - 1]
    portfolio = vbt.Portfolio.from_orders(
        pd.DataFrame(np.tile(close, TRANCHES)),
        size=pd.DataFrame(target),
        size_type="targetpercent",
        init_cash=CAPITAL / TRANCHES,
        group_by=np.repeat(np.arange(TRANCHES), names),
        cash_sharing=True,
        call_seq="auto",
    )
    return portfolio.value().sum(axis=1).to_numpy() / CAPITAL


def portfolio_rows(panel: Panel) -> list[Row]:
    """Without costs and gaps, where moving to the target is the same as selling and buying all."""
    signal = reversal(panel)
    close = pd.DataFrame(panel.fields["close"]).ffill().bfill().to_numpy(copy=True)
    fields = {**dict.fromkeys(FIELDS[:4], close), "volume": np.ones_like(close)}
    labels = Labels.of(panel_of(panel.dates, panel.symbols, fields, panel.universe))
    config = PortfolioConfig(top_k=TOP_K, top_share=1.0, tranches=TRANCHES, cost_bps=0.0)
    best = select_best(signal, labels, top_k=TOP_K)
    weights = np.zeros(panel.shape)
    for row, columns, count in zip(weights, best.columns, best.counts, strict=True):
        row[columns[:count]] = 1.0 / max(count, 1)
    ours = simulate(signal, labels, config=config)
    np.testing.assert_allclose(ours.value, with_vectorbt(close, weights), rtol=1e-9)
    ours_ms = best_ms(lambda: simulate(signal, labels, config=config), 20)
    rival_ms = best_ms(lambda: with_vectorbt(close, weights), 2)
    task = f"top-{TOP_K} portfolio, {TRANCHES} tranches"
    return [Row(task=task, ours_ms=ours_ms, rival="vectorbt", rival_ms=rival_ms, most_ms=20.0)]


def run() -> list[Row]:
    """Prove, time and return every line."""
    real = DATA.exists()
    panel = real_panel() if real else random_panel()
    print(f"panel {panel.shape[0]} x {panel.shape[1]}, float64, {'real' if real else 'random'}, 1 thread")
    return scoring_rows(panel) + portfolio_rows(panel)


def main() -> None:
    packages = ("numpy", "numba", "pandas", "polars", "vectorbt")
    print(f"python {platform.python_version()}, " + ", ".join(f"{p} {version(p)}" for p in packages))
    rows = run()
    for row in rows:
        print(row.line())
    for what, bound_ms in BOUNDS_MS.items():
        print(f"scoring takes {rows[0].ours_ms / bound_ms:4.1f} times the {bound_ms} ms of {what}")


if __name__ == "__main__":
    main()

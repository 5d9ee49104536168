"""Hypothesis strategies shared by all packages: panels and arrays with every nuisance real data has."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from market.arrays import BoolArray, FloatArray
from market.panel import Panel

seeds = st.integers(0, 2**32 - 1)
NUISANCES = ("plain", "ties", "constant rows", "constant columns", "heavy tails", "infinities", "all missing")


def random_array(
    seed: int, shape: tuple[int, ...], *, nuisance: str = "plain", missing: float = 0.0
) -> FloatArray:
    """Random values of one kind of difficulty, a share `missing` of them lost in blocks down the columns."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape)
    if nuisance == "ties":
        values = np.round(values)
    elif nuisance == "constant rows":
        values[rng.random(shape[0]) < 0.5] = 0.1
    elif nuisance == "constant columns":
        values.T[rng.random(shape[-1]) < 0.5] = 0.1
    elif nuisance == "heavy tails":
        values = np.sign(values) * np.exp(4.0 * rng.normal(size=shape))
    elif nuisance == "infinities":
        values[rng.random(shape) < 0.1] = np.inf
        values[rng.random(shape) < 0.1] = -np.inf
    elif nuisance == "all missing":
        values[:] = np.nan
    values[_blocks(rng, shape, missing)] = np.nan
    return values


def random_panel(seed: int, *, dates: int = 40, symbols: int = 8, missing: float = 0.05) -> Panel:
    """Consistent daily bars: random walks in cents, halts, days without volume, a changing universe."""
    rng = np.random.default_rng(seed)
    shape = (dates, symbols)
    close = 40.0 * np.exp(np.cumsum(0.02 * rng.standard_t(4, size=shape), axis=0))
    opened = close * np.exp(0.01 * rng.normal(size=shape))
    high = np.maximum(opened, close) * np.exp(0.01 * rng.random(shape))
    low = np.minimum(opened, close) * np.exp(-0.01 * rng.random(shape))
    volume = np.round(np.exp(10 + rng.normal(size=shape))) * (rng.random(shape) > missing / 2)
    bars = {"open": opened, "high": high, "low": low, "close": close}
    fields = {name: np.maximum(np.round(price, 2), 0.01) for name, price in bars.items()} | {"volume": volume}
    halted = _blocks(rng, shape, missing)
    for values in fields.values():
        values[halted] = np.nan
    quoted = np.isfinite(fields["close"])
    return Panel(
        dates=np.asarray(
            np.busday_offset("2015-01-01", np.arange(dates), roll="forward"), dtype="datetime64[D]"
        ),
        symbols=tuple(f"S{number:03d}" for number in range(symbols)),
        fields=fields,
        universe=quoted & ~_blocks(rng, shape, 0.1),
        tradable=quoted & (fields["volume"] > 0),
    )


@st.composite
def arrays(draw: st.DrawFn, *, max_rows: int = 40, max_columns: int = 8, infinite: bool = True) -> FloatArray:
    """(T, N) float64 with NaN blocks, ties, constant rows or columns, heavy tails and infinities."""
    kinds = [kind for kind in NUISANCES if infinite or kind != "infinities"]
    shape = (draw(st.integers(1, max_rows)), draw(st.integers(1, max_columns)))
    missing = draw(st.sampled_from([0.0, 0.1, 0.5]))
    return random_array(draw(seeds), shape, nuisance=draw(st.sampled_from(kinds)), missing=missing)


@st.composite
def series(draw: st.DrawFn, *, max_rows: int = 60, infinite: bool = True) -> FloatArray:
    """One column of `arrays`, shape (T,)."""
    return np.ascontiguousarray(draw(arrays(max_rows=max_rows, max_columns=1, infinite=infinite))[:, 0])


@st.composite
def panels(draw: st.DrawFn, *, min_dates: int = 2, max_dates: int = 40, max_symbols: int = 8) -> Panel:
    """Small panels of at least two symbols, some with many holes."""
    return random_panel(
        draw(seeds),
        dates=draw(st.integers(min_dates, max_dates)),
        symbols=draw(st.integers(2, max_symbols)),
        missing=draw(st.sampled_from([0.0, 0.05, 0.4])),
    )


def _blocks(rng: np.random.Generator, shape: tuple[int, ...], share: float) -> BoolArray:
    """Mask of runs of four rows, each run set with probability `share`."""
    runs = rng.random((-(-shape[0] // 4), *shape[1:])) < share
    return np.repeat(runs, 4, axis=0)[: shape[0]]

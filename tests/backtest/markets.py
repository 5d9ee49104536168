"""Small random panels and signals for the scoring tests, with every nuisance that real ones have."""

import numpy as np
from hypothesis import strategies as st

from market.arrays import BoolArray, FloatArray
from market.panel import Panel


def panel_of(
    close: FloatArray,
    *,
    open_: FloatArray | None = None,
    universe: BoolArray | None = None,
    tradable: BoolArray | None = None,
) -> Panel:
    close = np.ascontiguousarray(close, dtype=np.float64)
    rows, names = close.shape
    quoted = np.isfinite(close)
    opens = close.copy() if open_ is None else np.ascontiguousarray(open_, dtype=np.float64)
    volume = np.where(quoted, 1000.0, np.nan)
    return Panel(
        dates=np.datetime64("2010-01-01") + np.arange(rows),
        symbols=tuple(f"S{i}" for i in range(names)),
        fields={"open": opens, "high": close, "low": close, "close": close, "volume": volume},
        universe=quoted if universe is None else universe,
        tradable=quoted if tradable is None else tradable,
    )


def random_panel(
    seed: int,
    *,
    rows: int = 40,
    names: int = 15,
    missing: float = 0.05,
    tick: float = 0.0,
    member: float = 0.8,
) -> Panel:
    """Random walk with blocks of missing quotes, untraded days, and ties if prices move by whole ticks."""
    rng = np.random.default_rng(seed)
    close = 50.0 * np.exp(np.cumsum(rng.standard_t(4, size=(rows, names)) * 0.02, axis=0))
    opens = close * np.exp(rng.normal(size=close.shape) * 0.01)
    if tick:
        close, opens = (np.maximum(np.round(x / tick), 1.0) * tick for x in (close, opens))
    gone = np.repeat(rng.random((-(-rows // 4), names)) < missing, 4, axis=0)[:rows]
    close[gone] = opens[gone] = np.nan
    universe = np.repeat(rng.random((-(-rows // 8), names)) < member, 8, axis=0)[:rows]
    tradable = ~gone & (rng.random(close.shape) > missing / 2)
    return panel_of(close, open_=opens, universe=universe, tradable=tradable)


def random_signal(seed: int, shape: tuple[int, int], kind: str) -> FloatArray:
    rng = np.random.default_rng([seed, 7])
    signal = rng.normal(size=shape)
    if kind == "ties":
        signal = rng.integers(-2, 3, size=shape) * rng.choice([-1.0, 1.0], size=shape)  # 0 and -0 among them
    elif kind == "holes":
        signal[rng.random(shape) < 0.2] = np.nan
        signal[:, rng.random(shape[1]) < 0.1] = np.nan
        signal[rng.random(shape[0]) < 0.1] = np.nan
    elif kind == "infinities":
        signal[rng.random(shape) < 0.1] = np.inf
        signal[rng.random(shape) < 0.1] = -np.inf
    elif kind == "constant rows":
        signal[rng.random(shape[0]) < 0.5] = 0.1
    elif kind == "heavy tails":
        signal = np.sign(signal) * np.exp(6.0 * rng.normal(size=shape))
    elif kind == "one outlier":
        signal[:, 0] = 1e12
    elif kind == "tight cluster":
        signal = 1.0 + signal * 1e-9
        signal[:, 0] = 1e9
    elif kind == "huge":
        signal *= 1e300
    elif kind == "minute":
        signal *= 1e-300
    return signal


KINDS = (
    "plain",
    "ties",
    "holes",
    "infinities",
    "constant rows",
    "heavy tails",
    "one outlier",
    "tight cluster",
    "huge",
    "minute",
)

seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(KINDS)


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    return random_panel(
        draw(seeds),
        rows=draw(st.integers(1, 40)),
        names=draw(st.integers(1, 20)),
        missing=draw(st.sampled_from([0.0, 0.05, 0.4])),
        tick=draw(st.sampled_from([0.0, 1.0, 25.0])),
        member=draw(st.sampled_from([0.5, 1.0])),
    )

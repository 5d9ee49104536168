"""Small made-up markets for the tests of proposers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from market.panel import Panel


def random_panel(
    dates: int = 400, symbols: int = 12, *, seed: int = 0, untraded_share: float = 0.01
) -> Panel:
    """Random walks with an intraday range and lognormal volume.

    A few days lack quotes or trades, one stock is listed late, one leaves the universe for a while.
    """
    rng = np.random.default_rng(seed)
    shape = (dates, symbols)
    close = 20 * np.exp(np.cumsum(rng.normal(0, 0.02, shape), axis=0))
    open_ = close * np.exp(rng.normal(0, 0.01, shape))
    high = np.maximum(open_, close) * np.exp(np.abs(rng.normal(0, 0.01, shape)))
    low = np.minimum(open_, close) * np.exp(-np.abs(rng.normal(0, 0.01, shape)))
    volume = np.round(np.exp(rng.normal(12, 0.5, shape)))
    gone = rng.random(shape) < 0.002
    gone[:150, -1] = True
    volume[rng.random(shape) < untraded_share] = 0.0
    fields = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
    for values in fields.values():
        values[gone] = np.nan
    universe = ~gone
    universe[200:230, 0] = False
    return _panel(fields, universe=universe)


def cut_stocks(panel: Panel, pieces: Sequence[float]) -> Panel:
    """The same market, had each stock been split into `pieces` from the beginning."""
    shares = np.asarray(pieces, dtype=np.float64)
    fields = {name: values / shares for name, values in panel.fields.items() if name != "volume"}
    return _panel(fields | {"volume": panel.fields["volume"] * shares}, universe=np.array(panel.universe))


def _panel(fields: dict[str, NDArray[np.float64]], universe: NDArray[np.bool_]) -> Panel:
    dates, symbols = fields["close"].shape
    return Panel(
        dates=np.arange(np.datetime64("2020-01-01"), np.datetime64("2020-01-01") + dates),
        symbols=tuple(f"S{number:02d}" for number in range(symbols)),
        fields=fields,
        universe=universe,
        tradable=np.isfinite(fields["close"]) & (fields["volume"] > 0),
    )

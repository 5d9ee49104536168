"""A long-only portfolio of overlapping tranches: what a signal earns once it must be traded.

The signal is known at the close of t; orders fill at the close (or open) of t+1. The capital is split into
`tranches` equal accounts. Each day one account, in turn, is due: it sells what it holds, and its cash goes
in equal parts into the best names of the universe at t, so that a position is held for `tranches` days. A
tranche that finds no name to buy stays in cash until its next turn.

An order fills only where the symbol traded that day (a price and positive volume): the part of the cash meant
for another symbol stays cash until the tranche's next turn; a due position that cannot be sold is sold at the
first day it can. A position is valued at its last close. Costs are charged on the traded value of every
purchase and sale; a name that is sold and chosen again on the same day pays both, which is the cautious side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backtest.labels import Labels
from backtest.performance import Performance
from backtest.selection import Selection, select_best
from backtest.tranches import tranche_kernel
from market.arrays import FloatArray
from market.errors import ConfigError

BASIS_POINT = 1e-4


@dataclass(frozen=True, kw_only=True)
class PortfolioConfig:
    """How a signal is traded.

    top_k             most names per tranche
    top_share         most names per tranche as a share of the universe: a small one is not bought whole
    tranches          accounts, and the days a position is held
    cost_bps          of the traded value, on each side
    periods_per_year  for annual figures
    """

    top_k: int = 50
    top_share: float = 0.2
    tranches: int = 5
    cost_bps: float = 10.0
    periods_per_year: int = 252

    def __post_init__(self) -> None:
        """Refuse settings that no account could follow."""
        if self.top_k < 1 or self.tranches < 1 or self.periods_per_year < 1:
            raise ConfigError(
                "top_k, tranches and periods_per_year must be at least 1, got "
                f"{self.top_k}, {self.tranches}, {self.periods_per_year}: use 50, 5, 252"
            )
        if not 0.0 < self.top_share <= 1.0:
            raise ConfigError(f"top_share must be in (0, 1], got {self.top_share}: use 0.2")
        if not 0.0 <= self.cost_bps < 10_000.0:
            raise ConfigError(f"cost_bps must be in [0, 10000), got {self.cost_bps}: use 10 for 0.1 %")


@dataclass(frozen=True, eq=False, kw_only=True)
class PortfolioResult:
    """A simulated account.

    value     (R,)    at the close of each date, 1 at the first
    traded    (R-1,)  bought plus sold, as a share of the value of the day before
    performance       annual return, Sharpe ratio, drawdown, and the same against the equal-weight universe
    """

    value: FloatArray
    traded: FloatArray
    performance: Performance

    @property
    def returns(self) -> FloatArray:
        """Daily returns, (R-1,)."""
        return self.value[1:] / self.value[:-1] - 1.0


def simulate(
    signal: FloatArray,
    labels: Labels,
    *,
    config: PortfolioConfig | None = None,
    rows: slice = slice(None),
) -> PortfolioResult:
    """Trade a (T, N) signal over the dates of `rows`; entry at the labels' open or close."""
    config = config or PortfolioConfig()
    best = select_best(signal, labels, top_k=config.top_k, top_share=config.top_share, rows=rows)
    return trade(best, labels, config=config, rows=rows)


def trade(selection: Selection, labels: Labels, *, config: PortfolioConfig, rows: slice) -> PortfolioResult:
    """Trade the names selected on the dates of `rows`, each at the following date."""
    first, stop = labels.bounds(rows)
    fields = labels.panel.fields
    value, traded = np.ones(stop - first), np.zeros(stop - first)
    tranche_kernel(
        selection.columns,
        selection.counts,
        fields[labels.entry][first:stop],
        fields["close"][first:stop],
        labels.panel.tradable[first:stop],
        config.tranches,
        config.cost_bps * BASIS_POINT,
        value,
        traded,
    )
    performance = Performance.of(
        value,
        benchmark_returns=labels.market_returns[first + 1 : stop],
        periods_per_year=config.periods_per_year,
    )
    return PortfolioResult(value=value, traded=traded[1:] / value[:-1], performance=performance)

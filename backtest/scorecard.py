"""What a signal is worth on one period: the numbers a search compares and a reader judges.

Per horizon: mean daily IC and rank IC, and their information ratios ICIR = mean / std(ddof=1) of the daily
series, not annualised. Fitness of a horizon is FS = (10·IC + ICIR + 10·RankIC + RankICIR) / 4; that of a
scorecard is the mean over its horizons (Lin et al., "FactorEngine", arXiv 2603.16365). It changes sign with
the signal.

A horizon with fewer than two days, or whose daily coefficients never vary, has no ratio: ICIR and fitness
are NaN, and `Scorecard.undefined` says why. Nothing is ever replaced by zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from backtest.portfolio import PortfolioResult
from market.arrays import DateArray, FloatArray


@dataclass(frozen=True, kw_only=True)
class HorizonScore:
    """One holding period; `days` counts the dates that have coefficients."""

    horizon_days: int
    ic: float
    icir: float
    rank_ic: float
    rank_icir: float
    days: int

    @classmethod
    def of(cls, horizon_days: int, daily_ic: FloatArray, daily_rank_ic: FloatArray) -> HorizonScore:
        """Summarise the daily series (R,) of one horizon, NaN days left out."""
        mean, ratio = _mean_and_ratio(daily_ic)
        rank_mean, rank_ratio = _mean_and_ratio(daily_rank_ic)
        days = int(np.isfinite(daily_rank_ic).sum())
        return cls(
            horizon_days=horizon_days, ic=mean, icir=ratio, rank_ic=rank_mean, rank_icir=rank_ratio, days=days
        )

    @property
    def fitness(self) -> float:
        """FS of this horizon."""
        return (10.0 * self.ic + self.icir + 10.0 * self.rank_ic + self.rank_icir) / 4.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Scorecard:
    """All figures of one signal on one period.

    split                 name of the period, for instance "train"
    direction             +1, or -1 if the signal was reversed before scoring
    dates                 (R,)
    horizons              one score per holding period
    coverage              mean share of the universe with an opinion
    turnover              mean one-way turnover of the equal-weight target portfolio, day on day: 0.3 = three
                          in ten of its names are replaced every day
    rank_autocorrelation  mean Spearman correlation of the signal with itself one date earlier, over names in
                          the universe on both
    portfolio             the traded account, if it was asked for
    daily_ic, daily_rank_ic  (H, R), kept so that any statistic can be taken later
    """

    split: str
    direction: int
    dates: DateArray
    horizons: tuple[HorizonScore, ...]
    coverage: float
    turnover: float
    rank_autocorrelation: float
    portfolio: PortfolioResult | None
    daily_ic: FloatArray
    daily_rank_ic: FloatArray

    @property
    def fitness(self) -> float:
        """Mean FS over horizons; NaN if any is undefined."""
        return self._average("fitness")

    @property
    def ic(self) -> float:
        """Mean IC over horizons."""
        return self._average("ic")

    @property
    def icir(self) -> float:
        """Mean ICIR over horizons."""
        return self._average("icir")

    @property
    def rank_ic(self) -> float:
        """Mean rank IC over horizons."""
        return self._average("rank_ic")

    @property
    def rank_icir(self) -> float:
        """Mean rank ICIR over horizons."""
        return self._average("rank_icir")

    @property
    def undefined(self) -> str:
        """Why there is no fitness, or an empty string."""
        broken = [h for h in self.horizons if math.isnan(h.fitness)]
        reasons = [f"{h.horizon_days}-day horizon has {_scarcity(h)}" for h in broken]
        return "; ".join(reasons)

    def summary(self) -> str:
        """One line for a log."""
        parts = [f"{self.split}: fitness {self.fitness:+.4f}", f"IC {self.ic:+.4f} (ratio {self.icir:+.3f})"]
        parts += [
            f"rank IC {self.rank_ic:+.4f} (ratio {self.rank_icir:+.3f})",
            f"coverage {self.coverage:.0%}",
        ]
        if self.portfolio is not None:
            figures = self.portfolio.performance
            parts.append(f"Sharpe {figures.sharpe:.2f}, {figures.annual_return:+.1%} a year")
        return ", ".join(parts) + (f" [undefined: {self.undefined}]" if self.undefined else "")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the daily series; NaN becomes None."""
        return {
            "split": self.split,
            "direction": self.direction,
            "start": str(self.dates[0]),
            "end": str(self.dates[-1]),
            "horizons": {str(h.horizon_days): _horizon_dict(h) for h in self.horizons},
            "fitness": _plain(self.fitness),
            "coverage": _plain(self.coverage),
            "turnover": _plain(self.turnover),
            "rank_autocorrelation": _plain(self.rank_autocorrelation),
            "portfolio": None if self.portfolio is None else _portfolio_dict(self.portfolio),
        }

    def _average(self, name: str) -> float:
        total: float = sum(getattr(h, name) for h in self.horizons)
        return total / len(self.horizons)


def _mean_and_ratio(daily: FloatArray) -> tuple[float, float]:
    known = daily[np.isfinite(daily)]
    if len(known) == 0:
        return math.nan, math.nan
    mean = float(known.mean())
    if len(known) < 2 or known.min() == known.max():
        return mean, math.nan
    return mean, mean / float(known.std(ddof=1))


def _scarcity(score: HorizonScore) -> str:
    if score.days < 2:
        return f"{score.days} valid days, needs 2"
    return "coefficients that never vary"


def _horizon_dict(score: HorizonScore) -> dict[str, float | int | None]:
    figures = {name: _plain(getattr(score, name)) for name in ("ic", "icir", "rank_ic", "rank_icir")}
    return {**figures, "days": score.days}


def _portfolio_dict(result: PortfolioResult) -> dict[str, float | None]:
    figures = result.performance
    return {
        "ar": _plain(figures.annual_return),
        "sharpe": _plain(figures.sharpe),
        "mdd": _plain(figures.max_drawdown),
        "excess_ar": _plain(figures.excess_annual_return),
        "ir": _plain(figures.information_ratio),
    }


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None

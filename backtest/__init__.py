"""Scoring of signals: information coefficients, fitness, date splits, portfolio simulation.

    labels = Labels.of(panel)                          once per panel
    combined_score(signal, labels, rows=splits.train)  the number that tuning maximises
    score(signal, labels, rows=splits.validation)      the whole card, portfolio included

labels       forward returns of the universe, ranked
information  IC and rank IC per date; correlation has their kernels
scorecard    what is reported; scoring computes it, in one go or in growing blocks of dates
portfolio    overlapping tranches with costs; selection of names, the tranches' kernel, performance figures
splits       train, validation and test periods with an embargo
statistics   how sure a mean IC is, after how many trials
ranking      the ranks of a cross-section
"""

from backtest.information import DailyInformation, daily_information, ic, rank_ic
from backtest.labels import HORIZONS_DAYS, MIN_ASSETS, Labels
from backtest.performance import Performance
from backtest.portfolio import PortfolioConfig, PortfolioResult, simulate
from backtest.scorecard import HorizonScore, Scorecard
from backtest.scoring import combined_score, early_and_full_score, learned_direction, score
from backtest.selection import quantile_returns
from backtest.splits import DateSplits, mining_panel, split_dates
from backtest.statistics import expected_maximum, newey_west_t, significance_bar

__all__ = [
    "HORIZONS_DAYS",
    "MIN_ASSETS",
    "DailyInformation",
    "DateSplits",
    "HorizonScore",
    "Labels",
    "Performance",
    "PortfolioConfig",
    "PortfolioResult",
    "Scorecard",
    "combined_score",
    "daily_information",
    "early_and_full_score",
    "expected_maximum",
    "ic",
    "learned_direction",
    "mining_panel",
    "newey_west_t",
    "quantile_returns",
    "rank_ic",
    "score",
    "significance_bar",
    "simulate",
    "split_dates",
]

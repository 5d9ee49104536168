"""The day loop: signals known by the close of day s - 2 move the prices of day s, and nothing later does.

A signal at the close of t is traded at the close of t + 1, so its effect starts with the return from t + 1 to
t + 2 and is spread evenly over the days t + 2 … t + 1 + horizon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.arrays import BoolArray, FloatArray
from market.panel import FIELDS
from market.synthetic.config import SyntheticConfig
from market.synthetic.history import History
from market.synthetic.lifetimes import eligible
from market.synthetic.planted import PlantedRule
from market.synthetic.ranking import standard_ranks
from market.synthetic.shocks import Shocks

ENTRY_LAG_DAYS = 2  # first day whose return a signal moves, counted from the signal's day
CENT = 0.01


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """Quotes and signals of a finished market.

    fields    {name: (T, N)}  open, high, low, close, volume; NaN = no quote
    universe  (T, N)
    signals   {rule: (T, N)}  each planted score as the market itself computed it, NaN = no opinion
    """

    fields: dict[str, FloatArray]
    universe: BoolArray
    signals: dict[str, FloatArray]


def simulate(
    config: SyntheticConfig, *, shocks: Shocks, quoted: BoolArray, rules: tuple[PlantedRule, ...]
) -> Simulation:
    """Run the market day by day; deterministic."""
    history = History(config.dates, config.symbols)
    universe = np.zeros(quoted.shape, dtype=np.bool_)
    days_quoted = np.cumsum(quoted, axis=0, dtype=np.int64)
    signals = np.full((config.dates, len(rules), config.symbols), np.nan)
    longest_effect = max(rule.horizon_days for rule in rules)
    push = np.zeros((config.dates + ENTRY_LAG_DAYS + longest_effect, config.symbols))
    price = shocks.first_price
    with np.errstate(divide="ignore", invalid="ignore"):
        for day in range(config.dates):
            quotes, price = _trade(shocks, day, price, expected=shocks.risk * push[day])
            history.open_day()
            history.record({name: np.where(quoted[day], row, np.nan) for name, row in quotes.items()})
            universe[day] = quoted[day] & eligible(
                config, close=quotes["close"], days_quoted=days_quoted[day]
            )
            for place, rule in enumerate(rules):
                signals[day, place] = rule.score(history, universe[day], rule.parameters)
            _plant(push[day + ENTRY_LAG_DAYS :], rules, signals[day], universe[day], config.signal_strength)
    return Simulation(
        fields={name: history.series(name) for name in FIELDS},
        universe=universe,
        signals={rule.name: signals[:, place].copy() for place, rule in enumerate(rules)},
    )


def _trade(
    shocks: Shocks, day: int, price: FloatArray, *, expected: FloatArray
) -> tuple[dict[str, FloatArray], FloatArray]:
    """One day's quotes, in cents, from yesterday's exact price; returns them and today's exact price."""
    opening = price * np.exp(shocks.gap[day])
    closing = price * np.exp(shocks.log_return[day] + expected)
    high = np.maximum(opening, closing) * np.exp(shocks.above[day])
    low = np.minimum(opening, closing) * np.exp(-shocks.below[day])
    exact = {"open": opening, "high": high, "low": low, "close": closing}
    quotes = {name: np.maximum(np.round(row, 2), CENT) for name, row in exact.items()}
    return quotes | {"volume": shocks.volume[day]}, closing


def _plant(
    push: FloatArray,
    rules: tuple[PlantedRule, ...],
    scores: FloatArray,
    universe: BoolArray,
    signal_strength: float,
) -> None:
    """Add today's scores (rules, N) to the days they move; row 0 of `push` is the first of those days."""
    standard = signal_strength * standard_ranks(scores, universe)
    for rule, signal in zip(rules, standard, strict=True):
        push[: rule.horizon_days] += rule.strength / rule.horizon_days * signal

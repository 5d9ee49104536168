"""Everything in the market that no signal moves: volatility, shocks, volume, the shape of the day.

Every array is float64 without NaN. Logs are natural. The stylised facts are those listed by R. Cont,
"Empirical properties of asset returns", Quantitative Finance 1 (2001) 223-236: fat tails, clustered
volatility, volume that rises with the size of the move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.arrays import FloatArray
from market.synthetic.config import SyntheticConfig

TAIL_DEGREES = 5.0  # of Student's t: idiosyncratic shocks
TYPICAL_DAILY_VOLATILITY = 0.016  # idiosyncratic, of the median symbol
MARKET_DAILY_VOLATILITY = 0.009
MARKET_DAILY_DRIFT = 0.0003
MEDIAN_DAILY_DOLLARS = 2e7
MEDIAN_PRICE = 45.0


@dataclass(frozen=True, kw_only=True)
class Shocks:
    """The exogenous part of a market.

    first_price  (N,)    dollars, before the first day
    risk         (N,)    long-run idiosyncratic volatility per day, decimal
    log_return   (T, N)  market and idiosyncratic part of the day's log return
    gap          (T, N)  overnight part of the log return, close t-1 to open t
    above        (T, N)  log distance of the high from the higher of open and close, >= 0
    below        (T, N)  log distance of the low from the lower of open and close, >= 0
    volume       (T, N)  shares
    """

    first_price: FloatArray
    risk: FloatArray
    log_return: FloatArray
    gap: FloatArray
    above: FloatArray
    below: FloatArray
    volume: FloatArray


def draw_shocks(config: SyntheticConfig, rng: np.random.Generator) -> Shocks:
    """Draw the exogenous part; the same generator state gives the same market."""
    shape = (config.dates, config.symbols)
    size = rng.standard_normal(config.symbols)
    first_price = MEDIAN_PRICE * np.exp(0.5 * rng.standard_normal(config.symbols) + 0.1 * size)
    risk = TYPICAL_DAILY_VOLATILITY * np.exp(0.22 * rng.standard_normal(config.symbols) - 0.12 * size)
    shock = _student(rng, shape)
    market, market_stress = _market(config, rng)
    own_stress = _persistent(0.95, 0.10 * rng.standard_normal(shape) + 0.11 * _surprise(shock))
    volatility = risk * np.exp(own_stress - 0.15 + 0.5 * market_stress)
    beta = np.clip(1.0 + 0.3 * rng.standard_normal(config.symbols), 0.2, 2.0)
    log_return = beta * market + volatility * shock - volatility**2 / 2
    gap, above, below = _shape_of_the_day(log_return, volatility, rng)
    return Shocks(
        first_price=first_price,
        risk=risk,
        log_return=log_return,
        gap=gap,
        above=above,
        below=below,
        volume=_volume(shock, size, first_price, market_stress, rng),
    )


def _student(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Student-t shocks of unit variance."""
    shock: FloatArray = rng.standard_t(TAIL_DEGREES, shape) * np.sqrt((TAIL_DEGREES - 2) / TAIL_DEGREES)
    return shock


def _surprise(shock: FloatArray) -> FloatArray:
    """Size of the shock, centred and scaled over all its values, at most four deviations."""
    size = np.abs(shock)
    surprise: FloatArray = np.minimum((size - size.mean()) / size.std(), 4.0)
    return surprise


def _persistent(memory: float, innovation: FloatArray) -> FloatArray:
    """First-order autoregression driven by yesterday's innovation, started at its mean of zero."""
    level = np.zeros(innovation.shape)
    for day in range(1, len(level)):
        level[day] = memory * level[day - 1] + innovation[day - 1]
    return level


def _market(config: SyntheticConfig, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Draw the market's log return and the log of its volatility against the average, both (T, 1)."""
    shock = _student(rng, (config.dates, 1))
    innovation = 0.05 * rng.standard_normal((config.dates, 1)) + 0.08 * _surprise(shock)
    stress = _persistent(0.97, innovation)
    volatility = MARKET_DAILY_VOLATILITY * np.exp(stress - 0.15)
    return MARKET_DAILY_DRIFT + volatility * shock - volatility**2 / 2, stress


def _shape_of_the_day(
    log_return: FloatArray, volatility: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    shape = log_return.shape
    gap = 0.3 * log_return + 0.3 * volatility * rng.standard_normal(shape)
    above = 0.55 * volatility * rng.standard_exponential(shape)
    below = 0.55 * volatility * rng.standard_exponential(shape)
    return gap, above, below


def _volume(
    shock: FloatArray,
    size: FloatArray,
    first_price: FloatArray,
    market_stress: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Shares: size of the company, slow and quick waves of attention, and the size of today's move."""
    shape = shock.shape
    typical = np.log(MEDIAN_DAILY_DOLLARS / first_price) + 1.1 * size
    slow = _persistent(0.98, 0.05 * rng.standard_normal(shape))
    quick = _persistent(0.80, 0.22 * rng.standard_normal(shape))
    today = 0.30 * _surprise(shock) + 0.18 * _student(rng, shape)
    return np.maximum(np.round(np.exp(typical + slow + quick + today + 0.3 * market_stress)), 1.0)

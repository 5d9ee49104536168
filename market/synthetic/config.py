"""The settings of the synthetic market, checked at birth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.errors import ConfigError

MINIMUM_DATES = 120
MINIMUM_SYMBOLS = 20


@dataclass(frozen=True, kw_only=True)
class SyntheticConfig:
    """What market to make; the defaults are large enough to detect an information coefficient of 0.02.

    dates, symbols       the shape (T, N) of the panel
    start                first business day, ISO format
    signal_strength      multiplies every planted effect; 0 makes a market without any factor
    late_listings        share of symbols first quoted after the first date
    delistings           share of symbols whose quotes stop before the last date
    halts_per_year       expected trading halts of one symbol in 252 days; a halt lasts one day or a few
    seasoning_days       quoted days before a symbol may enter the universe
    minimum_price        closes below it are outside the universe
    """

    dates: int = 1500
    symbols: int = 300
    start: str = "2018-01-02"
    signal_strength: float = 1.0
    late_listings: float = 0.15
    delistings: float = 0.10
    halts_per_year: float = 0.12
    seasoning_days: int = 60
    minimum_price: float = 5.0

    def __post_init__(self) -> None:
        at_least = {
            "dates": MINIMUM_DATES,
            "symbols": MINIMUM_SYMBOLS,
            "signal_strength": 0,
            "halts_per_year": 0,
            "seasoning_days": 1,
            "minimum_price": 0,
        }
        for name, bound in at_least.items():
            value = getattr(self, name)
            if not value >= bound:
                raise ConfigError(f"synthetic `{name}` must be at least {bound}, got {value}: raise it")
        for name in ("late_listings", "delistings"):
            share = getattr(self, name)
            if not 0 <= share <= 0.5:
                raise ConfigError(f"synthetic `{name}` is a share between 0 and 0.5, got {share}: lower it")
        try:
            np.datetime64(self.start, "D")
        except ValueError:
            raise ConfigError(
                f"synthetic `start` must be an ISO date, got {self.start!r}: write it like 2018-01-02"
            ) from None

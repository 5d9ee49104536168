"""The factors planted in the synthetic market, one file each: the program and its rule side by side."""

from market.synthetic.planted.gate import GATE
from market.synthetic.planted.momentum import MOMENTUM
from market.synthetic.planted.reversal import REVERSAL
from market.synthetic.planted.rule import PlantedRule
from market.synthetic.planted.volatility import VOLATILITY
from market.synthetic.planted.volume import VOLUME

RULES: tuple[PlantedRule, ...] = (REVERSAL, MOMENTUM, VOLUME, VOLATILITY, GATE)

__all__ = ["RULES", "PlantedRule"]

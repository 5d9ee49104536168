"""The library of measures, by theme."""

from agents.grammar.measures.candle import CANDLE
from agents.grammar.measures.measure import Measure
from agents.grammar.measures.price import PRICE
from agents.grammar.measures.relation import RELATION
from agents.grammar.measures.volatility import VOLATILITY
from agents.grammar.measures.volume import VOLUME

MEASURES: tuple[Measure, ...] = (*PRICE, *CANDLE, *VOLUME, *VOLATILITY, *RELATION)
THEMES: tuple[str, ...] = tuple(dict.fromkeys(measure.theme for measure in MEASURES))

__all__ = ["MEASURES", "THEMES", "Measure"]

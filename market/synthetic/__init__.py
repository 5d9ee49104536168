"""A market with known factors in it, so that a search can be measured against the truth."""

from market.synthetic.config import SyntheticConfig
from market.synthetic.factor import PlantedFactor
from market.synthetic.market import DEFAULT_SEED, SyntheticMarket, default_market, synthesize
from market.synthetic.truth import read_truth, truth_path, write_truth

__all__ = [
    "DEFAULT_SEED",
    "PlantedFactor",
    "SyntheticConfig",
    "SyntheticMarket",
    "default_market",
    "read_truth",
    "synthesize",
    "truth_path",
    "write_truth",
]

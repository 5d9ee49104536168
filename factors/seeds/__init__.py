"""The seed library: published formulas as factor programs, for a search to start from.

catalogue   what the tables `alpha158.toml` and `alpha101.toml` hold, and the program of each formula
selections  which of them, or which of the user's own files, a run starts from
"""

from factors.seeds.catalogue import SeedEntry, seed_catalogue
from factors.seeds.selections import SEED_SETS, seed_sources

__all__ = ["SEED_SETS", "SeedEntry", "seed_catalogue", "seed_sources"]

"""How wide a tile is, how far apart its state rows lie, and what the first windows look back on."""

import numpy as np

from factors.jit import device
from market.arrays import FloatArray

TILE = 1024
LANE = 1080


@device
def tile_width(columns: int) -> int:
    """Width of equal tiles that cover `columns`, none wider than TILE."""
    tiles = (columns + TILE - 1) // TILE
    return (columns + tiles - 1) // tiles if tiles > 0 else 1


def blank_row() -> FloatArray:
    """Return a row of missing values, read where a window begins before the first row."""
    return np.full(TILE, np.nan)

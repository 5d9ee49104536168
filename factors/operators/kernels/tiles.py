"""How wide a tile is, how far apart its state rows lie, and what the first windows look back on."""

import numpy as np

from factors.jit import device
from market.arrays import FloatArray

TILE = 1024
LANE = 1080
NARROW_TILE = 128  # for two series, whose many state rows are to stay in the first-level cache
NARROW_LANE = 136


@device
def equal_width(columns: int, most: int) -> int:
    """Width of equal tiles that cover `columns`, none wider than `most`."""
    tiles = (columns + most - 1) // most
    return (columns + tiles - 1) // tiles if tiles > 0 else 1


@device
def tile_width(columns: int) -> int:
    """Width of equal tiles that cover `columns`, none wider than TILE."""
    return equal_width(columns, TILE)


@device
def narrow_width(columns: int) -> int:
    """Width of equal tiles that cover `columns`, none wider than NARROW_TILE."""
    return equal_width(columns, NARROW_TILE)


def blank_row() -> FloatArray:
    """Return a row of missing values, read where a window begins before the first row."""
    return np.full(TILE, np.nan)

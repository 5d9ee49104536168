"""How wide a tile is, how far apart its state rows lie, and what the first windows look back on."""

import numpy as np

from factors.jit import device
from factors.prefetch import prefetch
from market.arrays import FloatArray

TILE = 128  # so that a state row for each row of a window stays in the nearer caches
LANE = 136
WIDE_TILE = 1024  # where there is little state, or where each row costs a loop over its window
WIDE_LANE = 1080

AHEAD = 6  # rows
CACHE_LINE = 8  # values


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
def wide_width(columns: int) -> int:
    """Width of equal tiles that cover `columns`, none wider than WIDE_TILE."""
    return equal_width(columns, WIDE_TILE)


@device
def fetch_ahead(values: FloatArray, t: int, left: int, right: int) -> None:
    """Ask for a tile's part of the row `AHEAD` after `t`: processors foresee runs, not the leap to the next row."""
    if t + AHEAD < values.shape[0]:
        for j in range(left, right, CACHE_LINE):
            prefetch(values, t + AHEAD, j)


def blank_row() -> FloatArray:
    """Return a row of missing values, read where a window begins before the first row."""
    return np.full(TILE, np.nan)

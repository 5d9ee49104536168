"""What all loops over whole windows share."""

import numpy as np

from factors.jit import device
from market.arrays import FloatArray


@device
def finite(value: float) -> float:
    """Turn infinities, which stem from an infinite value in the window, into NaN."""
    return value if abs(value) < np.inf else np.nan


@device
def not_negative(value: float) -> float:
    """Turn a rounding error below 0 into 0, and leave NaN."""
    return 0.0 if value < 0.0 else value


@device
def open_suffix(suffix: FloatArray, top: int) -> None:
    """Make the first block's suffixes missing, since its windows begin before the first row; the empty one 0."""
    if top == 0:
        suffix[:] = np.nan
    suffix[suffix.shape[0] - 1] = 0.0

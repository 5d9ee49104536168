"""Array aliases shared by every package: the shape convention is T dates × N symbols, C-order."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.int64]
DateArray: TypeAlias = NDArray[np.datetime64]

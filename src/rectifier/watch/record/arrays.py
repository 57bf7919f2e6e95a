"""Arrays of a record."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEVER = -1
"""In arrays of steps: it did not happen."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def floats() -> FloatArray:
    """None."""
    return np.zeros(0, dtype=np.float64)


def ints() -> IntArray:
    """None."""
    return np.zeros(0, dtype=np.int64)

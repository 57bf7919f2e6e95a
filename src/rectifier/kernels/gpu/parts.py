"""The printed device functions of an activation, and which arithmetic is right when.

Layer: kernels/gpu, below `launch`, which is what asks.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

from rectifier.kernels import cuda


@dataclass(frozen=True)
class Part:
    """A value or a derivative: its device functions and where they are right.

    Attributes:
        exact: In double, right everywhere.
        single: In float, for float data between `low` and `high`; None if nowhere.
        fast: In float, for half precision; None if that does not do.
        low: See `single`.
        high: See `single`.
        reach: `fast` is right for inputs up to this size.
        harmless: Whether float is right for any values of the parameters, not only by default.
    """

    exact: Any
    single: Any
    fast: Any
    low: float
    high: float
    reach: float
    harmless: bool

    def arithmetic(self, half: bool, default: bool) -> dict[str, Any]:
        """Return what the kernels take.

        Args:
            half: Whether the data is of half precision.
            default: Whether the parameters have their default values.
        """
        quick = self.fast if half else self.single
        found = {"EXACT": self.exact, "QUICK": self.exact, "MODE": 0, "LOW": 0.0, "HIGH": 0.0}
        if quick is None or not (default or self.harmless):
            return found
        low, high = (-self.reach, self.reach) if half else (self.low, self.high)
        everywhere = (low, high) == (-math.inf, math.inf)
        found.update(QUICK=quick, MODE=1 if everywhere else 2)
        if not everywhere:
            found.update(LOW=low, HIGH=high)
        return found


@functools.cache
def parts(name: str) -> tuple[Part, Part]:
    """Return the value and the derivative of an activation."""
    _, value, slope, _ = cuda.module().ACTIVATIONS[name]
    return Part(*value), Part(*slope)


@functools.cache
def by_parameter(name: str, parameter: str) -> Part | None:
    """Return the derivative by a parameter; None if it is not one that is learned."""
    row = cuda.module().ACTIVATIONS[name][3].get(parameter)
    return None if row is None else Part(*row)

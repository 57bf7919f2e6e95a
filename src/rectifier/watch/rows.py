"""One observed step of one site, in few numbers. Framework-free.

Layer: watch. Kept as sums and not as the means that a record shows, so that the rows of several
processes that trained one model together can be added.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

SITE_FIELDS = (
    *("step", "silent", "sparsity", "zero_gradient", "input_mean", "input_std", "input_min"),
    *("input_max", "output_mean", "output_std", "gradient_rms", "saturated", "non_finite"),
    *("non_finite_input", "bias_median", "weight_norm_median"),
)
"""What `SiteRow.values` gives: the fields of a `rectifier.watch.record.SiteSeries`."""


@dataclass(frozen=True, slots=True)
class SiteRow:
    """Sums over the elements of a site in one step.

    Attributes:
        step: The step. ``units``: of the site. ``elements``: seen of each.
        firing: Which units had a positive output, eight to a byte.
        nonzero: Outputs that are not zero. ``inputs``, ``input_squares``: sums.
        whole: Of all elements as `rectifier.watch.ledger.Observation.whole`.
        passing: Elements with a gradient at the input, of ``gradients`` seen; NaN: not known.
        gradient_squares: Sum of squares of the gradients at the output; NaN: not known.
        medians: Of bias and weight norm.
    """

    step: int
    units: int
    elements: int
    firing: NDArray[np.uint8]
    nonzero: float
    inputs: float
    input_squares: float
    whole: tuple[float, ...]
    passing: float
    gradients: int
    gradient_squares: float
    medians: tuple[float, float]

    def values(self) -> tuple[float, ...]:
        """The numbers of `SITE_FIELDS`."""
        total = self.elements * self.units
        outputs, output_squares, low, high, saturated, bad_in, bad_out = self.whole
        known = self.gradients > 0
        silent = self.units - int(np.unpackbits(self.firing, count=self.units).sum())
        return (
            float(self.step),
            silent / self.units,
            1.0 - self.nonzero / total,
            1.0 - self.passing / self.gradients if known else math.nan,
            self.inputs / total,
            _deviation(self.inputs, self.input_squares, total),
            *(low, high),
            outputs / total,
            _deviation(outputs, output_squares, total),
            math.sqrt(self.gradient_squares / self.gradients) if known else math.nan,
            saturated / total,
            *(bad_out, bad_in),
            *self.medians,
        )

    def joined(self, other: SiteRow) -> SiteRow:
        """This row and that of another process for the same step."""
        a, b = self.whole, other.whole
        whole = (a[0] + b[0], a[1] + b[1], min(a[2], b[2]), max(a[3], b[3]))
        return replace(
            self,
            elements=self.elements + other.elements,
            firing=self.firing | other.firing,
            nonzero=self.nonzero + other.nonzero,
            inputs=self.inputs + other.inputs,
            input_squares=self.input_squares + other.input_squares,
            whole=(*whole, *(p + q for p, q in zip(a[4:], b[4:], strict=True))),
            passing=self.passing + other.passing,
            gradients=self.gradients + other.gradients,
            gradient_squares=self.gradient_squares + other.gradient_squares,
        )

    def scaled(self, processes: int) -> SiteRow:
        """With gradients as one process would see them.

        Args:
            processes: How many train the model together: each one's loss is a mean over its own
                inputs, so that a gradient at a site is as many times as large.
        """
        return replace(self, gradient_squares=self.gradient_squares / processes**2)


def row(
    step: int,
    active: NDArray[np.int64],
    elements: int,
    sums: NDArray[np.float64],
    whole: NDArray[Any],
    gradient: tuple[NDArray[np.int64] | None, int, float],
    medians: tuple[float, float],
) -> SiteRow:
    """A row from what was measured.

    Args:
        step: The step.
        active: Positive outputs per unit.
        elements: Seen of each unit.
        sums: As `rectifier.watch.ledger.Observation.sums`.
        whole: As `rectifier.watch.ledger.Observation.whole`.
        gradient: Non-zero input gradients per unit, elements seen of each, and sum of squares.
        medians: Of bias and weight norm.
    """
    nonzero, _, inputs, squares = sums.sum(axis=1).tolist()
    passing, seen, gradient_squares = gradient
    units = active.size
    return SiteRow(
        *(step, units, elements),
        firing=np.packbits(active > 0),
        nonzero=nonzero,
        inputs=inputs,
        input_squares=squares,
        whole=tuple(whole.tolist()),
        passing=math.nan if passing is None else float(passing.sum()),
        gradients=seen * units,
        gradient_squares=gradient_squares,
        medians=medians,
    )


def _deviation(total: float, squares: float, count: int) -> float:
    mean = total / count
    return math.sqrt(max(squares / count - mean * mean, 0.0))

"""Places where the program applies an activation, and their units. Part of the record."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rectifier.watch.record.arrays import FloatArray, IntArray, floats, ints


@dataclass(frozen=True, eq=False)
class SiteSeries:
    """One site through time; every array has shape (S,). NaN: not known at that step.

    Attributes:
        step: The step.
        silent: Share of units without one positive output in that step's batch.
        sparsity: Share of exactly zero outputs.
        zero_gradient: Share of exactly zero elements in the gradient with respect to the site's
            input (what flows back out of the activation).
        input_mean, input_std, input_min, input_max: Of the pre-activations.
        output_mean, output_std: Of the outputs.
        gradient_rms: Root mean square of the gradient with respect to the site's output.
        saturated: Share of elements at which the activation's derivative is below 1 % of its
            maximum.
        non_finite: Count of NaN or infinite outputs.
        non_finite_input: Count of NaN or infinite inputs.
        bias_median, weight_norm_median: Over units, of the layer that feeds the site.
    """

    step: IntArray = field(default_factory=ints)
    silent: FloatArray = field(default_factory=floats)
    sparsity: FloatArray = field(default_factory=floats)
    zero_gradient: FloatArray = field(default_factory=floats)
    input_mean: FloatArray = field(default_factory=floats)
    input_std: FloatArray = field(default_factory=floats)
    input_min: FloatArray = field(default_factory=floats)
    input_max: FloatArray = field(default_factory=floats)
    output_mean: FloatArray = field(default_factory=floats)
    output_std: FloatArray = field(default_factory=floats)
    gradient_rms: FloatArray = field(default_factory=floats)
    saturated: FloatArray = field(default_factory=floats)
    non_finite: FloatArray = field(default_factory=floats)
    non_finite_input: FloatArray = field(default_factory=floats)
    bias_median: FloatArray = field(default_factory=floats)
    weight_norm_median: FloatArray = field(default_factory=floats)


@dataclass(frozen=True, eq=False)
class UnitStatistics:
    """Each unit of a site; every array has shape (U,) unless said otherwise.

    "Recent" is the closing window of the record (`Record.window_steps` observed steps).

    Attributes:
        seen: Elements seen per unit over all observed training steps (scalar).
        seen_recent: Elements seen per unit in the closing window (scalar).
        active: Positive outputs over all observed steps; exact.
        active_recent: Positive outputs in the closing window; exact.
        nonzero_gradient_recent: Elements with a non-zero gradient at the site's input, closing
            window; -1 where gradients were not seen.
        mean_abs_recent: Mean |output| in the closing window.
        nonzero_recent: Non-zero outputs over the latest part of the run, between its last fifth and
            its last three fifths. ``nonzero_seen`` (scalar): elements seen per unit in it.
        last_active_step: Last observed step with a positive output, or `NEVER`.
        bias_start, bias_at_death, bias_end: Bias of the unit in the layer that feeds the site: at
            the first observed step, at the first step of the unit's final silence (NaN while the
            unit is alive), and at the end. NaN where there is no bias.
        weight_norm_start, weight_norm_at_death, weight_norm_end: Likewise the Euclidean norm of the
            unit's incoming weights.
        map_steps: Steps of the rows of ``map_active``, shape (M,), M at most 64.
        map_active: Share of positive outputs per unit at these steps, shape (M, U): the picture of
            who was alive when. For sites over 512 units, 512 evenly chosen ones, U' columns.
        map_mean_abs: Mean |output| at the same steps, of the same units, shape (M, U); NaN or empty
            where it was not measured. ``map_layer_abs``: its mean over all units, shape (M,).
        map_units: The unit numbers of the columns of ``map_active``, shape (U',).
        input_edges, input_counts: Histogram of the pre-activations at the last observed steps:
            edges (B + 1,), counts (B,).
    """

    seen: int = 0
    seen_recent: int = 0
    active: IntArray = field(default_factory=ints)
    active_recent: IntArray = field(default_factory=ints)
    nonzero_gradient_recent: IntArray = field(default_factory=ints)
    mean_abs_recent: FloatArray = field(default_factory=floats)
    nonzero_recent: IntArray = field(default_factory=ints)
    nonzero_seen: int = 0
    last_active_step: IntArray = field(default_factory=ints)
    bias_start: FloatArray = field(default_factory=floats)
    bias_at_death: FloatArray = field(default_factory=floats)
    bias_end: FloatArray = field(default_factory=floats)
    weight_norm_start: FloatArray = field(default_factory=floats)
    weight_norm_at_death: FloatArray = field(default_factory=floats)
    weight_norm_end: FloatArray = field(default_factory=floats)
    map_steps: IntArray = field(default_factory=ints)
    map_active: FloatArray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float64))
    map_mean_abs: FloatArray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float64))
    map_layer_abs: FloatArray = field(default_factory=floats)
    map_units: IntArray = field(default_factory=ints)
    input_edges: FloatArray = field(default_factory=floats)
    input_counts: IntArray = field(default_factory=ints)

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Units with no positive output and no gradient in the closing window, shape (U,).

        None is where the closing window saw nothing. Where gradients were not seen, a unit whose
        outputs were not zero is not dead.
        """
        silent = np.logical_and(self.active_recent == 0, self.seen_recent > 0)
        still = self.nonzero_gradient_recent <= 0
        if self.nonzero_recent.size and self.nonzero_seen:
            still &= (self.nonzero_gradient_recent == 0) | (self.nonzero_recent == 0)
        found: NDArray[np.bool_] = np.logical_and(silent, still)
        return found

    @property
    def born_dead(self) -> NDArray[np.bool_]:
        """Dead units that never once had a positive output, shape (U,)."""
        never: NDArray[np.bool_] = self.active == 0
        return np.logical_and(self.dead, never)


@dataclass(frozen=True, eq=False)
class SiteRecord:
    """One place where the program applies an activation.

    Attributes:
        site: Stable name: the module path of an activation module, or ``<module path>.<function>``
            for a functional call (``<function>`` in the root module); ``:2``, ``:3`` … where the
            name recurs.
        function: The activation's catalog name if it has one (``relu``), else the callee's name.
        source: ``file.py:line`` of the user's code that applies it; empty where unknown.
        layer: Module path of the layer that produces the site's input (``fc1``); the site's own
            name where none is known.
        layer_kind: Class name of that layer (``Linear``, ``Conv2d``, ``BatchNorm1d``); empty where
            unknown.
        model: Name of the root module it belongs to (its class name, ``:2`` … where it recurs).
        units: Number of units, U.
        unit_axis: Dimension of the output that units lie on.
        order: Place in the forward pass, from 0.
        fan_in: Inputs of one unit of ``layer``; 0 where unknown.
        series: The site through time.
        unit: Its units.
    """

    site: str
    function: str
    source: str
    layer: str
    layer_kind: str
    model: str
    units: int
    unit_axis: int
    order: int
    fan_in: int = 0
    series: SiteSeries = field(default_factory=SiteSeries)
    unit: UnitStatistics = field(default_factory=UnitStatistics)

    @property
    def dead(self) -> float:
        """Share of units that are dead in the closing window (0 where nothing was seen)."""
        return float(self.unit.dead.mean()) if self.unit.active_recent.size else 0.0

    @property
    def sparsity(self) -> float:
        """Mean share of exactly zero outputs over the last tenth of the series; NaN if empty."""
        tail = self.series.sparsity[-max(1, self.series.sparsity.size // 10) :]
        return float(tail.mean()) if tail.size else math.nan

"""Layers with weights, and the parameters. Part of the record."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from rectifier.watch.record.arrays import FloatArray, IntArray, floats, ints


@dataclass(frozen=True, eq=False)
class LayerRecord:
    """One layer with weights, through time; the arrays have shape (S,), NaN where not known.

    Attributes:
        layer: Module path. ``kind``: class name. ``model``: root module's name.
        order: Place in the forward pass, from 0. ``parameters``: number of weights and biases.
        units: Rows of its weight, one for each output unit; 0 where unknown. ``fan_in``: inputs of
            one unit; 0 where unknown.
        fed_by: The layers whose outputs reach its input, the nearest on each way; empty where not
            known or where the input is data.
        between: Functions on the ways from these that are not linear in what reaches them
            (``relu``, ``softmax``, ``max_pool2d``), each once, sorted. Empty with ``fed_by``
            given: the two layers are one linear map.
        weight_mean_start, weight_std_start: Over all weights at the first observed step.
        weight_zero_start: Share of exactly zero weights then.
        distinct_units_start: Share of units whose incoming weights differ from those of all units
            before them: 1 where all differ, 1/units where all are equal; NaN without ``fan_in``.
        bias_mean_start, bias_std_start: Over units at the first observed step; NaN without bias.
        trainable: Whether its weight requires a gradient. ``in_optimizer``: whether an optimiser
            holds its weight.
        step: The step. ``weight_norm``: Euclidean. ``gradient_norm``: of the weight's gradient.
        gradient_rms: Root mean square of the weight's gradient.
        update_ratio: Norm of the step's change over the norm of the weight.
        non_finite_gradient, non_finite_weight: Counts.
    """

    layer: str
    kind: str
    model: str
    order: int
    parameters: int
    units: int = 0
    fan_in: int = 0
    fed_by: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    weight_mean_start: float = math.nan
    weight_std_start: float = math.nan
    weight_zero_start: float = math.nan
    distinct_units_start: float = math.nan
    bias_mean_start: float = math.nan
    bias_std_start: float = math.nan
    trainable: bool = True
    in_optimizer: bool = True
    step: IntArray = field(default_factory=ints)
    weight_norm: FloatArray = field(default_factory=floats)
    gradient_norm: FloatArray = field(default_factory=floats)
    gradient_rms: FloatArray = field(default_factory=floats)
    update_ratio: FloatArray = field(default_factory=floats)
    non_finite_gradient: FloatArray = field(default_factory=floats)
    non_finite_weight: FloatArray = field(default_factory=floats)


@dataclass(frozen=True)
class ParameterRecord:
    """One parameter of a model.

    Attributes:
        name: Qualified name. ``model``: root module's name. ``elements``: how many numbers.
        requires_grad: Whether it did at the last observed step.
        in_optimizer: Whether some optimiser that was seen holds it.
        observed: Observed steps of an optimiser that holds it (of any, where none does).
        with_gradient: In how many of these it had a gradient.
        zero_gradient: In how many of these the gradient was exactly zero.
    """

    name: str
    model: str
    elements: int
    requires_grad: bool = True
    in_optimizer: bool = True
    observed: int = 0
    with_gradient: int = 0
    zero_gradient: int = 0

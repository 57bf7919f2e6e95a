"""Layers with weights. Part of the record."""

from __future__ import annotations

from dataclasses import dataclass, field

from rectifier.watch.record.arrays import FloatArray, IntArray, floats, ints


@dataclass(frozen=True, eq=False)
class LayerRecord:
    """One layer with weights, through time; the arrays have shape (S,), NaN where not known.

    Attributes:
        layer: Module path. ``kind``: class name. ``model``: root module's name.
        order: Place in the forward pass, from 0. ``parameters``: number of weights and biases.
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
    trainable: bool = True
    in_optimizer: bool = True
    step: IntArray = field(default_factory=ints)
    weight_norm: FloatArray = field(default_factory=floats)
    gradient_norm: FloatArray = field(default_factory=floats)
    gradient_rms: FloatArray = field(default_factory=floats)
    update_ratio: FloatArray = field(default_factory=floats)
    non_finite_gradient: FloatArray = field(default_factory=floats)
    non_finite_weight: FloatArray = field(default_factory=floats)

"""Weights as they were drawn, and on what scale. Framework-free, pure.

Layer: doctor; what `rectifier.doctor.rules.poor_initialization` judges, and others ask for.
"""

from __future__ import annotations

import math

from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import ParameterFacts

LARGE = 4.0
"""Spread of weights times the root of their inputs: He's is 1.41, PyTorch's own 0.58, Glorot's 1.
From four on a ReLU layer multiplies the signal's power by eight, a linear one by sixteen."""

SMALL = 0.2
"""The other way: the signal's power falls to a fiftieth at a ReLU layer."""

LOUD = 10.0
"""Spread of pre-activations at the start; an initialisation that fits gives about one."""

ABOVE_CHANCE = 3.0
"""First cross-entropy over the log of the number of classes, which is that of a guess."""

DEEP = 5
"""Activations from which one may speak of growth with depth."""


def drawn_in(record: Record) -> list[ParameterFacts]:
    """Matrices of layers that are trained, as first seen; tables of embeddings are none."""
    tables = {layer.layer for layer in record.layers if "mbedding" in layer.kind}
    known = {layer.layer for layer in record.layers}
    return [
        p
        for p in record.circumstances.parameters
        if p.fan_in > 1
        and p.trainable
        and not p.loaded
        and p.layer in known - tables
        and not p.zero_start
        and math.isfinite(p.std)
        and p.size >= 8
    ]


def gain_of(parameter: ParameterFacts) -> float:
    """Root mean square of the weights times the root of the inputs."""
    return math.hypot(parameter.std, parameter.mean) * math.sqrt(parameter.fan_in)


def is_squared(record: Record) -> bool:
    """Whether the loss is a squared error, which grows as the square of an output too large."""
    squares = ("mse_loss", "pow")
    return any(set(squares) & set(head.chain[:3]) for head in record.circumstances.heads)

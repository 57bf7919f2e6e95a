"""Exponential units: the identity above zero, a saturating exponential below. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import entry

ACTIVATIONS = (
    entry(
        __name__,
        "elu",
        "where(x > 0, x, alpha * expm1(x))",
        class_name="ELU",
        aliases=("exponential_linear",),
        summary="The exponential linear unit: saturates at -alpha for negative inputs.",
        params={"alpha": Param(1.0, low=0.0, description="depth of the negative side")},
        source=Source(
            "Djork-Arné Clevert, Thomas Unterthiner, Sepp Hochreiter",
            "Fast and Accurate Deep Network Learning by Exponential Linear Units (ELUs)",
            2015,
            url="https://arxiv.org/abs/1511.07289",
            equation="f(x) = x if x > 0, α (exp(x) - 1) if x ≤ 0",
        ),
    ),
    entry(
        __name__,
        "selu",
        "1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * expm1(x))",
        class_name="SELU",
        aliases=("scaled_elu",),
        summary="ELU scaled so that mean 0 and variance 1 are a fixed point of a wide layer.",
        source=Source(
            "Günter Klambauer, Thomas Unterthiner, Andreas Mayr, Sepp Hochreiter",
            "Self-Normalizing Neural Networks",
            2017,
            url="https://arxiv.org/abs/1706.02515",
            equation="selu(x) = λ x if x > 0, λ (α eˣ - α) if x ≤ 0",
        ),
    ),
)

"""Squashing functions: bounded, saturating on both sides. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Source
from rectifier.catalog._entry import entry

ACTIVATIONS = (
    entry(
        __name__,
        "sigmoid",
        "sigmoid(x)",
        class_name="Sigmoid",
        aliases=("logistic",),
        summary="The logistic function, from 0 to 1.",
        source=Source(
            "David E. Rumelhart, Geoffrey E. Hinton, Ronald J. Williams",
            "Learning representations by back-propagating errors",
            1986,
            url="https://doi.org/10.1038/323533a0",
            equation="y = 1 / (1 + e⁻ˣ)",
        ),
    ),
    entry(
        __name__,
        "tanh",
        "tanh(x)",
        class_name="Tanh",
        aliases=("hyperbolic_tangent",),
        summary="The hyperbolic tangent, from -1 to 1.",
        # 1 - tanh(x)**2 is 0 for every x > 19; the true derivative is 4 exp(-2x) there.
        stable_derivative="4 * sigmoid(2 * x) * sigmoid(-2 * x)",
        source=Source(
            "Yann LeCun, Léon Bottou, Genevieve B. Orr, Klaus-Robert Müller",
            "Efficient BackProp",
            1998,
            url="https://doi.org/10.1007/3-540-49430-8_2",
            note="The work that recommends it over the sigmoid, with a scaled variant.",
        ),
    ),
)

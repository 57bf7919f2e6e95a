"""Smooth versions of ReLU that stay positive. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import entry

ACTIVATIONS = (
    entry(
        __name__,
        "softplus",
        "softplus(beta * x) / beta",
        class_name="Softplus",
        aliases=("soft_plus",),
        summary="The integral of the sigmoid: a smooth ReLU that is positive everywhere.",
        params={
            "beta": Param(1.0, low=1e-6, description="sharpness; large values come close to ReLU")
        },
        source=Source(
            "Charles Dugas, Yoshua Bengio, François Bélisle, Claude Nadeau, René Garcia",
            "Incorporating Second-Order Functional Knowledge for Better Option Pricing",
            2000,
            url="https://papers.nips.cc/paper/2000/hash/"
            "44968aece94f667e4095002d140b5896-Abstract.html",
            equation="ζ(s) = log(1 + eˢ)",
        ),
        differs="Exact for all inputs; some libraries switch to the identity at beta * x = 20.",
    ),
)

"""The function that does nothing, as the baseline of every comparison. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Source
from rectifier.catalog._entry import Advice, entry

ACTIVATIONS = (
    entry(
        __name__,
        "identity",
        "x",
        class_name="Identity",
        aliases=("linear",),
        summary="The input as it is; a network of such units is one linear map.",
        source=Source("", "The identity has no source", None),
    ),
)

ADVICE = {
    "": Advice(
        "Outputs of a regression, and a place held free.",
        "Between two linear layers: the two are then one.",
        ("Cybenko 1989, doi:10.1007/BF02551274",),
    ),
}

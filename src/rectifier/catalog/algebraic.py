"""Squashing functions of algebraic tails: they saturate slowly, without exponentials.

Layer: catalog. The plain quotients are inf / inf far out and their derivatives cancel there; the
stable forms bound x where the result no longer changes in fp64 and squares fit into fp32.
"""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry

_TRANSFER = Source(
    "Włodzisław Duch, Norbert Jankowski",
    "Survey of Neural Transfer Functions",
    1999,
    url="https://www.fizyka.umk.pl/publications/kmk/99ncs.html",
)
_ELLIOTT = Source(
    "David L. Elliott",
    "A Better Activation Function for Artificial Neural Networks",
    1993,
    url="https://drum.lib.umd.edu/handle/1903/5355",
)
# From here on every result is its limit, and the square is finite in fp32 too.
_X = "clip(x, -1e18, 1e18)"

ACTIVATIONS = (
    entry(
        __name__,
        "softsign",
        "x / (1 + abs(x))",
        class_name="Softsign",
        aliases=("soft_sign", "elliott_symmetric"),
        summary="The input over one plus its size, from -1 to 1.",
        stable="clip(x, -1e30, 1e30) / (1 + abs(clip(x, -1e30, 1e30)))",
        stable_derivative="1 / (1 + abs(x)) ** 2",
        source=_ELLIOTT,
        differs="Right limits at infinity, where PyTorch has NaN.",
    ),
    entry(
        __name__,
        "elliott",
        "0.5 * x / (1 + abs(x)) + 0.5",
        class_name="Elliott",
        aliases=("elliot",),
        summary="Softsign moved to run from 0 to 1.",
        stable="where(x > 0, 1 - 0.5 / (1 + abs(x)), 0.5 / (1 + abs(x)))",
        stable_derivative="0.5 / (1 + abs(x)) ** 2",
        source=_ELLIOTT,
        differs="The form from 0 to 1, as in FANN; the source's runs from -1 to 1 (softsign).",
    ),
    entry(
        __name__,
        "isru",
        "x / sqrt(1 + alpha * x ** 2)",
        class_name="ISRU",
        aliases=("inverse_square_root_unit",),
        summary="The input over the root of one plus its square.",
        params={"alpha": Param(1.0, low=1e-6, description="saturates at 1 / sqrt(alpha)")},
        stable=f"{_X} / sqrt(1 + alpha * {_X} ** 2)",
        stable_derivative="1 / ((1 + alpha * x ** 2) * sqrt(1 + alpha * x ** 2))",
        source=Source(
            "Brad Carlile, Guy Delamarter, Paul Kinney, Akiko Marti, Brian Whitney",
            "Improving Deep Learning by Inverse Square Root Linear Units (ISRLUs)",
            2017,
            url="https://arxiv.org/abs/1710.09967",
            equation="f(x) = x / √(1 + αx²)",
        ),
    ),
    entry(
        __name__,
        "rootsig",
        "x / (1 + sqrt(1 + x ** 2))",
        class_name="RootSig",
        summary="The tangent of half the angle whose tangent is the input.",
        stable=f"{_X} / (1 + sqrt(1 + {_X} ** 2))",
        stable_derivative="1 / (sqrt(1 + x ** 2) * (1 + sqrt(1 + x ** 2)))",
        source=_TRANSFER,
    ),
    entry(
        __name__,
        "arctan",
        "atan(x)",
        class_name="ArcTan",
        aliases=("arc_tan",),
        summary="The arc tangent, from -pi/2 to pi/2.",
        source=_TRANSFER,
    ),
)

ADVICE = {
    "": Advice(
        "A sigmoid shape without an exponential, with tails that saturate slowly.",
        "Where the limit must be reached: softsign is still 0.01 away at 99.",
        (
            "Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural"
            " networks",
        ),
    ),
}

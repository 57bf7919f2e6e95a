"""Squashing functions of exponential tails: sigmoid, tanh and relatives. Layer: catalog.

Slopes are written with sigmoid(v) sigmoid(-v), which keeps its digits where 1 - tanh**2 has none.
"""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry, learned

_EFFICIENT = Source(
    "Yann LeCun, Léon Bottou, Genevieve B. Orr, Klaus-Robert Müller",
    "Efficient BackProp",
    1998,
    url="https://doi.org/10.1007/3-540-49430-8_2",
    equation="f(x) = 1.7159 tanh(2x/3)",
)
_REVISE = Source(
    "Bing Xu, Ruitong Huang, Mu Li",
    "Revise Saturated Activation Functions",
    2016,
    url="https://arxiv.org/abs/1602.05980",
)
_ASYMMETRIC = Source(
    "Gecynalda S. da S. Gomes, Teresa B. Ludermir",
    "Complementary Log-Log and Probit: Activation Functions Implemented in Artificial Neural "
    "Networks",
    2008,
    url="https://ieeexplore.ieee.org/document/4626755",
)
# softplus(v) - softplus(v - alpha) = log1p((1 - exp(-alpha)) exp(v) sigmoid(alpha - v)), which
# cancels nothing; beyond 1/2 it is f(x) = 1 - f(1 - x).
_LEFT = "where(x > 0.5, 1 - x, x)"
_CLIPPED = f"log1p(-expm1(-alpha) * exp(alpha * {_LEFT}) * sigmoid(alpha * (1 - {_LEFT}))) / alpha"

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
    entry(
        __name__,
        "lecun_tanh",
        "1.7159 * tanh(2 * x / 3)",
        class_name="LeCunTanh",
        aliases=("scaled_tanh", "stanh"),
        summary="Tanh scaled so that 1 goes to 1 and -1 to -1.",
        stable_derivative=("1.7159 * 2 / 3 * (4 * sigmoid(4 * x / 3) * sigmoid(-(4 * x / 3)))"),
        source=_EFFICIENT,
    ),
    entry(
        __name__,
        "penalized_tanh",
        "where(x > 0, 1, a) * tanh(x)",
        class_name="PenalizedTanh",
        aliases=("leaky_tanh",),
        summary="Tanh, made smaller for negative inputs.",
        params={"a": Param(0.25, description="factor for negative inputs")},
        stable_derivative="where(x > 0, 1, a) * (4 * sigmoid(2 * x) * sigmoid(-2 * x))",
        source=_REVISE,
    ),
    entry(
        __name__,
        "scaled_sigmoid",
        "4 * sigmoid(x) - 2",
        class_name="ScaledSigmoid",
        summary="The sigmoid moved and stretched to slope 1 at the origin, from -2 to 2.",
        stable="2 * tanh(x / 2)",
        source=_REVISE,
    ),
    entry(
        __name__,
        "bipolar_sigmoid",
        "2 * sigmoid(x) - 1",
        class_name="BipolarSigmoid",
        aliases=("sigmoid_symmetric",),
        summary="The sigmoid stretched to run from -1 to 1.",
        stable="tanh(x / 2)",
        source=Source(
            "Włodzisław Duch, Norbert Jankowski",
            "Survey of Neural Transfer Functions",
            1999,
            url="https://www.fizyka.umk.pl/publications/kmk/99ncs.html",
        ),
    ),
    entry(
        __name__,
        "dynamic_tanh",
        "weight * tanh(alpha * x) + bias",
        class_name="DynamicTanh",
        aliases=("dyt",),
        summary="Tanh with a learned scale, then one weight and bias per channel: in place of a "
        "normalisation layer.",
        params={
            "alpha": learned(0.5, "factor of the input"),
            "weight": learned(1.0, "factor of the output", sharing="channel"),
            "bias": learned(0.0, "added to the output", sharing="channel"),
        },
        stable_derivative=(
            "weight * alpha * (4 * sigmoid(2 * alpha * x) * sigmoid(-(2 * alpha * x)))"
        ),
        source=Source(
            "Jiachen Zhu, Xinlei Chen, Kaiming He, Yann LeCun, Zhuang Liu",
            "Transformers without Normalization",
            2025,
            url="https://arxiv.org/abs/2503.10622",
            equation="DyT(x) = γ tanh(αx) + β",
        ),
    ),
    entry(
        __name__,
        "hexpo",
        "where(x > 0, -a * expm1(-x / b), c * expm1(x / d))",
        class_name="Hexpo",
        summary="Two saturating exponentials that meet at the origin, each of its own scale.",
        params={
            "a": Param(1.0, description="ceiling"),
            "b": Param(1.0, low=1e-6, description="width above zero"),
            "c": Param(1.0, description="depth of the floor"),
            "d": Param(1.0, low=1e-6, description="width below zero"),
        },
        source=Source(
            "Shumin Kong, Masahiro Takatsuka",
            "Hexpo: A vanishing-proof activation function",
            2017,
            url="https://arxiv.org/abs/2402.09092",
            note="The address is that of a survey of such functions: Kunc and Kléma (2024).",
        ),
    ),
    entry(
        __name__,
        "soft_clipping",
        "(softplus(alpha * x) - softplus(alpha * (x - 1))) / alpha",
        class_name="SoftClipping",
        aliases=("soft_clip",),
        summary="A smooth ramp from 0 to 1 with its bends at 0 and 1.",
        params={"alpha": Param(1.0, low=1e-6, high=700.0, description="sharpness of the bends")},
        stable_derivative="-expm1(-alpha) * sigmoid(alpha * x) * sigmoid(alpha * (1 - x))",
        stable=f"where(x > 0.5, 1 - {_CLIPPED}, {_CLIPPED})",
        source=Source(
            "Matthew D. Klimek, Maxim Perelstein",
            "Neural Network-Based Approach to Phase Space Integration",
            2018,
            url="https://arxiv.org/abs/1810.11509",
        ),
        differs="The default of alpha is ours.",
    ),
    entry(
        __name__,
        "cloglog",
        "1 - exp(-exp(x))",
        class_name="CLogLog",
        aliases=("complementary_log_log",),
        summary="The inverse of the complementary log-log link: an asymmetric sigmoid.",
        stable="-expm1(-exp(x))",
        stable_derivative="exp(minimum(x, 700) - exp(minimum(x, 700)))",
        source=_ASYMMETRIC,
    ),
    entry(
        __name__,
        "loglog",
        "exp(-exp(-x))",
        class_name="LogLog",
        aliases=("log_log", "gompertz"),
        summary="The inverse of the log-log link, the Gompertz curve: an asymmetric sigmoid.",
        stable_derivative="exp(-maximum(x, -700) - exp(-maximum(x, -700)))",
        source=_ASYMMETRIC,
    ),
    entry(
        __name__,
        "probit",
        "norm_cdf(x)",
        class_name="Probit",
        aliases=("gaussian_cdf", "normal_cdf"),
        summary="The normal distribution function as a sigmoid.",
        source=_ASYMMETRIC,
    ),
    entry(
        __name__,
        "laplace",
        "norm_cdf((x - mu) / sigma)",
        class_name="Laplace",
        aliases=("laplace_activation",),
        summary="A shifted and scaled normal distribution function, near the square of ReLU.",
        params={
            "mu": Param(0.707107, description="where it is one half"),
            "sigma": Param(0.282095, low=1e-6, description="width"),
        },
        source=Source(
            "Xuezhe Ma, Chunting Zhou, Xiang Kong, Junxian He, Liangke Gui, Graham Neubig, "
            "Jonathan May, Luke Zettlemoyer",
            "Mega: Moving Average Equipped Gated Attention",
            2022,
            url="https://arxiv.org/abs/2209.10655",
            equation="f(x; μ, σ) = ½ (1 + erf((x - μ) / (σ√2))), μ = √(1/2), σ = √(1/(4π))",
        ),
        differs="The defaults are those of Hugging Face, six digits of the source's.",
    ),
    entry(
        __name__,
        "erf",
        "erf(x)",
        class_name="Erf",
        aliases=("error_function",),
        summary="The error function, from -1 to 1.",
        source=Source(
            "Christopher K. I. Williams",
            "Computation with Infinite Networks",
            1998,
            url="https://doi.org/10.1162/089976698300017412",
            note="There because its kernel in an infinitely wide layer has a closed form.",
        ),
    ),
)

ADVICE = {
    "": Advice(
        "Outputs or states that must stay in a range: gates, probabilities, recurrent states.",
        "Hidden layers of deep networks: saturated units stop the gradient, layer after layer.",
        (
            "Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural"
            " networks",
        ),
    ),
    "sigmoid": Advice(
        "The output of a yes-or-no classifier (with the loss on logits), and gates of recurrent "
        "cells.",
        "Hidden layers: its slope is at most 1/4 and its mean 1/2, so gradients vanish with depth.",
        (
            "Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural"
            " networks",
            "Hochreiter, Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735",
        ),
    ),
    "tanh": Advice(
        "States of recurrent cells, outputs in (−1, 1), and shallow networks on centred inputs, "
        "where it beats the sigmoid.",
        "Deep plain stacks: it saturates, though later than the sigmoid.",
        (
            "LeCun et al. 1998, Efficient BackProp",
            "Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural"
            " networks",
        ),
    ),
    "dynamic_tanh": Advice(
        "In place of a normalisation layer in a transformer.",
        "As an activation in its own right.",
        ("Zhu et al. 2025, arXiv:2503.10622",),
    ),
    "lecun_tanh": Advice(
        "Old networks and exact reproductions: at ±1 it gives ±1, for targets there.",
        "New deep networks, as tanh.",
        ("LeCun et al. 1998, Efficient BackProp",),
    ),
}

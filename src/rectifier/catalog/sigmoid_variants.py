"""Variants of GELU and SiLU: other factors, bounds, mixtures, derivatives. Layer: catalog.

As in `sigmoid_weighted`, the factor x is bounded where its gate is exactly 0 in fp64.
"""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry, learned

_GELU = "(maximum(x, -40) * norm_cdf(x))"
_SILU = "(maximum(x, -800) * sigmoid(x))"
_SILU_SLOPE = "(sigmoid(x) * (1 + clip(x, -800, 800) * sigmoid(-x)))"
_HENDRYCKS = Source(
    "Dan Hendrycks, Kevin Gimpel",
    "Gaussian Error Linear Units (GELUs)",
    2016,
    url="https://arxiv.org/abs/1606.08415",
    equation="x σ(1.702 x)",
)
_ACON = Source(
    "Ningning Ma, Xiangyu Zhang, Ming Liu, Jian Sun",
    "Activate or Not: Learning Customized Activation",
    2020,
    url="https://arxiv.org/abs/2009.04759",
)


def _acon(d: str, high: str, low: str) -> tuple[str, str, str]:
    """Return formula, stable value and slope of d x sigmoid(beta d x) + low x, d = high - low.

    With v = beta d x it equals high x - d x sigmoid(-v); either form cancels on one side of 0.
    """
    v = f"(beta * ({d} * x))"
    return (
        f"{d} * x * sigmoid(beta * {d} * x) + {low} * x",
        f"where({v} < 0, {low} * x + where({v} < -800, 0, {d} * x * sigmoid{v}),"
        f" {high} * x - where({v} > 800, 0, {d} * x * sigmoid(-{v})))",
        f"where({v} < 0, {low} + {d} * (sigmoid{v} * (1 + maximum({v}, -800) * sigmoid(-{v}))),"
        f" {high} - {d} * (sigmoid(-{v}) * (1 - minimum({v}, 800) * sigmoid{v})))",
    )


_ACON_B, _ACON_C = _acon("(1 - p)", "1", "p"), _acon("(p1 - p2)", "p1", "p2")
_V = "clip(beta * x, -1e6, 1e6)"
_M = "maximum(x, -800 * beta)"
_Q = f"({_M} * exp({_M} / beta))"
_P = "clip(x, 0, 1e30)"

ACTIVATIONS = (
    entry(
        __name__,
        "quick_gelu",
        "x * sigmoid(1.702 * x)",
        class_name="QuickGELU",
        aliases=("quickgelu", "gelu_quick", "gelu_sigmoid"),
        summary="The approximation of GELU by a sigmoid, as CLIP uses it.",
        stable="maximum(x, -500) * sigmoid(1.702 * x)",
        stable_derivative=(
            "sigmoid(1.702 * x) * (1 + clip(1.702 * x, -800, 800) * sigmoid(-(1.702 * x)))"
        ),
        source=_HENDRYCKS,
    ),
    entry(
        __name__,
        "clipped_gelu",
        "clip(x * norm_cdf(x), low, high)",
        class_name="ClippedGELU",
        aliases=("gelu_10",),
        summary="GELU held between two bounds, for arithmetic of few bits.",
        params={
            "low": Param(-10.0, description="floor"),
            "high": Param(10.0, description="ceiling"),
        },
        stable=f"clip({_GELU}, low, high)",
        source=Source(
            "Hao Wu, Patrick Judd, Xiaojie Zhang, Mikhail Isaev, Paulius Micikevicius",
            "Integer Quantization for Deep Learning Inference: Principles and Empirical Evaluation",
            2020,
            url="https://arxiv.org/abs/2004.09602",
        ),
    ),
    entry(
        __name__,
        "sgelu",
        "alpha * x * erf(x / sqrt(2))",
        class_name="SGELU",
        aliases=("symmetrical_gelu",),
        summary="The input times the error function of it: even, a smooth absolute value.",
        params={"alpha": Param(1.0, description="factor of the whole")},
        stable_derivative=("alpha * (erf(x / sqrt(2)) + 2 * clip(x, -40, 40) * norm_pdf(x))"),
        source=Source(
            "Chao Yu, Zhiguo Su",
            "Symmetrical Gaussian Error Linear Units (SGELUs)",
            2019,
            url="https://arxiv.org/abs/1911.03925",
        ),
        differs="The default of alpha is ours.",
    ),
    entry(
        __name__,
        "e_swish",
        "beta * x * sigmoid(x)",
        class_name="ESwish",
        aliases=("eswish",),
        summary="SiLU times a constant a little above 1.",
        params={"beta": Param(1.375, description="factor of the whole")},
        stable=f"beta * {_SILU}",
        stable_derivative=f"beta * {_SILU_SLOPE}",
        source=Source(
            "Eric Alcaide",
            "E-swish: Adjusting Activations to Different Network Depths",
            2018,
            url="https://arxiv.org/abs/1801.07145",
            equation="f(x) = β x · sigmoid(x)",
        ),
        differs="The source tries factors from 1 to 2; the default is our choice among them.",
    ),
    entry(
        __name__,
        "dsilu",
        "sigmoid(x) * (1 + x * (1 - sigmoid(x)))",
        class_name="DSiLU",
        aliases=("silu_derivative",),
        summary="The derivative of SiLU: a steeper sigmoid that overshoots.",
        stable=_SILU_SLOPE,
        stable_derivative=("sigmoid(x) * sigmoid(-x) * (2 - clip(x, -800, 800) * tanh(x / 2))"),
        source=Source(
            "Stefan Elfwing, Eiji Uchibe, Kenji Doya",
            "Sigmoid-Weighted Linear Units for Neural Network Function Approximation in "
            "Reinforcement Learning",
            2017,
            url="https://arxiv.org/abs/1702.03118",
            equation="a(z) = σ(z) (1 + z (1 - σ(z)))",
        ),
    ),
    entry(
        __name__,
        "bsilu",
        "(x + alpha) * sigmoid(x) - alpha / 2",
        class_name="BSiLU",
        aliases=("b_silu", "bounded_silu"),
        summary="SiLU shifted to saturate well below zero.",
        params={"alpha": Param(1.67, description="twice the depth of the negative side")},
        # alpha (sigmoid(x) - 1/2) = alpha / 2 tanh(x / 2), which keeps the digits near 0.
        stable=f"{_SILU} + alpha / 2 * tanh(x / 2)",
        stable_derivative=f"{_SILU_SLOPE} + alpha * (sigmoid(x) * sigmoid(-x))",
        source=Source(
            "Coşku Can Horuz, Geoffrey Kasenbacher, Saya Higuchi, Sebastian Kairat, Jendrik "
            "Stoltz, Moritz Pesl, Bernhard A. Moser, Christoph Linse, Thomas Martinetz, Sebastian "
            "Otte",
            "The Resurrection of the ReLU",
            2025,
            url="https://arxiv.org/abs/2505.22074",
            equation="B-SiLU(x) = (x + α) σ(x) - α/2",
            note="There as the source of gradients for a ReLU.",
        ),
    ),
    entry(
        __name__,
        "aria2",
        "x * (1 + exp(-beta * x)) ** (-alpha)",
        class_name="ARiA2",
        aliases=("adaptive_richards_curve",),
        summary="The input times a power of its sigmoid.",
        params={
            "alpha": Param(1.5, low=0.001, description="exponent of the gate"),
            "beta": Param(2.0, description="sharpness of the gate"),
        },
        # The power overflows inside on the left; exp(-alpha softplus(-v)) is the same gate.
        stable=(f"where(alpha * softplus(-{_V}) > 800, 0, x * exp(-alpha * softplus(-{_V})))"),
        stable_derivative=(f"exp(-alpha * softplus(-{_V})) * (1 + alpha * {_V} * sigmoid(-{_V}))"),
        source=Source(
            "Narendra Patwardhan, Madhura Ingalhalikar, Rahee Walambe",
            "ARiA: Utilizing Richard's Curve for Controlling the Non-monotonicity of the "
            "Activation Function in Deep Neural Nets",
            2018,
            url="https://arxiv.org/abs/1805.08878",
        ),
    ),
    entry(
        __name__,
        "acon_b",
        _ACON_B[0],
        class_name="ACONB",
        aliases=("aconb",),
        summary="A smooth maximum of x and p x with a learned sharpness.",
        params={
            "p": Param(0.25, description="slope far on the negative side"),
            "beta": learned(1.0, "sharpness", sharing="channel"),
        },
        stable=_ACON_B[1],
        stable_derivative=_ACON_B[2],
        source=_ACON,
        differs="ACON-A, with p 0, is swish; acon_a finds it.",
    ),
    entry(
        __name__,
        "acon_c",
        _ACON_C[0],
        class_name="ACONC",
        aliases=("aconc", "acon"),
        summary="A smooth maximum of two lines, slopes and sharpness learned per channel.",
        params={
            "p1": learned(1.0, "slope far on one side", sharing="channel"),
            "p2": learned(0.25, "slope far on the other side", sharing="channel"),
            "beta": learned(1.0, "sharpness", sharing="channel"),
        },
        stable=_ACON_C[1],
        stable_derivative=_ACON_C[2],
        source=_ACON,
        differs="Starts as ACON-B; the authors' code draws p1 and p2 from N(0, 1).",
    ),
    entry(
        __name__,
        "srs",
        "x / (x / alpha + exp(-x / beta))",
        class_name="SRS",
        aliases=("soft_root_sign",),
        summary="Bounded and not monotone: a valley below zero, a ceiling of alpha above.",
        params={
            "alpha": learned(2.0, "ceiling", low=1e-6),
            "beta": learned(3.0, "width of the valley", low=1e-6),
        },
        # Below zero both sides are multiplied by exp(x / beta), above x is bounded.
        stable=(
            f"where(x > 0, {_P} / ({_P} / alpha + exp(-{_P} / beta)), {_Q} / (1 + {_Q} / alpha))"
        ),
        stable_derivative=(
            f"where(x > 0, exp(-{_P} / beta) * (1 + {_P} / beta)"
            f" / ({_P} / alpha + exp(-{_P} / beta)) ** 2,"
            f" exp({_M} / beta) * (1 + {_M} / beta) / (1 + {_Q} / alpha) ** 2)"
        ),
        source=Source(
            "Yuan Zhou, Dandan Li, Shuwei Huo, Sun-Yuan Kung",
            "Soft-Root-Sign Activation Function",
            2020,
            url="https://arxiv.org/abs/2003.00547",
            equation="SRS(x) = x / (x/α + e^{-x/β})",
        ),
    ),
)

ADVICE = {
    "": Advice(
        "To run weights trained with one of them, or trials beside SiLU and GELU.",
        "As a default: they differ from SiLU or GELU by little.",
        ("Dubey et al. 2021, arXiv:2109.14545",),
    ),
    "quick_gelu": Advice(
        "Weights trained with it, as CLIP's.",
        "New models: it is GELU with an error of 0.02, and no faster than a good GELU.",
        (
            "Hendrycks, Gimpel 2016, arXiv:1606.08415",
            "Radford et al. 2021, arXiv:2103.00020",
        ),
    ),
    "acon_c": Advice(
        "Vision networks in which each channel may learn how linear it is.",
        "Where extra parameters per channel are unwanted.",
        ("Ma et al. 2020, arXiv:2009.04759",),
    ),
}

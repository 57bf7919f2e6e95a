"""The input times a gate of itself that is neither sigmoid nor normal. Layer: catalog.

Gates by tanh, erf, logarithm or double exponential. As in `sigmoid_weighted`, the factor x is
bounded where its gate is already exactly 0 in fp64; for gates that begin with exp(x) at -800. A
slope sech(v)**2 is written 4 sigmoid(2v) sigmoid(-2v).
"""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry, learned

_GROWTH = "exp(minimum(x, 10))"
_GELU = "(maximum(x, -40) * norm_cdf(x))"
_LOG = "log1p(sigmoid(x))"
_TWO_OVER_SQRT_PI = "1.1283791670955126"
_ERFACT = Source(
    "Koushik Biswas, Sandeep Kumar, Shilpak Banerjee, Ashish Kumar Pandey",
    "ErfAct and Pserf: Non-monotonic Smooth Trainable Activation Functions",
    2021,
    url="https://arxiv.org/abs/2109.04386",
)
# From 40 on erf is 1 for any alpha above 1e-16; the square of exp(40) is finite in fp32 too.
_E = "(alpha * exp(minimum(beta * x, 40)))"
_S = "(gamma * softplus(minimum(delta * x, 40)))"

ACTIVATIONS = (
    entry(
        __name__,
        "lisht",
        "x * tanh(x)",
        class_name="LiSHT",
        aliases=("linearly_scaled_tanh",),
        summary="The input times its tanh: even, not negative, a smooth absolute value.",
        stable_derivative="tanh(x) + clip(x, -400, 400) * (4 * sigmoid(2 * x) * sigmoid(-2 * x))",
        source=Source(
            "Swalpa Kumar Roy, Suvojit Manna, Shiv Ram Dubey, Bidyut Baran Chaudhuri",
            "LiSHT: Non-Parametric Linearly Scaled Hyperbolic Tangent Activation Function for "
            "Neural Networks",
            2019,
            url="https://arxiv.org/abs/1901.05894",
            equation="φ(x) = x · tanh(x)",
        ),
    ),
    entry(
        __name__,
        "tanh_exp",
        "x * tanh(exp(x))",
        class_name="TanhExp",
        aliases=("tanhexp", "telu"),
        summary="The input times the tanh of its exponential.",
        stable="maximum(x, -800) * tanh(exp(x))",
        stable_derivative=(
            f"tanh({_GROWTH}) + clip(x, -800, 10) * {_GROWTH}"
            f" * (4 * sigmoid(2 * {_GROWTH}) * sigmoid(-(2 * {_GROWTH})))"
        ),
        source=Source(
            "Xinyu Liu, Xiaoguang Di",
            "TanhExp: A Smooth Activation Function with High Convergence Speed for Lightweight "
            "Neural Networks",
            2020,
            url="https://arxiv.org/abs/2003.09855",
            equation="f(x) = x tanh(eˣ)",
            note="As TeLU: Fernandez and Mali (2024), https://arxiv.org/abs/2412.20269.",
        ),
    ),
    entry(
        __name__,
        "serf",
        "x * erf(softplus(x))",
        class_name="Serf",
        summary="The input times the error function of its softplus.",
        stable="maximum(x, -800) * erf(softplus(x))",
        stable_derivative=(
            f"erf(softplus(x)) + clip(x, -800, 40) * {_TWO_OVER_SQRT_PI}"
            " * exp(-softplus(minimum(x, 40)) ** 2) * sigmoid(x)"
        ),
        source=Source(
            "Sayan Nag, Mayukh Bhattacharyya",
            "SERF: Towards better training of deep neural networks using log-Softplus ERror "
            "activation Function",
            2021,
            url="https://arxiv.org/abs/2108.09598",
            equation="f(x) = x erf(ln(1 + eˣ))",
        ),
    ),
    entry(
        __name__,
        "erfact",
        "x * erf(alpha * exp(beta * x))",
        class_name="ErfAct",
        summary="The input times the error function of a learned exponential.",
        params={
            "alpha": learned(0.75, "factor of the exponential"),
            "beta": learned(0.75, "growth of the exponential"),
        },
        stable=f"where(beta * x < -800, 0, x * erf({_E}))",
        stable_derivative=(
            f"erf({_E}) + clip(beta * x, -800, 40) * {_TWO_OVER_SQRT_PI} * {_E} * exp(-{_E} ** 2)"
        ),
        source=_ERFACT,
    ),
    entry(
        __name__,
        "pserf",
        "x * erf(gamma * softplus(delta * x))",
        class_name="Pserf",
        aliases=("parametric_serf",),
        summary="Serf with learned factors inside and outside of the softplus.",
        params={
            "gamma": learned(1.25, "factor of the softplus"),
            "delta": learned(0.85, "sharpness of the softplus"),
        },
        stable="where(delta * x < -800, 0, x * erf(gamma * softplus(delta * x)))",
        stable_derivative=(
            f"erf(gamma * softplus(delta * x)) + clip(delta * x, -800, 40) * {_TWO_OVER_SQRT_PI}"
            f" * exp(-{_S} ** 2) * gamma * sigmoid(delta * x)"
        ),
        source=_ERFACT,
    ),
    entry(
        __name__,
        "logish",
        f"x * {_LOG}",
        class_name="Logish",
        summary="The input times the logarithm of one plus its sigmoid.",
        stable=f"maximum(x, -800) * {_LOG}",
        stable_derivative=(
            f"{_LOG} + clip(x, -800, 800) * sigmoid(x) * sigmoid(-x) / (1 + sigmoid(x))"
        ),
        source=Source(
            "Hegui Zhu, Huimin Zeng, Jinhai Liu, Xiangde Zhang",
            "Logish: A new nonlinear nonmonotonic activation function for convolutional neural "
            "network",
            2021,
            url="https://doi.org/10.1016/j.neucom.2021.06.067",
        ),
    ),
    entry(
        __name__,
        "smish",
        f"x * tanh({_LOG})",
        class_name="Smish",
        summary="The input times the tanh of the logarithm of one plus its sigmoid.",
        stable=f"maximum(x, -800) * tanh({_LOG})",
        stable_derivative=(
            f"tanh({_LOG}) + clip(x, -800, 800) * (1 - tanh({_LOG}) ** 2)"
            " * sigmoid(x) * sigmoid(-x) / (1 + sigmoid(x))"
        ),
        source=Source(
            "Xueliang Wang, Honge Ren, Achuan Wang",
            "Smish: A Novel Activation Function for Deep Learning Methods",
            2022,
            url="https://doi.org/10.3390/electronics11040540",
            equation="f(x) = x · tanh[ln(1 + sigmoid(x))]",
        ),
    ),
    entry(
        __name__,
        "phish",
        "x * tanh(x * norm_cdf(x))",
        class_name="Phish",
        summary="The input times the tanh of its GELU.",
        stable=f"maximum(x, -40) * tanh({_GELU})",
        stable_derivative=(
            f"tanh({_GELU}) + clip(x, -40, 40)"
            f" * (4 * sigmoid(2 * {_GELU}) * sigmoid(-(2 * {_GELU})))"
            " * (norm_cdf(x) + clip(x, -40, 40) * norm_pdf(x))"
        ),
        source=Source(
            "Philip Naveen",
            "Phish: A Novel Hyper-Optimizable Activation Function",
            2022,
            url="https://doi.org/10.36227/techrxiv.17283824",
        ),
    ),
    entry(
        __name__,
        "gish",
        "x * log(2 - exp(-exp(x)))",
        class_name="Gish",
        summary="The input times the logarithm of two minus a double exponential.",
        stable="maximum(x, -800) * log1p(-expm1(-exp(x)))",
        stable_derivative=(
            "log1p(-expm1(-exp(x))) + clip(x, -800, 10)"
            f" * exp(minimum(x, 10) - {_GROWTH}) / (1 - expm1(-exp(x)))"
        ),
        source=Source(
            "Mustafa Kaytan, İbrahim Berkan Aydilek, Celaleddin Yeroğlu",
            "Gish: a novel activation function for image classification",
            2023,
            url="https://doi.org/10.1007/s00521-023-09035-5",
        ),
    ),
    entry(
        __name__,
        "golu",
        "x * exp(-exp(-x))",
        class_name="GoLU",
        aliases=("gompertz_linear",),
        summary="The input times the Gompertz curve.",
        stable="maximum(x, -10) * exp(-exp(-x))",
        stable_derivative=("exp(-exp(-x)) * (1 + clip(x, -10, 800) * exp(-clip(x, -10, 800)))"),
        source=Source(
            "Indrashis Das, Mahmoud Safari, Steven Adriaensen, Frank Hutter",
            "Gompertz Linear Units: Leveraging Asymmetry for Enhanced Learning Dynamics",
            2025,
            url="https://arxiv.org/abs/2502.03654",
            equation="GoLU(x) = x Gompertz(x), Gompertz(x) = e^{-e^{-x}}",
        ),
    ),
    entry(
        __name__,
        "aptx",
        "(alpha + tanh(beta * x)) * gamma * x",
        class_name="APTx",
        summary="Tanh moved, stretched and multiplied by the input: SiLU of 2x, halved.",
        params={
            "alpha": Param(1.0, description="added to the tanh"),
            "beta": Param(1.0, description="sharpness"),
            "gamma": Param(0.5, description="factor of the whole"),
        },
        # alpha + tanh(v) = (alpha - 1) + 2 sigmoid(2v) = (alpha + 1) - 2 sigmoid(-2v): with alpha 1
        # no digit of the left tail is lost, with alpha -1 none of the right one. Near 0, where tanh
        # is as small as v, it is these forms that lose them with alpha 0. gamma comes first, since
        # 2x may overflow where x does not.
        stable=(
            "where(abs(beta * x) < 0.5, gamma * (alpha + tanh(beta * x)) * x, "
            "where(beta * x > 0, "
            "where(abs(x) < 3e38, gamma * (alpha + 1) * x,"
            " where(alpha == -1, 0, gamma * (alpha + 1) * x))"
            " - where(beta * x > 400, 0, gamma * (2 * sigmoid(-(2 * beta * x))) * x), "
            "where(abs(x) < 3e38, gamma * (alpha - 1) * x,"
            " where(alpha == 1, 0, gamma * (alpha - 1) * x))"
            " + where(beta * x < -400, 0, gamma * (2 * sigmoid(2 * beta * x)) * x)))"
        ),
        stable_derivative=(
            "where(abs(beta * x) < 0.5,"
            " gamma * (alpha + (tanh(beta * x) + (1 - tanh(beta * x) ** 2) * (beta * x))), "
            "gamma * where(beta * x > 0, (alpha + 1) - 2 * sigmoid(-(2 * beta * x))"
            " * (1 - 2 * clip(beta * x, -400, 400) * sigmoid(2 * beta * x)),"
            " (alpha - 1) + 2 * sigmoid(2 * beta * x)"
            " * (1 + 2 * clip(beta * x, -400, 400) * sigmoid(-(2 * beta * x)))))"
        ),
        source=Source(
            "Ravin Kumar",
            "APTx: better activation function than MISH, SWISH, and ReLU's variants used in deep "
            "learning",
            2022,
            url="https://arxiv.org/abs/2209.06119",
            equation="φ(x) = (α + tanh(βx)) γx",
        ),
    ),
)

ADVICE = {
    "": Advice(
        "Trials beside GELU, SiLU and Mish, whose shape they share; compare them on the task with "
        "several seeds.",
        "As a default: published gains are mostly from few runs on small image sets.",
        ("Dubey et al. 2021, arXiv:2109.14545",),
    ),
}

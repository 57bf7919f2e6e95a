"""Functions that are largest near zero and vanish on both sides, or nearly so. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Source
from rectifier.catalog._entry import Advice, entry, learned

# 1 / cosh(x) = 2 e / (1 + e^2) with e = exp(-|x|): no overflow.
_SECH = "(2 * exp(-abs(x)) / (1 + exp(-abs(x)) ** 2))"
_BELL = "exp(-x ** 2 / 2)"

ACTIVATIONS = (
    entry(
        __name__,
        "gaussian",
        "exp(-x ** 2)",
        class_name="Gaussian",
        aliases=("rbf",),
        summary="A bell curve, 1 at zero: the radial basis function.",
        stable_derivative="-2 * clip(x, -40, 40) * exp(-x ** 2)",
        source=Source(
            "David S. Broomhead, David Lowe",
            "Multivariable Functional Interpolation and Adaptive Networks",
            1988,
            url="https://www.complex-systems.com/abstracts/v02_i03_a05/",
        ),
    ),
    entry(
        __name__,
        "resech",
        "2 * x / (exp(x) + exp(-x))",
        class_name="ReSech",
        aliases=("rectified_hyperbolic_secant",),
        summary="The input times its hyperbolic secant: a hill, a valley, and zero far out.",
        stable=f"clip(x, -800, 800) * {_SECH}",
        stable_derivative=f"{_SECH} * (1 - clip(x, -800, 800) * tanh(x))",
        source=Source(
            "Aboubakar Nasser Samatin Njikam, Huan Zhao",
            "A novel activation function for multilayer feed-forward neural networks",
            2016,
            url="https://arxiv.org/abs/2402.09092",
            note="The address is that of a survey of such functions: Kunc and Kléma (2024).",
        ),
    ),
    entry(
        __name__,
        "crrelu",
        f"maximum(x, 0) + epsilon * x * {_BELL}",
        class_name="CRReLU",
        aliases=("correction_regularized_relu",),
        summary="ReLU plus a little, learned, of a wave that dies out.",
        params={"epsilon": learned(0.01, "height of the wave")},
        stable=f"maximum(x, 0) + epsilon * clip(x, -40, 40) * {_BELL}",
        stable_derivative=(f"where(x > 0, 1, 0) + epsilon * (1 - clip(x, -40, 40) ** 2) * {_BELL}"),
        source=Source(
            "Haoyuan Sun, Zihao Wu, Bo Xia, Pu Chang, Zibin Dong, Yifu Yuan, Yongzhe Chang, "
            "Xueqian Wang",
            "A Method on Searching Better Activation Functions",
            2024,
            url="https://arxiv.org/abs/2405.12954",
            equation="f(x) = max(0, x) + ε x e^{-x²/2}",
        ),
    ),
)

ADVICE = {
    "": Advice(
        "Local responses: radial basis networks, novelty, features that answer to one value.",
        "Deep stacks: both tails have no gradient to speak of.",
        ("Broomhead, Lowe 1988, Multivariable functional interpolation and adaptive networks",),
    ),
}

"""The input times a smooth gate of itself: GELU, SiLU, Swish, Mish and variants. Layer: catalog.

All tend to 0 as x falls, where the plain product is -inf * 0 = NaN in the limit. The stable forms
bound the factor x at a point where the gate is already exactly 0 in fp64 (norm_cdf(-40) and
sigmoid(-800) underflow), so nothing else changes.
"""

from __future__ import annotations

import math

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry

_GELU = Source(
    "Dan Hendrycks, Kevin Gimpel",
    "Gaussian Error Linear Units (GELUs)",
    2016,
    url="https://arxiv.org/abs/1606.08415",
    equation="GELU(x) = x Φ(x)",
)

# 2 sqrt(2/pi) (x + 0.044715 x^3) = x (A + B x^2), the argument of the sigmoid form of gelu_tanh.
_A = repr(2 * math.sqrt(2 / math.pi))
_B = repr(2 * math.sqrt(2 / math.pi) * 0.044715)
_THREE_B = repr(6 * math.sqrt(2 / math.pi) * 0.044715)
_GATE = f"sigmoid(x * ({_A} + {_B} * x ** 2))"
_ANTIGATE = f"sigmoid(-(x * ({_A} + {_B} * x ** 2)))"

# tanh(softplus(x)) = n / (n + 2) with e = exp(x), n = e (e + 2). Beyond 22 the quotient is 1 in
# fp64 and n would go on to overflow: at x = 45 in fp32, at x = 355 in fp64.
_E = "exp(minimum(x, 22))"
_N = f"({_E} * ({_E} + 2))"
_BOUNDED = "clip(x, -800, 22)"

ACTIVATIONS = (
    entry(
        __name__,
        "gelu",
        "x * norm_cdf(x)",
        class_name="GELU",
        aliases=("gelu_exact", "gelu_erf", "gelu_python"),
        summary="The Gaussian error linear unit: the input times the normal distribution function.",
        stable="maximum(x, -40) * norm_cdf(x)",
        stable_derivative="norm_cdf(x) + clip(x, -40, 40) * norm_pdf(x)",
        source=_GELU,
        differs="Accurate in the left tail; forms by 1 + erf(x / sqrt(2)) lose every digit there.",
    ),
    entry(
        __name__,
        "gelu_tanh",
        "0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3)))",
        class_name="GELUTanh",
        aliases=(
            "gelu_new",
            "gelu_pytorch_tanh",
            "gelu_python_tanh",
            "gelu_fast",
            "gelu_accurate",
            "gelu_approximate",
        ),
        summary="The approximation of GELU by tanh, as GPT-2 and BERT use it.",
        # 1 + tanh cancels on the left: at x = -6 the plain form has lost every digit.
        stable=f"maximum(x, -30) * {_GATE}",
        stable_derivative=(
            f"{_GATE} * (1 + clip(x, -30, 30) * {_ANTIGATE}"
            f" * ({_A} + {_THREE_B} * clip(x, -30, 30) ** 2))"
        ),
        source=Source(
            _GELU.authors,
            _GELU.title,
            _GELU.year,
            url=_GELU.url,
            equation="0.5 x (1 + tanh[√(2/π) (x + 0.044715 x³)])",
        ),
    ),
    entry(
        __name__,
        "silu",
        "x * sigmoid(x)",
        class_name="SiLU",
        aliases=("swish_1",),
        summary="The sigmoid-weighted linear unit: the input times its sigmoid.",
        stable="maximum(x, -800) * sigmoid(x)",
        stable_derivative="sigmoid(x) * (1 + clip(x, -800, 800) * sigmoid(-x))",
        source=Source(
            "Stefan Elfwing, Eiji Uchibe, Kenji Doya",
            "Sigmoid-Weighted Linear Units for Neural Network Function Approximation in "
            "Reinforcement Learning",
            2017,
            url="https://arxiv.org/abs/1702.03118",
            equation="a(z) = z σ(z)",
            note="Named SiLU already by Hendrycks and Gimpel (2016), arXiv 1606.08415.",
        ),
    ),
    entry(
        __name__,
        "swish",
        "x * sigmoid(beta * x)",
        class_name="Swish",
        aliases=("swish_beta", "acon_a", "acona"),
        summary="SiLU with a learned sharpness beta: linear at 0, near ReLU for large values.",
        params={
            "beta": Param(
                1.0, learnable=True, weight_decay=False, description="sharpness of the gate"
            )
        },
        stable="where(beta * x < -800, 0, x * sigmoid(beta * x))",
        stable_derivative=(
            "sigmoid(beta * x) * (1 + clip(beta * x, -800, 800) * sigmoid(-(beta * x)))"
        ),
        source=Source(
            "Prajit Ramachandran, Barret Zoph, Quoc V. Le",
            "Searching for Activation Functions",
            2017,
            url="https://arxiv.org/abs/1710.05941",
            equation="f(x) = x · sigmoid(βx)",
            note="Ma et al. (2020), arXiv 2009.04759, call it ACON-A.",
        ),
        differs="With beta learned, as in the source. Keras, JAX, timm and transformers call SiLU "
        "swish, the source's Swish-1: for theirs take silu, or learnable=False.",
    ),
    entry(
        __name__,
        "mish",
        "x * tanh(softplus(x))",
        class_name="Mish",
        summary="The input times the tanh of its softplus; smooth, with a minimum of -0.30884.",
        stable=f"maximum(x, -800) * ({_N} / ({_N} + 2))",
        stable_derivative=f"({_N} + 4 * {_BOUNDED} * {_E} * ({_E} + 1) / ({_N} + 2)) / ({_N} + 2)",
        source=Source(
            "Diganta Misra",
            "Mish: A Self Regularized Non-Monotonic Activation Function",
            2019,
            url="https://arxiv.org/abs/1908.08681",
            equation="f(x) = x tanh(softplus(x)) = x tanh(ln(1 + eˣ))",
        ),
    ),
)

ADVICE = {
    "": Advice(
        "Deep networks and transformers: smooth, a little negative output, gradients on both sides"
        " of zero.",
        "Where exact zeros or the least cost are wanted: against a rectifier in a small network "
        "the difference is often within the noise of seeds.",
        (
            "Ramachandran et al. 2017, arXiv:1710.05941",
            "Dubey et al. 2021, arXiv:2109.14545",
        ),
    ),
    "gelu": Advice(
        "Transformers of the BERT and GPT kind and models that continue their weights; state "
        "whether exact or by tanh.",
        "Models meant for sparse inference, or tiny devices without erf.",
        (
            "Hendrycks, Gimpel 2016, arXiv:1606.08415",
            "Mirzadeh et al. 2023, arXiv:2310.04564",
        ),
    ),
    "gelu_tanh": Advice(
        "To run weights that were trained with it, as GPT-2's.",
        "New models where exact GELU is as fast.",
        ("Hendrycks, Gimpel 2016, arXiv:1606.08415",),
    ),
    "silu": Advice(
        "Convolutional networks of the EfficientNet and YOLO kind, diffusion models, and as the "
        "gate of SwiGLU.",
        "Small devices, where hard_swish is close and cheap.",
        (
            "Elfwing et al. 2017, arXiv:1702.03118",
            "Ramachandran et al. 2017, arXiv:1710.05941",
        ),
    ),
    "mish": Advice(
        "Vision networks in place of SiLU, where its published gains were found.",
        "Where two transcendental calls per element cost too much; gains over SiLU are small.",
        ("Misra 2019, arXiv:1908.08681",),
    ),
}

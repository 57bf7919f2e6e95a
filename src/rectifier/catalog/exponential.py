"""Exponential units: the identity above zero, an exponential or the like below. Layer: catalog.

A product x exp(x) is -inf * 0 at -inf; the factor is bounded at -800, where exp is 0 in fp64.
"""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry, learned

_REU = Source(
    "Yao Ying, Jianlin Su, Peng Shan, Ligang Miao, Xiaolian Wang, Silong Peng",
    "Rectified Exponential Units for Convolutional Neural Networks",
    2019,
    url="https://arxiv.org/abs/2402.09092",
    note="The address is that of a survey of such functions: Kunc and Kléma (2024).",
)
_GOLDEN = Source(
    "Mina Basirat, Peter M. Roth",
    "The Quest for the Golden Activation Function",
    2018,
    url="https://arxiv.org/abs/1808.00783",
)
_ISRLU = Source(
    "Brad Carlile, Guy Delamarter, Paul Kinney, Akiko Marti, Brian Whitney",
    "Improving Deep Learning by Inverse Square Root Linear Units (ISRLUs)",
    2017,
    url="https://arxiv.org/abs/1710.09967",
    equation="f(x) = x if x ≥ 0, x / √(1 + αx²) if x < 0",
)
# exp(x) - 1 - x for -0.5 < x <= 0, by Horner's rule: the difference cancels near 0.
_REST = "1"
for _k in range(14, 2, -1):
    _REST = f"(1 + x * {1 / _k!r} * {_REST})"
_REST = f"(x ** 2 / 2 * {_REST})"
# From here on the result is its limit, and the square is finite in fp32 too.
_FAR = "maximum(x, -1e18)"

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
    entry(
        __name__,
        "celu",
        "where(x > 0, x, alpha * expm1(x / alpha))",
        class_name="CELU",
        summary="ELU made continuously differentiable for every alpha.",
        params={"alpha": Param(1.0, low=1e-6, description="depth and width of the bend")},
        source=Source(
            "Jonathan T. Barron",
            "Continuously Differentiable Exponential Linear Units",
            2017,
            url="https://arxiv.org/abs/1704.07483",
            equation="CELU(x, α) = x if x ≥ 0, α (exp(x/α) - 1) otherwise",
        ),
        differs="Only positive alpha; PyTorch takes negative ones too.",
    ),
    entry(
        __name__,
        "pelu",
        "where(x > 0, alpha / beta * x, alpha * expm1(x / beta))",
        class_name="PELU",
        aliases=("parametric_elu",),
        summary="ELU with learned depth and width, smooth at zero for all of them.",
        params={
            "alpha": learned(1.0, "depth of the negative side", low=1e-6),
            "beta": learned(1.0, "width of the bend", low=1e-6),
        },
        source=Source(
            "Ludovic Trottier, Philippe Giguère, Brahim Chaib-draa",
            "Parametric Exponential Linear Unit for Deep Convolutional Neural Networks",
            2016,
            url="https://arxiv.org/abs/1605.09332",
            equation="f(h) = (a/b) h if h ≥ 0, a (exp(h/b) - 1) if h < 0",
        ),
    ),
    entry(
        __name__,
        "mpelu",
        "where(x > 0, x, alpha * expm1(beta * x))",
        class_name="MPELU",
        aliases=("multiple_parametric_elu",),
        summary="ELU with learned depth and sharpness, one of each per channel.",
        params={
            "alpha": learned(1.0, "depth of the negative side", sharing="channel"),
            "beta": learned(1.0, "sharpness of the bend", sharing="channel"),
        },
        source=Source(
            "Yang Li, Chunxiao Fan, Yong Li, Qiong Wu, Yue Ming",
            "Improving Deep Neural Network with Multiple Parametric Exponential Linear Units",
            2016,
            url="https://arxiv.org/abs/1606.00305",
            equation="f(y) = y if y > 0, α (e^{βy} - 1) if y ≤ 0",
        ),
        differs="Starts as ELU; the source tries several starts.",
    ),
    entry(
        __name__,
        "serlu",
        "1.07862 * where(x > 0, x, 2.90427 * x * exp(x))",
        class_name="SERLU",
        aliases=("scaled_exponentially_regularized_linear",),
        summary="A self-normalising function with a bump, not a plateau, on the negative side.",
        stable="1.07862 * where(x > 0, x, 2.90427 * maximum(x, -800) * exp(x))",
        stable_derivative="1.07862 * where(x > 0, 1, 2.90427 * exp(x) * (1 + maximum(x, -800)))",
        source=Source(
            "Guoqiang Zhang, Haopeng Li",
            "Effectiveness of Scaled Exponentially-Regularized Linear Units (SERLUs)",
            2018,
            url="https://arxiv.org/abs/1807.10117",
        ),
    ),
    entry(
        __name__,
        "reu",
        "where(x > 0, x, x * exp(x))",
        class_name="REU",
        aliases=("rectified_exponential_unit",),
        summary="The identity above zero, x exp(x) below; its derivative is continuous.",
        stable="where(x > 0, x, maximum(x, -800) * exp(x))",
        stable_derivative="where(x > 0, 1, exp(x) * (1 + maximum(x, -800)))",
        source=_REU,
    ),
    entry(
        __name__,
        "elish",
        "where(x > 0, x, expm1(x)) * sigmoid(x)",
        class_name="ELiSH",
        aliases=("exponential_linear_squashing",),
        summary="SiLU above zero, ELU times the sigmoid below.",
        stable_derivative=(
            "where(x > 0, sigmoid(x) * (1 + clip(x, 0, 800) * sigmoid(-x)),"
            " sigmoid(x) * (exp(x) + expm1(x) * sigmoid(-x)))"
        ),
        source=_GOLDEN,
    ),
    entry(
        __name__,
        "hard_elish",
        "where(x > 0, x, expm1(x)) * clip((x + 1) / 2, 0, 1)",
        class_name="HardELiSH",
        summary="ELiSH with a ramp from -1 to 1 in place of the sigmoid.",
        stable_derivative=(
            "where(x > 0, where(x < 1, x + 0.5, 1),"
            " where(x > -1, (exp(x) * (x + 1) + expm1(x)) / 2, 0))"
        ),
        source=_GOLDEN,
    ),
    entry(
        __name__,
        "xielu",
        "where(x > 0, softplus(alpha_p) * x ** 2,"
        " (beta + softplus(alpha_n)) * (expm1(x) - x)) + beta * x",
        class_name="XIELU",
        aliases=("xi_elu",),
        summary="The integral of an ELU-like slope: a parabola above zero, learned on both sides.",
        params={
            "alpha_p": learned(0.2033823208110246, "softplus of it is the curvature above zero"),
            "alpha_n": learned(-1.0502256128148468, "softplus of it, plus beta, acts below zero"),
            "beta": Param(0.5, description="slope at zero"),
        },
        # beta * x and the linear part below zero are infinities of different sign at -inf.
        stable=(
            "where(x > 0, x * (softplus(alpha_p) * x + beta), where(x > -0.5,"
            f" (beta + softplus(alpha_n)) * {_REST} + beta * x,"
            " (beta + softplus(alpha_n)) * expm1(x) - softplus(alpha_n) * x))"
        ),
        source=Source(
            "Allen Hao Huang, Imanol Schlag",
            "Deriving Activation Functions Using Integration",
            2024,
            url="https://arxiv.org/abs/2411.13010",
        ),
        differs="Starts at curvatures 0.8 and 0.8 as published. Hugging Face's bounds the exponent "
        "at -1e-6, which shifts values near zero; here nothing is bounded.",
    ),
    entry(
        __name__,
        "isrlu",
        "where(x > 0, x, x / sqrt(1 + alpha * x ** 2))",
        class_name="ISRLU",
        aliases=("inverse_square_root_linear",),
        summary="Like ELU, with an inverse square root instead of an exponential.",
        params={"alpha": Param(1.0, low=1e-6, description="saturates at -1 / sqrt(alpha)")},
        stable=f"where(x > 0, x, {_FAR} / sqrt(1 + alpha * {_FAR} ** 2))",
        stable_derivative=(
            "where(x > 0, 1, 1 / ((1 + alpha * x ** 2) * sqrt(1 + alpha * x ** 2)))"
        ),
        source=_ISRLU,
    ),
    entry(
        __name__,
        "sign_relu",
        "where(x > 0, x, alpha * x / (1 + abs(x)))",
        class_name="SignReLU",
        summary="The identity above zero, softsign below.",
        params={"alpha": Param(1.0, description="depth of the negative side")},
        stable="where(x > 0, x, alpha * (maximum(x, -1e30) / (1 + abs(maximum(x, -1e30)))))",
        stable_derivative="where(x > 0, 1, alpha / (1 + abs(x)) ** 2)",
        source=Source(
            "Guifang Lin, Wei Shen",
            "Research on convolutional neural network based on improved Relu piecewise activation "
            "function",
            2018,
            url="https://doi.org/10.1016/j.procs.2018.04.239",
        ),
        differs="The default of alpha is ours; it makes the derivative continuous.",
    ),
    entry(
        __name__,
        "slu",
        "where(x > 0, x, 2 * softplus(x) - 2 * log(2))",
        class_name="SLU",
        aliases=("softplus_linear",),
        summary="The identity above zero, a shifted softplus of twice the size below.",
        stable="where(x > 0, x, 2 * log1p(expm1(x) / 2))",
        source=Source(
            "Huizhen Zhao, Fuxian Liu, Longyue Li, Chang Luo",
            "A novel softplus linear unit for deep convolutional neural networks",
            2018,
            url="https://arxiv.org/abs/2402.09092",
            note="The address is that of a survey of such functions: Kunc and Kléma (2024).",
        ),
    ),
    entry(
        __name__,
        "ptelu",
        "where(x > 0, x, alpha * tanh(beta * x))",
        class_name="PTELU",
        aliases=("p_telu", "parametric_tanh_linear"),
        summary="The identity above zero, a learned tanh below.",
        params={
            "alpha": learned(1.0, "depth of the negative side"),
            "beta": learned(1.0, "sharpness of the negative side"),
        },
        stable_derivative=(
            "where(x > 0, 1, alpha * beta * (4 * sigmoid(2 * beta * x) * sigmoid(-(2 * beta * x))))"
        ),
        source=Source(
            "Rahul Duggal, Anubha Gupta",
            "P-TELU: Parametric Tan Hyperbolic Linear Unit Activation for Deep Neural Networks",
            2017,
            url="https://arxiv.org/abs/2402.09092",
            note="The address is that of a survey of such functions: Kunc and Kléma (2024).",
        ),
    ),
)

ADVICE = {
    "": Advice(
        "Hidden layers without batch normalisation: outputs below zero bring the mean of a layer "
        "near 0, and the left side is smooth.",
        "Where the exponential's cost counts, or exact zeros are wanted.",
        (
            "Clevert et al. 2015, arXiv:1511.07289",
            "Dubey et al. 2021, arXiv:2109.14545",
        ),
    ),
    "selu": Advice(
        "Deep plain MLPs without normalisation layers, with LeCun's initialisation and alpha "
        "dropout: means and variances hold themselves at 0 and 1.",
        "Networks with batch normalisation, skip connections or ordinary dropout: its argument "
        "does not hold there.",
        ("Klambauer et al. 2017, arXiv:1706.02515",),
    ),
    "celu": Advice(
        "In place of ELU where alpha is not 1: its slope at 0 is 1 for every alpha.",
        "As for ELU.",
        ("Barron 2017, arXiv:1704.07483",),
    ),
    "xielu": Advice(
        "Feed-forward blocks of language models, in place of squared ReLU or SwiGLU.",
        "Small networks: it learns two parameters per layer and grows as a square.",
        ("Huang, Schlag 2024, arXiv:2411.13010",),
    ),
    "isrlu": Advice(
        "An ELU-like shape without an exponential.",
        "Where ELU's exponential is not what costs.",
        ("Carlile et al. 2017, arXiv:1710.09967",),
    ),
}

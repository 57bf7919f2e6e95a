"""Smooth versions of ReLU, and logarithms of them. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry

# (x + h) / 2 with h = sqrt(x^2 + b) is max(x, 0) + (h - |x|) / 2, and h - |x| = b / (h + |x|)
# cancels nothing; h is |x| before x^2 leaves fp32. The bound 1e-30 keeps 0 / 0 out when b is 0.
_H = "where(abs(x) < 1e18, sqrt(x ** 2 + b), abs(x))"
_REST = f"b / (2 * maximum({_H} + abs(x), 1e-30))"

_BEND = "(beta * sign(x))"
_C = "clip(x, -1e18, 1e18)"
_ROOT = f"sqrt(1 + {_C} ** 2)"
_FAR = "where(abs(x) < 1e18, sqrt(1 + x ** 2), abs(x))"
# At an end of beta's range 0 times x, also where x is infinite.
_STRAIGHT = f"(1 + {_BEND}) * where({_BEND} > -1, x, clip(x, -1e30, 1e30))"

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
    entry(
        __name__,
        "log_sigmoid",
        "-softplus(-x)",
        class_name="LogSigmoid",
        aliases=("logsigmoid",),
        summary="The logarithm of the sigmoid: a smooth minimum of x and 0.",
        source=Source(
            "Yann LeCun, Sumit Chopra, Raia Hadsell, Marc'Aurelio Ranzato, Fu Jie Huang",
            "A Tutorial on Energy-Based Learning",
            2006,
            url="https://yann.lecun.com/exdb/publis/pdf/lecun-06.pdf",
            note="Its negative is the logistic loss, which is much older.",
        ),
    ),
    entry(
        __name__,
        "squareplus",
        "(x + sqrt(x ** 2 + b)) / 2",
        class_name="Squareplus",
        aliases=("square_plus",),
        summary="A smooth ReLU by a square root; no exponential.",
        params={"b": Param(4.0, low=0.0, description="size of the bend; 0 is ReLU")},
        stable=f"maximum(x, 0) + {_REST}",
        stable_derivative=f"where(x > 0, 1 - {_REST} / {_H}, {_REST} / maximum({_H}, 1e-30))",
        source=Source(
            "Jonathan T. Barron",
            "Squareplus: A Softplus-Like Algebraic Rectifier",
            2021,
            url="https://arxiv.org/abs/2112.11687",
            equation="squareplus(x, b) = (x + √(x² + b)) / 2",
        ),
    ),
    entry(
        __name__,
        "soft_plus_plus",
        "softplus(k * x) + x / c - log(2)",
        class_name="SoftPlusPlus",
        aliases=("softplusplus",),
        summary="Softplus with a slope added, through the origin: smooth, without saturation.",
        params={
            "k": Param(1.0, low=1e-6, description="sharpness"),
            "c": Param(2.0, low=1e-6, description="inverse of the slope far on the left"),
        },
        # log((1 + e^v) / 2) = max(v, 0) + log1p(expm1(-|v|) / 2) is exact near 0.
        stable="maximum(k * x, 0) + log1p(expm1(-abs(k * x)) / 2) + x / c",
        source=Source(
            "Andrei Ciuparu, Adriana Nagy-Dăbâcan, Raul C. Mureşan",
            "Soft++, a multi-parametric non-saturating non-linearity that improves convergence in "
            "deep neural architectures",
            2020,
            url="https://doi.org/10.1016/j.neucom.2019.12.014",
        ),
    ),
    entry(
        __name__,
        "nlrelu",
        "log1p(beta * maximum(x, 0))",
        class_name="NLReLU",
        aliases=("natural_logarithm_relu",),
        summary="The logarithm of one plus ReLU.",
        params={"beta": Param(1.0, low=0.0, description="factor inside the logarithm")},
        source=Source(
            "Yang Liu, Jianpeng Zhang, Chao Gao, Jinghua Qu, Lixin Ji",
            "Natural-Logarithm-Rectified Activation Function in Convolutional Neural Networks",
            2019,
            url="https://arxiv.org/abs/1908.03682",
        ),
    ),
    entry(
        __name__,
        "symlog",
        "where(x > 0, log1p(x), -log1p(-x))",
        class_name="SymLog",
        aliases=("symmetric_log",),
        summary="A logarithm on both sides that is near the identity at zero.",
        source=Source(
            "Danijar Hafner, Jurgis Pasukonis, Jimmy Ba, Timothy Lillicrap",
            "Mastering Diverse Domains through World Models",
            2023,
            url="https://arxiv.org/abs/2301.04104",
            equation="symlog(x) = sign(x) ln(|x| + 1)",
        ),
    ),
    entry(
        __name__,
        "exponential",
        "exp(x)",
        class_name="Exponential",
        aliases=("exp_activation",),
        summary="The exponential of the input, mostly of an output that must be positive.",
        source=Source(
            "John A. Nelder, Robert W. M. Wedderburn",
            "Generalized Linear Models",
            1972,
            url="https://doi.org/10.2307/2344614",
            note="There the inverse of the logarithm as a link function.",
        ),
    ),
    entry(
        __name__,
        "sqrt_softplus",
        "sqrt(softplus(x))",
        class_name="SqrtSoftplus",
        aliases=("sqrtsoftplus",),
        summary="The square root of softplus: positive, and slow to grow.",
        # Far left it is exp(x / 2), where softplus itself has long underflowed.
        stable="where(x < -40, exp(x / 2), sqrt(softplus(x)))",
        stable_derivative=(
            "where(x < -40, exp(x / 2) / 2, sigmoid(x) / (2 * sqrt(softplus(maximum(x, -40)))))"
        ),
        source=Source(
            "NVIDIA",
            "Add a new score func sqrtsoftplus to the fused router",
            2026,
            url="https://github.com/NVIDIA/TransformerEngine/pull/2633",
            note="The score of DeepSeek-V4's router of experts; transformers has it in ACT2FN.",
        ),
    ),
    entry(
        __name__,
        "bent_identity",
        "x + beta * (sqrt(x ** 2 + 1) - 1)",
        class_name="BentIdentity",
        aliases=("blu", "bendable_linear"),
        summary="The identity, bent smoothly at zero.",
        params={"beta": Param(0.5, low=-1.0, high=1.0, description="how much it bends")},
        # sqrt(x^2 + 1) - 1 = x r with r = x / (1 + sqrt(1 + x^2)): no cancellation, no overflow.
        # With h = sqrt(1 + x^2) it is |x| - 1 + 1 / (h + |x|) too, which is for beta = 1 and x far
        # below 0, where 1 + r loses every digit; 1 - |x| / h is 1 / (h (h + |x|)).
        stable=(
            f"where({_BEND} * abs(x) < -1, {_STRAIGHT} - beta * (1 - 1 / ({_ROOT} + abs({_C}))),"
            f" x * (1 + beta * ({_C} / (1 + {_ROOT}))))"
        ),
        stable_derivative=(
            f"where({_BEND} * abs(x) < -1, 1 + {_BEND} - {_BEND} / ({_FAR} * ({_FAR} + abs(x))),"
            f" 1 + beta * ({_C} / {_ROOT}))"
        ),
        source=Source(
            "Luke B. Godfrey",
            "An Evaluation of Parametric Activation Functions for Deep Learning",
            2019,
            url="https://doi.org/10.1109/SMC.2019.8913972",
            note="As the bendable linear unit, with beta learned; the fixed beta of 0.5 is older "
            "and we know of no first publication.",
        ),
        differs="Beta is fixed at 0.5 unless it is given.",
    ),
)

ADVICE = {
    "": Advice(
        "Outputs that must be positive and smooth, such as a scale or a rate, or a smooth stand-in"
        " for ReLU where a second derivative is needed.",
        "Deep stacks of hidden layers: the mean of the output is far from 0.",
        (
            "Dugas et al. 2000",
            "Glorot et al. 2011, Deep Sparse Rectifier Neural Networks",
        ),
    ),
    "softplus": Advice(
        "Variances and rates as outputs, and networks whose second derivative enters the loss.",
        "As a plain replacement for ReLU in hidden layers: slower, never 0, and not better in the "
        "comparison of 2011.",
        (
            "Dugas et al. 2000",
            "Glorot et al. 2011, Deep Sparse Rectifier Neural Networks",
        ),
    ),
    "log_sigmoid": Advice(
        "In a loss, where the logarithm of a probability is wanted without underflow.",
        "As a hidden layer: it is ReLU's mirror image, and its output is never positive.",
        ("LeCun et al. 2006",),
    ),
    "symlog": Advice(
        "Targets or inputs over many orders of magnitude, as rewards in world models.",
        "Hidden layers: its gradient falls as 1/x.",
        ("Hafner et al. 2023, arXiv:2301.04104",),
    ),
    "exponential": Advice(
        "Outputs that multiply, such as Poisson rates, given with a bounded argument.",
        "Hidden layers: it overflows at 89 in fp32.",
        ("Nelder, Wedderburn 1972",),
    ),
    "sqrt_softplus": Advice(
        "Scores of a router of experts.",
        "Hidden layers: its mean is far from 0 and its gradient falls on both sides.",
        ("https://github.com/NVIDIA/TransformerEngine/pull/2633",),
    ),
}

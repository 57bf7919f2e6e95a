"""Piecewise linear and quadratic stand-ins for smooth functions, and steps. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry

_MOBILENET = Source(
    "Andrew Howard, Mark Sandler, Grace Chu, Liang-Chieh Chen, Bo Chen, Mingxing Tan, Weijun Wang, "
    "Yukun Zhu, Ruoming Pang, Vijay Vasudevan, Quoc V. Le, Hartwig Adam",
    "Searching for MobileNetV3",
    2019,
    url="https://arxiv.org/abs/1905.02244",
    equation="h-swish[x] = x ReLU6(x + 3) / 6",
)
_BINARY = Source(
    "Matthieu Courbariaux, Yoshua Bengio, Jean-Pierre David",
    "BinaryConnect: Training Deep Neural Networks with binary weights during propagations",
    2015,
    url="https://arxiv.org/abs/1511.00363",
    equation="σ(x) = clip((x + 1) / 2, 0, 1)",
)
_FENCHEL = Source(
    "Mathieu Blondel, André F. T. Martins, Vlad Niculae",
    "Learning with Fenchel-Young Losses",
    2019,
    url="https://arxiv.org/abs/1901.02324",
)

ACTIVATIONS = (
    entry(
        __name__,
        "hard_sigmoid",
        "clip(x + 3, 0, 6) / 6",
        class_name="HardSigmoid",
        aliases=("hardsigmoid", "hsigmoid"),
        summary="The sigmoid as a ramp from -3 to 3.",
        stable_derivative="where(x > -3, where(x < 3, 1, 0), 0) / 6",  # 3 + x rounds beside 3
        source=Source(
            _MOBILENET.authors,
            _MOBILENET.title,
            _MOBILENET.year,
            url=_MOBILENET.url,
            equation="ReLU6(x + 3) / 6",
        ),
        differs="As PyTorch, JAX, timm and Keras 3 have it; Keras 2, Theano and ONNX default to "
        "0.2 x + 0.5 (hard_sigmoid_keras2), BinaryConnect to (x + 1) / 2 (sparse_sigmoid).",
    ),
    entry(
        __name__,
        "hard_sigmoid_keras2",
        "clip(alpha * x + beta, 0, 1)",
        class_name="HardSigmoidKeras2",
        aliases=("hard_sigmoid_onnx", "hard_sigmoid_theano"),
        summary="The sigmoid as a ramp from -2.5 to 2.5, as Keras 2, Theano and ONNX have it.",
        params={
            "alpha": Param(0.2, description="slope of the ramp"),
            "beta": Param(0.5, description="value at 0"),
        },
        source=Source(
            _BINARY.authors,
            _BINARY.title,
            _BINARY.year,
            url=_BINARY.url,
            note="There with slope 1/2; the slope 0.2 is that of the Theano library.",
        ),
    ),
    entry(
        __name__,
        "sparse_sigmoid",
        "clip(x + 1, 0, 2) / 2",
        class_name="SparseSigmoid",
        summary="The sigmoid as a ramp from -1 to 1: sparsemax of two classes.",
        source=_FENCHEL,
        differs="The hard sigmoid of BinaryConnect is the same function.",
    ),
    entry(
        __name__,
        "sparse_plus",
        "where(x > -1, where(x < 1, (x + 1) ** 2 / 4, x), 0)",
        class_name="SparsePlus",
        aliases=("sparseplus",),
        summary="The integral of sparse_sigmoid: ReLU with a parabola from -1 to 1.",
        source=_FENCHEL,
    ),
    entry(
        __name__,
        "hard_tanh",
        "clip(x, min_val, max_val)",
        class_name="HardTanh",
        aliases=("hardtanh", "htanh"),
        summary="The input, held between -1 and 1.",
        params={
            "min_val": Param(-1.0, description="floor"),
            "max_val": Param(1.0, description="ceiling"),
        },
        source=Source(
            "Ronan Collobert",
            "Large Scale Machine Learning",
            2004,
            url="https://ronan.collobert.com/pub/2004_phdthesis_lip6.pdf",
        ),
    ),
    entry(
        __name__,
        "hard_swish",
        "x * clip(x + 3, 0, 6) / 6",
        class_name="HardSwish",
        aliases=("hardswish", "hswish", "h_swish", "hard_silu"),
        summary="The input times its hard sigmoid.",
        stable="maximum(x, -3) * (clip(x + 3, 0, 6) / 6)",
        stable_derivative="where(x > -3, where(x < 3, x / 3 + 0.5, 1), 0)",
        source=_MOBILENET,
    ),
    entry(
        __name__,
        "hard_mish",
        "x * clip(x + 2, 0, 2) / 2",
        class_name="HardMish",
        aliases=("hardmish", "h_mish"),
        summary="A parabola between -2 and 0 in place of Mish, ReLU elsewhere.",
        stable="maximum(x, -2) * (clip(x + 2, 0, 2) / 2)",
        stable_derivative="where(x > -2, where(x < 0, x + 1, 1), 0)",
        source=Source(
            "Diganta Misra",
            "H-Mish",
            2020,
            url="https://github.com/digantamisra98/H-Mish",
            equation="f(x) = x / 2 · min(2, max(0, x + 2))",
        ),
    ),
    entry(
        __name__,
        "sqnl",
        "where(abs(x) < 2, x - x * abs(x) / 4, sign(x))",
        class_name="SQNL",
        aliases=("square_nonlinearity",),
        summary="A sigmoid made of two parabolas, from -1 to 1.",
        source=Source(
            "Adedamola Wuraola, Nitish Patel",
            "SQNL: A New Computationally Efficient Activation Function",
            2018,
            url="https://doi.org/10.1109/IJCNN.2018.8489043",
        ),
    ),
    entry(
        __name__,
        "step",
        "where(x > 0, 1, 0)",
        class_name="Step",
        aliases=("heaviside", "binary_step"),
        summary="1 for positive inputs, 0 otherwise: the neuron that fires or does not.",
        source=Source(
            "Warren S. McCulloch, Walter Pitts",
            "A logical calculus of the ideas immanent in nervous activity",
            1943,
            url="https://doi.org/10.1007/BF02478259",
        ),
        differs="The derivative is 0 everywhere, so gradients do not train what lies before it.",
    ),
    entry(
        __name__,
        "sign",
        "sign(x)",
        class_name="Sign",
        aliases=("signum",),
        summary="The sign of the input, as in binary networks.",
        source=Source(
            "Itay Hubara, Matthieu Courbariaux, Daniel Soudry, Ran El-Yaniv, Yoshua Bengio",
            "Binarized Neural Networks",
            2016,
            url="https://arxiv.org/abs/1602.02830",
            equation="x_b = Sign(x)",
        ),
        differs="0 at 0, where the source has +1. The derivative is 0 everywhere: the source's "
        "straight-through estimator is no derivative and is not included.",
    ),
)

ADVICE = {
    "": Advice(
        "Small or quantised devices: pieces of straight lines in place of exponentials.",
        "Training where the flat parts matter: the gradient there is exactly 0.",
        ("Courbariaux et al. 2015, arXiv:1511.00363",),
    ),
    "hard_swish": Advice(
        "Mobile vision networks, in their later layers.",
        "Servers, where SiLU costs about the same.",
        ("Howard et al. 2019, arXiv:1905.02244",),
    ),
    "hard_sigmoid": Advice(
        "Gates in mobile networks, such as squeeze-and-excitation. Mind which one a library means:"
        " the slope is 1/6 in most, 0.2 in old Keras and ONNX.",
        "As a probability for a loss: it is exactly 0 and 1 outside of (−3, 3).",
        ("Howard et al. 2019, arXiv:1905.02244",),
    ),
    "hard_tanh": Advice(
        "Binarised networks, as the slope of the straight-through estimator, and bounded outputs.",
        "Hidden layers in full precision: both sides are dead.",
        ("Courbariaux et al. 2016, arXiv:1602.02830",),
    ),
    "step": Advice(
        "Analysis, or a forward pass whose gradient comes from an estimator.",
        "Backpropagation as it is: the gradient is 0 everywhere.",
        ("Bengio et al. 2013, arXiv:1308.3432",),
    ),
    "sign": Advice(
        "Binarised networks, with a straight-through estimator.",
        "Backpropagation as it is: the gradient is 0 everywhere.",
        (
            "Courbariaux et al. 2016, arXiv:1602.02830",
            "Bengio et al. 2013, arXiv:1308.3432",
        ),
    ),
}

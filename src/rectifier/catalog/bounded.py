"""Rectifiers with a ceiling, a floor or a threshold elsewhere than at zero. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry, learned

_CAPPED = Source(
    "Alex Krizhevsky",
    "Convolutional Deep Belief Networks on CIFAR-10",
    2010,
    url="https://www.cs.toronto.edu/~kriz/conv-cifar10-aug2010.pdf",
    equation="min(max(x, 0), 6)",
)
_BOUNDED = Source(
    "Shan Sung Liew, Mohamed Khalil-Hani, Rabia Bakhteri",
    "Bounded activation functions for enhanced training stability of deep neural networks on "
    "visual pattern recognition problems",
    2016,
    url="https://doi.org/10.1016/j.neucom.2016.08.037",
)

ACTIVATIONS = (
    entry(
        __name__,
        "relu6",
        "clip(x, 0, 6)",
        class_name="ReLU6",
        aliases=("relu_6",),
        summary="ReLU with a ceiling of 6, for arithmetic of few bits.",
        source=_CAPPED,
    ),
    entry(
        __name__,
        "relun",
        "clip(x, 0, n)",
        class_name="ReLUN",
        aliases=("relu_n", "bounded_relu", "clipped_relu"),
        summary="ReLU with a ceiling of n.",
        params={"n": Param(6.0, low=0.0, description="ceiling")},
        source=Source(
            _CAPPED.authors,
            _CAPPED.title,
            _CAPPED.year,
            url=_CAPPED.url,
            note="As bounded ReLU: Liew, Khalil-Hani, Bakhteri (2016), "
            "https://doi.org/10.1016/j.neucom.2016.08.037.",
        ),
    ),
    entry(
        __name__,
        "bounded_leaky_relu",
        "where(x > n, negative_slope * x + (1 - negative_slope) * n, "
        "where(x > 0, x, negative_slope * x))",
        class_name="BoundedLeakyReLU",
        aliases=("blrelu",),
        summary="Leaky ReLU that bends a second time, to the same small slope, at n.",
        params={
            "negative_slope": Param(0.01, description="slope below 0 and above n"),
            "n": Param(6.0, low=0.0, description="where the second bend is"),
        },
        source=_BOUNDED,
        differs="The defaults are ours.",
    ),
    entry(
        __name__,
        "threshold",
        "where(x > threshold, x, value)",
        class_name="Threshold",
        aliases=("thresholded_relu", "trec"),
        summary="Passes what exceeds a threshold, a fixed value otherwise.",
        params={
            "threshold": Param(1.0, description="passes only what is above"),
            "value": Param(0.0, description="the output at and below the threshold"),
        },
        source=Source(
            "Kishore Konda, Roland Memisevic, David Krueger",
            "Zero-bias autoencoders and the benefits of co-adapting features",
            2014,
            url="https://arxiv.org/abs/1402.3337",
        ),
        differs="PyTorch and Keras 3 have no defaults; Keras' ThresholdedReLU has 1 and 0.",
    ),
    entry(
        __name__,
        "jump_relu",
        "where(x > threshold, x, 0)",
        class_name="JumpReLU",
        summary="ReLU that also drops what is positive but not above a threshold.",
        params={"threshold": Param(0.001, low=0.0, description="what must be exceeded")},
        source=Source(
            "Senthooran Rajamanoharan, Tom Lieberum, Nicolas Sonnerat, Arthur Conmy, Vikrant "
            "Varma, János Kramár, Neel Nanda",
            "Jumping Ahead: Improving Reconstruction Fidelity with JumpReLU Sparse Autoencoders",
            2024,
            url="https://arxiv.org/abs/2407.14435",
            equation="JumpReLU_θ(z) = z H(z - θ)",
            note="Named by Erichson, Yao, Mahoney (2019), https://arxiv.org/abs/1904.03750.",
        ),
        differs="The threshold is fixed: its learning needs a pseudo-derivative of the step.",
    ),
    entry(
        __name__,
        "shifted_relu",
        "maximum(x, -1)",
        class_name="ShiftedReLU",
        summary="ReLU moved down the diagonal to begin at -1.",
        source=Source(
            "Djork-Arné Clevert, Thomas Unterthiner, Sepp Hochreiter",
            "Fast and Accurate Deep Network Learning by Exponential Linear Units (ELUs)",
            2015,
            url="https://arxiv.org/abs/1511.07289",
            equation="f(x) = max(-1, x)",
        ),
    ),
    entry(
        __name__,
        "displaced_relu",
        "maximum(x, -delta)",
        class_name="DReLU",
        aliases=("displaced_rectifier",),
        summary="ReLU moved down the diagonal by a small amount.",
        params={"delta": Param(0.05, description="how far it is moved")},
        source=Source(
            "David Macêdo, Cleber Zanchettin, Adriano L. I. Oliveira, Teresa Ludermir",
            "Enhancing batch normalized convolutional networks using displaced rectifier linear "
            "units: A systematic comparative study",
            2019,
            url="https://doi.org/10.1016/j.eswa.2019.01.066",
        ),
    ),
    entry(
        __name__,
        "tlu",
        "maximum(x, tau)",
        class_name="TLU",
        aliases=("thresholded_linear",),
        summary="ReLU whose floor is learned, one per channel; made for filter response norm.",
        params={"tau": learned(0.0, "the floor", sharing="channel")},
        source=Source(
            "Saurabh Singh, Shankar Krishnan",
            "Filter Response Normalization Layer: Eliminating Batch Dependence in the Training of "
            "Deep Neural Networks",
            2019,
            url="https://arxiv.org/abs/1911.09737",
            equation="max(y, τ)",
        ),
    ),
)

ADVICE = {
    "": Advice(
        "Where outputs must stay in a known range, for fixed-point arithmetic or stability.",
        "Deep plain networks: above the bound there is no gradient.",
        ("Dubey et al. 2021, arXiv:2109.14545",),
    ),
    "relu6": Advice(
        "Networks that will run in 8-bit fixed point, as the MobileNets.",
        "Where nothing will be quantised: it is ReLU with a second dead side.",
        ("Sandler et al. 2018, arXiv:1801.04381",),
    ),
    "jump_relu": Advice(
        "Sparse autoencoders, where a feature is to be either off or at its full value.",
        "As a layer trained by plain backpropagation: the threshold has no gradient without an "
        "estimator.",
        ("Rajamanoharan et al. 2024, arXiv:2407.14435",),
    ),
    "threshold": Advice(
        "Hard gating of small outputs.",
        "Ordinary hidden layers: it jumps, and nothing flows below the threshold.",
        ("Konda et al. 2014, arXiv:1402.3337",),
    ),
}

"""Powers of the input or of what ReLU passes. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry, learned

_OSCILLATING = Source(
    "Mathew Mithra Noel, Shubham Bharadwaj, Venkataraman Muthiah-Nakarajan, Praneet Dutta, "
    "Geraldine Bessie Amali",
    "Biologically Inspired Oscillating Activation Functions Can Bridge the Performance Gap "
    "between Biological and Artificial Neurons",
    2021,
    url="https://arxiv.org/abs/2111.04020",
)

ACTIVATIONS = (
    entry(
        __name__,
        "relu_squared",
        "maximum(x, 0) ** 2",
        class_name="ReLUSquared",
        aliases=("relu2", "squared_relu", "relu_2"),
        summary="The square of ReLU, smooth at zero.",
        source=Source(
            "David R. So, Wojciech Mańke, Hanxiao Liu, Zihang Dai, Noam Shazeer, Quoc V. Le",
            "Primer: Searching for Efficient Transformers for Language Modeling",
            2021,
            url="https://arxiv.org/abs/2109.08668",
        ),
    ),
    entry(
        __name__,
        "star_relu",
        "scale * maximum(x, 0) ** 2 + bias",
        class_name="StarReLU",
        summary="The square of ReLU, scaled and shifted to mean 0 and variance 1.",
        params={
            "scale": learned(0.8944271909999159, "factor of the square"),
            "bias": learned(-0.4472135954999579, "output for negative inputs"),
        },
        source=Source(
            "Weihao Yu, Chenyang Si, Pan Zhou, Mi Luo, Yichen Zhou, Jiashi Feng, Shuicheng Yan, "
            "Xinchao Wang",
            "MetaFormer Baselines for Vision",
            2022,
            url="https://arxiv.org/abs/2210.13452",
            equation="StarReLU(x) = s (ReLU(x))² + b",
        ),
        differs="The starts are 2/√5 and -1/√5, which the source rounds to 0.8944 and -0.4472.",
    ),
    entry(
        __name__,
        "repu",
        "where(x > 0, x ** power, 0)",
        class_name="RePU",
        aliases=("rectified_power", "rectified_power_unit"),
        summary="A power of ReLU; the third unless another is given.",
        params={"power": Param(3.0, low=1.0, description="the exponent")},
        source=Source(
            "Bo Li, Shanshan Tang, Haijun Yu",
            "Better Approximations of High Dimensional Smooth Functions by Deep Neural Networks "
            "with Rectified Power Units",
            2019,
            url="https://arxiv.org/abs/1903.05858",
        ),
    ),
    entry(
        __name__,
        "square",
        "x ** 2",
        class_name="Square",
        aliases=("quadratic",),
        summary="The square of the input.",
        source=Source(
            "Roi Livni, Shai Shalev-Shwartz, Ohad Shamir",
            "On the Computational Efficiency of Training Neural Networks",
            2014,
            url="https://arxiv.org/abs/1410.1141",
        ),
    ),
    entry(
        __name__,
        "cube",
        "x ** 3",
        class_name="Cube",
        aliases=("cubic",),
        summary="The third power of the input.",
        source=Source(
            "Danqi Chen, Christopher D. Manning",
            "A Fast and Accurate Dependency Parser using Neural Networks",
            2014,
            url="https://aclanthology.org/D14-1082/",
        ),
    ),
    entry(
        __name__,
        "squ",
        "x ** 2 + x",
        class_name="SQU",
        aliases=("shifted_quadratic",),
        summary="The shifted quadratic unit, with zeros at -1 and 0.",
        stable="x * (x + 1)",
        source=_OSCILLATING,
    ),
    entry(
        __name__,
        "ncu",
        "x - x ** 3",
        class_name="NCU",
        aliases=("non_monotonic_cubic",),
        summary="The non-monotonic cubic unit, with zeros at -1, 0 and 1.",
        # Three factors of one sign rule each: the plain difference is inf - inf far out.
        stable="x * ((1 - x) * (1 + x))",
        source=_OSCILLATING,
    ),
)

ADVICE = {
    "": Advice(
        "Polynomial networks, networks under encryption that can only add and multiply, and "
        "analysis.",
        "Deep networks without normalisation: values grow as a power of a power.",
        ("Gilad-Bachrach et al. 2016, CryptoNets",),
    ),
    "relu_squared": Advice(
        "Feed-forward blocks of transformers: cheap, sparse, as good as GELU there at the same "
        "cost.",
        "Without normalisation before it, since it squares the scale; in fp16, where it overflows "
        "at 256.",
        (
            "So et al. 2021, arXiv:2109.08668",
            "Zhang et al. 2024, arXiv:2402.03804",
        ),
    ),
    "star_relu": Advice(
        "MetaFormer-like vision networks: squared ReLU, centred and scaled.",
        "Without a normalisation before it.",
        ("Yu et al. 2022, arXiv:2210.13452",),
    ),
}

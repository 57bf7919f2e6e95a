"""Rectifiers: two straight pieces that meet at zero. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import entry

ACTIVATIONS = (
    entry(
        __name__,
        "relu",
        "maximum(x, 0)",
        class_name="ReLU",
        aliases=("rectified_linear",),
        summary="The rectified linear unit: passes what is positive, zero otherwise.",
        source=Source(
            "Vinod Nair, Geoffrey E. Hinton",
            "Rectified Linear Units Improve Restricted Boltzmann Machines",
            2010,
            url="https://icml.cc/Conferences/2010/papers/432.pdf",
            equation="max(0, x)",
            note="The function is older: Kunihiko Fukushima, Visual Feature Extraction by a "
            "Multilayered Network of Analog Threshold Elements (1969), "
            "https://doi.org/10.1109/TSSC.1969.300225.",
        ),
        differs="The derivative at 0 is 0, as in the common frameworks.",
    ),
    entry(
        __name__,
        "leaky_relu",
        "where(x > 0, x, negative_slope * x)",
        class_name="LeakyReLU",
        aliases=("lrelu",),
        summary="ReLU with a small fixed slope for negative inputs.",
        params={"negative_slope": Param(0.01, description="slope for negative inputs")},
        source=Source(
            "Andrew L. Maas, Awni Y. Hannun, Andrew Y. Ng",
            "Rectifier Nonlinearities Improve Neural Network Acoustic Models",
            2013,
            url="https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf",
            equation="h = w·x if w·x > 0, 0.01 w·x otherwise",
        ),
    ),
    entry(
        __name__,
        "prelu",
        "where(x > 0, x, weight * x)",
        class_name="PReLU",
        aliases=("parametric_relu",),
        summary="Leaky ReLU whose negative slope is learned, one per channel.",
        params={
            "weight": Param(
                0.25,
                learnable=True,
                sharing="channel",
                weight_decay=False,  # the paper's section 2: decay would push it towards ReLU
                description="slope for negative inputs",
            )
        },
        source=Source(
            "Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun",
            "Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet "
            "Classification",
            2015,
            url="https://arxiv.org/abs/1502.01852",
            equation="equation 1",
        ),
    ),
)

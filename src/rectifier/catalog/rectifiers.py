"""Rectifiers: two straight pieces that meet at zero. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry, learned

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
    entry(
        __name__,
        "rrelu",
        "where(x > 0, x, (lower + upper) / 2 * x)",
        class_name="RReLU",
        aliases=("randomized_leaky_relu",),
        summary="Randomised leaky ReLU as it is after training: with the mean of its slopes.",
        params={
            "lower": Param(1 / 8, description="smallest slope drawn in training"),
            "upper": Param(1 / 3, description="largest slope drawn in training"),
        },
        source=Source(
            "Bing Xu, Naiyan Wang, Tianqi Chen, Mu Li",
            "Empirical Evaluation of Rectified Activations in Convolutional Network",
            2015,
            url="https://arxiv.org/abs/1505.00853",
        ),
        differs="An expression draws nothing, so the function is that of evaluation; the module of "
        "the PyTorch front end draws a slope per element while it trains, as PyTorch's own does. "
        "The defaults are PyTorch's.",
    ),
    entry(
        __name__,
        "lelelu",
        "alpha * where(x > 0, x, 0.1 * x)",
        class_name="LeLeLU",
        aliases=("learnable_leaky_relu",),
        summary="Leaky ReLU with slope 0.1, scaled as a whole by a learned factor.",
        params={"alpha": learned(1.0, "factor of both sides")},
        source=Source(
            "Andreas Maniatopoulos, Nikolaos Mitianoudis",
            "Learnable Leaky ReLU (LeLeLU): An Alternative Accuracy-Optimized Activation Function",
            2021,
            url="https://doi.org/10.3390/info12120513",
        ),
    ),
    entry(
        __name__,
        "modulus",
        "abs(x)",
        class_name="Modulus",
        aliases=("absolute", "abs_activation", "vrelu"),
        summary="The absolute value.",
        source=Source(
            "Kevin Jarrett, Koray Kavukcuoglu, Marc'Aurelio Ranzato, Yann LeCun",
            "What is the Best Multi-Stage Architecture for Object Recognition?",
            2009,
            url="https://doi.org/10.1109/ICCV.2009.5459469",
        ),
    ),
    entry(
        __name__,
        "soft_modulus_q",
        "where(abs(x) < 1, x ** 2 * (2 - abs(x)), abs(x))",
        class_name="SoftModulusQ",
        summary="The absolute value with its corner rounded by a cubic.",
        source=Source(
            "Iván Vallés-Pérez, Emilio Soria-Olivas, Marcelino Martínez-Sober, Antonio J. "
            "Serrano-López, Joan Vila-Francés, Juan Gómez-Sanchís",
            "Empirical study of the modulus as activation function in computer vision applications",
            2023,
            url="https://arxiv.org/abs/2301.05993",
        ),
    ),
    entry(
        __name__,
        "soft_modulus_t",
        "x * tanh(x / alpha)",
        class_name="SoftModulusT",
        summary="The absolute value with its corner rounded by tanh.",
        params={"alpha": Param(0.01, low=1e-6, description="width of the rounding")},
        stable_derivative=(
            "tanh(x / alpha) + clip(x / alpha, -400, 400)"
            " * (4 * sigmoid(2 * x / alpha) * sigmoid(-(2 * x / alpha)))"
        ),
        source=Source(
            "Iván Vallés-Pérez, Emilio Soria-Olivas, Marcelino Martínez-Sober, Antonio J. "
            "Serrano-López, Joan Vila-Francés, Juan Gómez-Sanchís",
            "Empirical study of the modulus as activation function in computer vision applications",
            2023,
            url="https://arxiv.org/abs/2301.05993",
        ),
    ),
)

ADVICE = {
    "": Advice(
        "Where ReLU is in place and units die, or where a learned slope may pay: each costs one "
        "comparison and one product.",
        "Where a smooth second derivative is needed, such as for the residual of a differential "
        "equation.",
        (
            "Xu et al. 2015, arXiv:1505.00853",
            "Dubey et al. 2021, arXiv:2109.14545",
        ),
    ),
    "relu": Advice(
        "The usual first choice for hidden layers of convolutional networks and plain MLPs with "
        "He's initialisation: cheap, no shrinking of gradients on the active side, and outputs "
        "that are exactly 0.",
        "As an output layer, for targets that may be negative; where a large learning rate or a "
        "negative bias shuts units for good; where second derivatives matter.",
        (
            "Glorot et al. 2011, Deep Sparse Rectifier Neural Networks",
            "He et al. 2015, arXiv:1502.01852",
            "Lu et al. 2019, arXiv:1903.06733",
        ),
    ),
    "leaky_relu": Advice(
        "In place of ReLU when watching shows dead units, and in discriminators of GANs with slope"
        " 0.2: a silent unit still gets a gradient.",
        "Where exact zeros are wanted, for sparsity or speed.",
        (
            "Maas et al. 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models",
            "Radford et al. 2015, arXiv:1511.06434",
        ),
    ),
    "prelu": Advice(
        "Large convolutional networks with much data, where a slope per channel costs nothing to "
        "speak of.",
        "Small data sets, on which the learned slopes overfit; with weight decay on the slopes, "
        "which pulls them to ReLU.",
        (
            "He et al. 2015, arXiv:1502.01852",
            "Xu et al. 2015, arXiv:1505.00853",
        ),
    ),
    "rrelu": Advice(
        "Small data sets: the random slope in training is a regulariser.",
        "Where a training run must be deterministic. This definition is that of evaluation.",
        ("Xu et al. 2015, arXiv:1505.00853",),
    ),
    "modulus": Advice(
        "Features whose sign does not matter, such as edges in filters' outputs.",
        "Where the sign carries meaning.",
        (
            "Jarrett et al. 2009, doi:10.1109/ICCV.2009.5459469",
            "Vallés-Pérez et al. 2023, arXiv:2301.05993",
        ),
    ),
}

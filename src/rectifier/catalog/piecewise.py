"""Piecewise linear functions with several bends, fixed or learned. Layer: catalog."""

from __future__ import annotations

from rectifier.activation import Param, Source
from rectifier.catalog._entry import Advice, entry, learned

_SOFT_EXPONENTIAL = (
    "where(alpha < 0, -{log} / where(alpha < 0, alpha, -1),"
    " where(alpha > 0, expm1(alpha * x) / where(alpha > 0, alpha, 1) + alpha,"
    " x + (alpha + alpha * {x} * ({x} / 2))))"
)

ACTIVATIONS = (
    entry(
        __name__,
        "plu",
        "maximum(alpha * (x + c) - c, minimum(alpha * (x - c) + c, x))",
        class_name="PLU",
        aliases=("piecewise_linear",),
        summary="The identity between -c and c, a small slope beyond: tanh that does not saturate.",
        params={
            "alpha": Param(0.1, low=0.0, high=1.0, description="slope beyond the bends"),
            "c": Param(1.0, low=0.0, description="where the bends are"),
        },
        # For alpha = 1 the plain form rounds x + c to a number of the size of c. And at infinity
        # all three lines are as large, so that it takes the slope of the wrong.
        stable=(
            "where(abs(x) > c, alpha * where(alpha > 0, x, clip(x, -1e30, 1e30))"
            " + sign(x) * ((1 - alpha) * c), x)"
        ),
        stable_derivative="where(abs(x) > c, alpha, 1)",
        source=Source(
            "Andrei Nicolae",
            "PLU: The Piecewise Linear Unit Activation Function",
            2018,
            url="https://arxiv.org/abs/1809.09534",
            equation="PLU(x) = max(α(x + c) - c, min(α(x - c) + c, x))",
        ),
    ),
    entry(
        __name__,
        "srelu",
        "where(x < t_l, t_l + a_l * (x - t_l), where(x > t_r, t_r + a_r * (x - t_r), x))",
        class_name="SReLU",
        aliases=("s_shaped_relu",),
        summary="Three lines with learned bends and outer slopes, one of each per channel.",
        params={
            "t_l": learned(0.0, "the left bend", sharing="channel"),
            "a_l": learned(0.2, "slope left of it", sharing="channel"),
            "t_r": learned(1.0, "the right bend", sharing="channel"),
            "a_r": learned(1.0, "slope right of it", sharing="channel"),
        },
        source=Source(
            "Xiaojie Jin, Chunyan Xu, Jiashi Feng, Yunchao Wei, Junjun Xiong, Shuicheng Yan",
            "Deep Learning with S-shaped Rectified Linear Activation Units",
            2015,
            url="https://arxiv.org/abs/1512.07030",
        ),
        differs="The right bend starts at 1; the source takes it from the data after some epochs.",
    ),
    entry(
        __name__,
        "apl",
        # max(0, b - x), so written that a hinge has the slope of its left at its kink, as ReLU has.
        # By maximum the whole would have the slope 0 at 0, which is that of neither side.
        "maximum(x, 0) + a1 * where(x > b1, 0, b1 - x) + a2 * where(x > b2, 0, b2 - x)",
        class_name="APL",
        aliases=("adaptive_piecewise_linear",),
        summary="ReLU plus two learned hinges, each with its own place per channel.",
        params={
            "a1": learned(-0.05, "slope of the first hinge", sharing="channel"),
            "a2": learned(-0.05, "slope of the second hinge", sharing="channel"),
            "b1": learned(0.0, "place of the first hinge", sharing="channel"),
            "b2": learned(-1.0, "place of the second hinge", sharing="channel"),
        },
        source=Source(
            "Forest Agostinelli, Matthew Hoffman, Peter Sadowski, Pierre Baldi",
            "Learning Activation Functions to Improve Deep Neural Networks",
            2014,
            url="https://arxiv.org/abs/1412.6830",
            equation="h(x) = max(0, x) + Σ aₛ max(0, -x + bₛ)",
        ),
        differs="Two hinges, one value per channel (the source: per unit), and a start of ours "
        "near leaky ReLU.",
    ),
    entry(
        __name__,
        "shilu",
        "alpha * maximum(x, 0) + beta",
        class_name="ShiLU",
        aliases=("shifted_linear",),
        summary="ReLU with a learned slope and offset.",
        params={
            "alpha": learned(1.0, "slope above zero"),
            "beta": learned(0.0, "offset"),
        },
        source=Source(
            "Evgenii Pishchik",
            "Trainable Activations for Image Classification",
            2023,
            url="https://doi.org/10.20944/preprints202301.0463.v1",
        ),
        differs="Starts as ReLU.",
    ),
    entry(
        __name__,
        "soft_exponential",
        _SOFT_EXPONENTIAL.format(x="x", log="log(1 - alpha * (x + alpha))"),
        class_name="SoftExponential",
        aliases=("softexponential",),
        summary="Between logarithm, identity and exponential, by a learned parameter.",
        params={"alpha": learned(0.0, "-1 logarithm, 0 identity, 1 exponential")},
        # For alpha near 0 the logarithm is that of a number near 1, and for alpha = -1 it is
        # log(x), where 1 + (x - 1) has no digit of a small x.
        stable=_SOFT_EXPONENTIAL.format(
            x="clip(x, -3e38, 3e38)",
            log="where(abs(alpha * (x + alpha)) < 0.5, log1p(-(alpha * (x + alpha))),"
            " log((1 - alpha) * (1 + alpha) - alpha * x))",
        ),
        stable_derivative=(
            "where(alpha < 0, 1 / ((1 - alpha) * (1 + alpha) - alpha * x),"
            " where(alpha > 0, exp(where(alpha > 0, alpha * x, 0)), 1))"
        ),
        source=Source(
            "Luke B. Godfrey, Michael S. Gashler",
            "A continuum among logarithmic, linear, and exponential functions, and its potential "
            "to improve generalization in neural networks",
            2015,
            url="https://arxiv.org/abs/1602.01321",
        ),
        differs="The middle case carries a term of order alpha, 0 at alpha 0, so that alpha has "
        "its true gradient where it starts. For negative alpha NaN where the logarithm has none.",
    ),
)

ADVICE = {
    "": Advice(
        "Where the shape is to be learned piece by piece, or exactly linear pieces are needed, as "
        "for verification.",
        "Where the choice of the pieces' places is not worth the extra parameters.",
        (
            "Agostinelli et al. 2014, arXiv:1412.6830",
            "Jin et al. 2015, arXiv:1512.07030",
        ),
    ),
}

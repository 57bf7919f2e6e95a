"""Claims about who comes out best, by way of ``rectifier.compare``. Layer: claims."""

from __future__ import annotations

import math

import numpy as np

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.comparing import (
    EIGHTEEN,
    MARGIN,
    RELATIVES,
    eighteen,
    ranking_picture,
    relatives,
    row,
    scores,
)
from rectifier.claims.lab import Lab
from rectifier.claims.record import Line, Picture, Quantity, Range, exactly
from rectifier.compare.statistics import seeds_needed

_EIGHTEEN = (
    "rectifier compare on digits: eighteen activations of torch.nn, five seeds (full: thirty), "
    "perceptron of 64-64, AdamW, 6 epochs (full: 15), learning rate chosen for each seed of each "
    "by a study of its own among two (full: five) on validation data."
)
_RELATIVES = (
    "rectifier compare on digits: ReLU and seven others, 16 seeds (full: sixty), perceptron of "
    "64-64, AdamW, 10 epochs (full: 15), learning rate chosen for each seed of each by a study of "
    "its own among three (full: five) on validation data. Paired differences of test accuracy, "
    "95 % by t."
)


def _leaky(lab: Lab) -> Finding:
    found = relatives(lab)
    return Finding(
        [
            statistics.difference(*scores(found, "leaky_relu", "relu")),
            statistics.exact(row(found, "leaky_relu").dead),
            statistics.exact(row(found, "relu").dead),
        ],
        [ranking_picture(found)],
    )


C23 = Claim(
    "C23",
    "Leaky ReLU does as well as ReLU and has no dead units",
    "performs as well as ReLU while eliminating dead neurons",
    "8",
    "experiment",
    "Maas, Hannun and Ng (2013), Rectifier Nonlinearities Improve Neural Network Acoustic Models",
    "Leaky and plain rectifiers do about equally well; the 2 % that the abstract names are "
    "rectifiers over sigmoidal units.",
    _RELATIVES + " As well: not more than half a point worse.",
    (
        Quantity("test accuracy, leaky ReLU less ReLU", Range(low=-MARGIN), "%"),
        Quantity("dead units with leaky ReLU", exactly(0.0), "%"),
        Quantity("dead units with ReLU", None, "%"),
    ),
    _leaky,
    words="networks with rectifier nonlinearities produce 2% absolute reductions in word "
    "error rates over their sigmoidal counterparts",
)


def _best_of_eighteen(lab: Lab) -> Finding:
    found = eighteen(lab)
    by_seed = list(zip(*(row(found, name).scores for name in EIGHTEEN), strict=True))
    place = EIGHTEEN.index("gelu")
    ranks = [1 + sum((s or 0.0) > (each[place] or 0.0) for s in each) for each in by_seed]
    return Finding([statistics.mean([float(rank) for rank in ranks])], [ranking_picture(found)])


C27 = Claim(
    "C27",
    "GELU is the best of eighteen activations on CIFAR-10, CIFAR-100 and STL-10",
    "GELU achieving the highest test accuracies across multiple benchmarks",
    "8",
    "proxy",
    "Lee (2023), GELU Activation Function in Deep Learning, arXiv 2305.12073",
    "GELU came out best in a residual network on the three sets; the abstract names no number of "
    "runs.",
    "In its place, the rank of GELU among them, mean over seeds, 95 % by t: " + _EIGHTEEN,
    (Quantity("rank of GELU of eighteen (here: digits)", exactly(1.0), proxy=True),),
    _best_of_eighteen,
    words="Our results demonstrate the superior performance of GELU compared to other "
    "activation functions",
)


def _mish(lab: Lab) -> Finding:
    found = relatives(lab)
    mish, relu = scores(found, "mish", "relu")
    deviation = float(np.std(np.subtract(mish, relu), ddof=1))
    needed = seeds_needed(0.0043, deviation, 0.05)
    return Finding(
        [
            statistics.difference(mish, relu),
            statistics.difference(*scores(found, "mish", "gelu")),
            statistics.exact(math.inf if needed is None else needed),
        ],
        [ranking_picture(found)],
        [
            "seeds for the 0.43 points between 94.32 and 93.89 at the spread between seeds "
            f"measured here, {100 * deviation:.2f} points, to be found four times out of five"
        ],
    )


C28 = Claim(
    "C28",
    "Mish slightly beats ReLU (94.32 against 93.89 % on CIFAR-10) and GELU",
    "slightly outperforming ReLU and GELU in some tests",
    "8, 15",
    "proxy",
    "Misra (2020), Mish, arXiv 1908.08681; Biswas et al. (2025), WACV, for the two figures",
    "In Misra's own table of 23 runs Mish can be told from ReLU, but not from Swish or GELU.",
    "In place of CIFAR-10: " + _RELATIVES + " And how many seeds 0.43 points would need.",
    (
        Quantity("test accuracy, Mish less ReLU (here: digits)", Range(low=0.0), "%", proxy=True),
        Quantity("test accuracy, Mish less GELU (here: digits)", Range(low=0.0), "%", proxy=True),
        Quantity("seeds that 0.43 points need", None),
    ),
    _mish,
    words="we validated experimentally on several well-known benchmarks against the best "
    "combinations of architectures and activation functions",
)


def _swish(lab: Lab) -> Finding:
    import rectifier.numpy as rn

    x = np.linspace(-6.0, 2.0, 8001)
    y = np.asarray(rn.silu(x))
    found = relatives(lab)
    line = Line("", tuple(x[::100]), tuple(y[::100]))
    return Finding(
        [
            statistics.exact(float(y.min())),
            statistics.exact(float(rn.silu.derivative(np.array([-2.0]))[0])),
            statistics.difference(*scores(found, "silu", "relu")),
        ],
        [Picture("Swish falls before it rises", "x", "x · σ(x)", (line,))],
        [f"lowest at x = {x[int(y.argmin())]:.3f}"],
    )


C29 = Claim(
    "C29",
    "Swish is smooth and not monotone and often beats ReLU in deep networks",
    "a self-gated activation function that often outperforms ReLU",
    "8",
    "proxy",
    "Ramachandran, Zoph and Le (2017), Searching for Activation Functions",
    "Top-1 accuracy on ImageNet higher by 0.9 points in Mobile NASNet-A and by 0.6 in "
    "Inception-ResNet-v2.",
    "Lowest value and a negative slope, computed; in place of deep networks: " + _RELATIVES,
    (
        Quantity("lowest value of x·σ(x)", Range(-0.2785, -0.2784)),
        Quantity("its slope at −2", Range(high=-1e-9)),
        Quantity("test accuracy, Swish less ReLU (here: digits)", Range(low=0.0), "%", proxy=True),
    ),
    _swish,
    words="simply replacing ReLUs with Swish units improves top-1 classification accuracy "
    "on ImageNet by 0.9% for Mobile NASNet-A and 0.6% for Inception-ResNet-v2",
)


_NAMED = "Swish and Mish, which it names"
_ANY = "the best of all seven, chosen after the fact"


def _compete(lab: Lab) -> Finding:
    found = relatives(lab)
    fancy = [name for name in RELATIVES if name != "relu"]
    best = max(fancy, key=lambda name: row(found, name).score.value)
    return Finding(
        [
            statistics.difference(*scores(found, "silu", "relu")),
            statistics.difference(*scores(found, "mish", "relu")),
            statistics.difference(*scores(found, best, "relu")),
            statistics.exact(
                sum(statistics.difference(*scores(found, name, "relu")).low > 0.0 for name in fancy)
            ),
        ],
        [ranking_picture(found)],
        [
            f"best of {', '.join(fancy)}: {best}; smallest difference that these seeds could show: "
            f"{100 * found.smallest_detectable:.1f} points"
        ],
    )


C43 = Claim(
    "C43",
    "When tuned, ReLU does about as well as Swish or Mish",
    "ReLU performing comparably to more complex functions",
    "14",
    "experiment",
    "Narang et al. (2021), Do Transformer Modifications Transfer Across Implementations?",
    "Few of many proposed changes survive an equal comparison; activations gave small gains.",
    _RELATIVES
    + " Comparably: not more than half a point behind, which rectifier compare takes not "
    "to matter, and which is about what the article calls slightly in C28 (0.43 points).",
    (
        Quantity("test accuracy, Swish less ReLU", Range(high=MARGIN), "%", reading=_NAMED),
        Quantity("test accuracy, Mish less ReLU", Range(high=MARGIN), "%", reading=_NAMED),
        Quantity("test accuracy, best of seven less ReLU", Range(high=MARGIN), "%", reading=_ANY),
        Quantity("of the seven, better than ReLU without correction", None),
    ),
    _compete,
    words="most modifications do not meaningfully improve performance",
)

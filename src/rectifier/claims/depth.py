"""Claims about depth: gradients, initialisation, normalisation, range. Layer: claims."""

from __future__ import annotations

import math
from typing import Any

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.comparing import curve, values
from rectifier.claims.lab import Lab
from rectifier.claims.record import Line, Picture, Quantity, Range
from rectifier.claims.trials import gradients, train

DEPTHS = (2, 5, 10, 20, 50, 100)
XAVIER = "lecun_normal"
"""Variance 1 / n: Xavier's where layers are equally wide, as they are here, and without a gain."""

HE = "He et al. (2015), Delving Deep into Rectifiers"

NARROW, WIDER = {22: 3, 30: 8}, {22: 6, 30: 16}
"""Filters of the first convolutions of the paper's networks. Their last stages have 16 and 32, and
32 and 64: with 16, the 2×2 windows of the deeper one add up 64 numbers, and half of He's stall."""


LEARNERS = (("relu", "he_normal"), ("sigmoid", XAVIER), ("relu", XAVIER), ("tanh", XAVIER))
RATES = (1e-3, 1e-2, 1e-4)
"""Tried in this order. Sigmoid needs the greatest: at the others five layers of it seem to fail."""
FAINTEST = 1e-30
"""Ratios below are drawn there: a picture needs no more."""
REACH, FURTHER = 100.0, 1000.0
"""A gradient flows where the first weights' is at most so many times smaller or greater. Where to
draw that line is a choice, so what a more lenient one would give is told."""


def _deepest(lab: Lab) -> dict[tuple[str, str], list[float]]:
    """The greatest depth up to which a network learns, a seed each; 0: not even two layers.

    Depth by depth; who has failed at all rates is not asked again. The last two kinds are told
    only and get one seed.
    """
    count = len(lab.seeds(3, 10))
    alive = [
        (kind, seed)
        for place, kind in enumerate(LEARNERS)
        for seed in range(count if place < 2 else 1)
    ]
    reached = dict.fromkeys(alive, 0.0)
    setting = {"steps": lab.pick(500, 2000), "every": 50, "error_target": 0.5}
    for depth in DEPTHS:
        learned: set[tuple[tuple[str, str], int]] = set()
        for rate in RATES:
            left = [each for each in alive if each not in learned]
            asked = [
                {
                    **setting,
                    "activation": kind[0],
                    "init": kind[1],
                    "rate": rate,
                    "seed": seed,
                    "sizes": {"hidden": [32] * depth},
                }
                for kind, seed in left
            ]
            runs = lab.map(train, asked)
            learned |= {e for e, run in zip(left, runs, strict=True) if run["reached"] is not None}
        alive = [each for each in alive if each in learned]
        reached |= dict.fromkeys(alive, float(depth))
    return {
        kind: [depth for (other, _), depth in reached.items() if other == kind] for kind in LEARNERS
    }


def _gradient_map(lab: Lab) -> dict[tuple[str, str, bool], list[list[float]]]:
    """Gradient of the first weights over that of the last: for each kind, by depth, by seed."""
    kinds = [
        (activation, init, normed)
        for activation in ("sigmoid", "tanh", "relu")
        for init in (XAVIER, "he_normal", "lsuv")
        for normed in (False, True)
    ]
    asked = [
        {
            "activation": activation,
            "init": init,
            "batch_norm": normed,
            "depth": depth,
            "width": 32,
            "seed": seed,
        }
        for activation, init, normed in kinds
        for depth in DEPTHS
        for seed in lab.seeds(3, 10)
    ]
    runs = iter(lab.map(gradients, asked))
    ratios = ((run["first"] / run["last"] if run["last"] else 0.0) for run in runs)
    count = len(lab.seeds(3, 10))
    return {kind: [[next(ratios) for _ in range(count)] for _ in DEPTHS] for kind in kinds}


def _flows(by_depth: list[list[float]], reach: float = REACH) -> list[float]:
    """The greatest depth up to which the gradient flows, a seed each; 0: not even two layers."""
    found = []
    for ratios in zip(*by_depth, strict=True):
        reached = 0.0
        for depth, ratio in zip(DEPTHS, ratios, strict=True):
            if not 1 / reach <= ratio <= reach:
                break
            reached = float(depth)
        found.append(reached)
    return found


def _flow(lab: Lab) -> Finding:
    ratios = _gradient_map(lab)
    learned = [statistics.spread(depths) for depths in _deepest(lab).values()]
    lines = []
    for (activation, init, normed), by_depth in ratios.items():
        y = [
            math.exp(sum(math.log(max(r, FAINTEST)) for r in some) / len(some)) for some in by_depth
        ]
        name = f"{activation} {'xavier' if init == XAVIER else init}{' BN' if normed else ''}"
        lines.append(Line(name, tuple(map(float, DEPTHS)), tuple(y)))
    return Finding(
        [
            learned[0],
            learned[1],
            statistics.spread(_flows(ratios["relu", "he_normal", False])),
            statistics.spread(_flows(ratios["sigmoid", XAVIER, False])),
            learned[2],
            learned[3],
            statistics.spread(_flows(ratios["sigmoid", XAVIER, False], FURTHER)),
        ],
        [
            Picture(
                "Gradient at the first weights over that at the last, fresh networks",
                "hidden layers",
                "ratio",
                tuple(lines),
                log=True,
            )
        ],
    )


_LEARN = "networks of that depth learn"
_FRESH = "gradients of fresh networks reach the first layer"


def _depth(name: str, stated: Range, reading: str) -> Quantity:
    return Quantity(name, stated, "layers", reading=reading, extremes=True)


C08 = Claim(
    "C08",
    "ReLU keeps gradients flowing through 50–100 and more layers; sigmoid fails after 5–10",
    "effective gradient flow through 50-100+ layers, whereas sigmoid-based networks typically fail",
    "4, 6",
    "experiment",
    "A web guide (IABAC, 2025); against it " + HE + ", section 2.2",
    "With Xavier's weights a plain 30-layer ReLU network does not learn, so the scale of the "
    "weights decides, not the activation alone.",
    "Plain perceptrons of width 32 on digits, depths 2, 5, 10, 20, 50, 100. A network learns if "
    "Adam at one of 0.01, 0.001 and 0.0001 gets half of the training data right within 500 steps "
    "(full: 2000); a gradient flows if that of the first weights of a fresh network is within a "
    "factor of 100 of that of the last (1000: told only). The greatest depth up to which it does, "
    "median, least and greatest over three seeds (full: ten; other networks that are told: one). "
    "The picture has three activations, three initialisations, with and without BN.",
    (
        _depth("deepest ReLU network that learns (He)", Range(low=50), _LEARN),
        _depth("deepest sigmoid network that learns (Xavier)", Range(5, 10), _LEARN),
        _depth("deepest with a gradient, ReLU (He)", Range(low=50), _FRESH),
        _depth("deepest with a gradient, sigmoid (Xavier)", Range(5, 10), _FRESH),
        Quantity("deepest ReLU network that learns (Xavier)", None, "layers"),
        Quantity("deepest tanh network that learns (Xavier)", None, "layers"),
        Quantity("a factor of 1000 allowed: with a gradient, sigmoid (Xavier)", None, "layers"),
    ),
    _flow,
    words="This method enables us to train extremely deep rectified models directly from scratch",
)


def signal(*, activation: str, init: str, depth: int, width: int, seed: int) -> dict[str, float]:
    """Mean and variance of units deep in a fresh perceptron fed with N(0, 1), without biases.

    Returns:
        ``growth``: mean square of the pre-activations of the last layer over the first;
        ``mean`` and ``variance`` of the last activations.
    """
    import torch

    import rectifier.torch as rt
    from rectifier.analysis import gain

    generator = torch.Generator().manual_seed(seed)
    scale = gain(activation) if init == "he" else 1.0
    function = rt.activation(activation)
    hidden = torch.randn(200, width, generator=generator, dtype=torch.float64)
    first = last = 1.0
    for layer in range(depth):
        weight = torch.randn(width, width, generator=generator, dtype=torch.float64)
        before = hidden @ weight * (scale / math.sqrt(width))
        last = float(before.square().mean())
        first = last if layer == 0 else first
        hidden = function(before)
    return {
        "growth": last / first,
        "mean": float(hidden.mean()),
        "variance": float(hidden.var()),
    }


def _he(lab: Lab) -> Finding:
    growth = {
        init: [
            math.log10(run["growth"])
            for run in lab.map(
                signal,
                [
                    {"activation": "relu", "init": init, "depth": 100, "width": 512, "seed": s}
                    for s in range(lab.pick(6, 30))
                ],
            )
        ]
        for init in ("he", "xavier")
    }
    seeds = lab.seeds(8, 30)
    learned = []
    lines = []
    for depth in (22, 30):
        for init, name in (("he_normal", "He"), (XAVIER, "Xavier")):
            # Xavier's are told only, and never stop early.
            own = seeds if init == "he_normal" else seeds[: lab.pick(2, 10)]
            runs = _published(lab, depth, init, own)
            learned.append(
                statistics.share(sum(run["reached"] is not None for run in runs), len(runs))
            )
            lines.append(curve(f"{depth} layers {name}", runs))
    return Finding(
        [statistics.mean(growth["he"]), statistics.mean(growth["xavier"]), *learned],
        [Picture("Training loss of plain networks on digits", "step", "loss", tuple(lines))],
    )


def _published(lab: Lab, depth: int, init: str, seeds: list[int]) -> list[Any]:
    """Trainings of one of the paper's two plain networks, narrow, on digits."""
    setting = {
        "model": f"plain{depth}",
        "sizes": {"width": lab.pick(NARROW, WIDER)[depth], "hidden": 64, "small": True},
        "pixels": 8,
        "init": init,
        "optimizer": "sgd",
        "rate": 0.01,
        "steps": lab.pick(800, 3000),
        "every": 25,
        "error_target": 0.5,
    }
    return lab.map(train, [{**setting, "seed": seed} for seed in seeds])


C09 = Claim(
    "C09",
    "He initialisation was made for ReLU and prevents explosion and vanishing",
    "specifically designed for ReLU networks and prevents activation explosion/vanishing",
    "11, 15, 18",
    "experiment",
    HE + ", sections 2.2 and figures 2, 3",
    "With 22 layers both initialisations converge, He's earlier; with 30 only He's does.",
    "Mean square of the signal after 100 layers of 512 ReLU units over that after the first, in "
    "powers of ten, 95 % by t; how many of eight (full: thirty) of the paper's plain convolutional "
    "networks of 22 and of 30 layers, cut to 16 and 32 filters (full: 32 and 64) in the last stage "
    "and 64 hidden units, get half of the digits right within 800 steps (full: 3000) of SGD at "
    "0.01 with momentum, as in the paper, Wilson's 95 %; of Xavier's, told only, two (full: "
    "ten). Stated: growth by less than a factor of ten, and most networks learn.",
    (
        Quantity("growth over 100 layers with He, powers of ten", Range(-1, 1)),
        Quantity("growth over 100 layers with Xavier, powers of ten", None),
        Quantity("22 layers, He: networks that learn", Range(low=0.5), "%"),
        Quantity("22 layers, Xavier: networks that learn", None, "%"),
        Quantity("30 layers, He: networks that learn", Range(low=0.5), "%"),
        Quantity("30 layers, Xavier: networks that learn", None, "%"),
    ),
    _he,
    words="we derive a robust initialization method that particularly considers the "
    "rectifier nonlinearities",
)


def _failures(lab: Lab) -> Finding:
    seeds = lab.seeds(12, 40)
    setting = {
        "sizes": {"hidden": [64] * 5},
        "optimizer": "sgd",
        "rate": 0.3,
        "steps": lab.pick(120, 1000),
    }
    told = []
    for change in (
        {},
        {"sizes": {"hidden": [64] * 5, "batch_norm": True}},
        {"clip": 1.0},
    ):
        runs = lab.map(train, [{**setting, **change, "seed": seed} for seed in seeds])
        failed = sum(run["failed"] or run["train"] < 0.5 for run in runs)
        told.append(statistics.share(failed, len(runs)))
    return Finding([told[1], told[2], told[0]])


C20 = Claim(
    "C20",
    "Batch normalisation and gradient clipping keep ReLU's unbounded output from ruining training",
    "typically prevent unbounded outputs from causing training failures",
    "7",
    "experiment",
    "A web guide (GeeksforGeeks, 2025) without a study",
    "Nothing that can be traced; normalisation: Ioffe and Szegedy (2015); clipping: Pascanu et al. "
    "(2013).",
    "Five hidden layers of 64 on digits, SGD with momentum at 0.3, a rate at which plain ReLU "
    "fails; as it is, with BN, with the gradient's norm clipped to 1. A run fails if its loss is "
    "not finite or it ends below half of the training data. Share of twelve seeds, Wilson's 95 %. "
    "Typically: fewer than half fail.",
    (
        Quantity("runs that fail with BN", Range(high=0.5), "%"),
        Quantity("runs that fail with clipping", Range(high=0.5), "%"),
        Quantity("runs that fail with neither", None, "%"),
    ),
    _failures,
)


def _self_normal(lab: Lab) -> Finding:
    settings = [
        {"activation": name, "init": "lecun", "depth": 50, "width": 512, "seed": seed}
        for name in ("selu", "relu")
        for seed in range(lab.pick(6, 30))
    ]
    runs = lab.map(signal, settings)
    half = len(runs) // 2
    seeds = lab.seeds(3, 10)
    deep = lab.map(
        train,
        [
            {
                "activation": "selu",
                "init": "lecun_normal",
                "sizes": {"hidden": [64] * 16},
                "steps": lab.pick(150, 1000),
                "seed": seed,
            }
            for seed in seeds
        ],
    )
    return Finding(
        [
            statistics.mean([run["mean"] for run in runs[:half]]),
            statistics.mean([run["variance"] for run in runs[:half]]),
            statistics.mean(values(deep, "test")),
            statistics.mean([math.log10(run["variance"]) for run in runs[half:]]),
        ]
    )


C30 = Claim(
    "C30",
    "SELU keeps mean and variance through layers without batch normalisation",
    "maintaining mean and variance through layers without explicit batch normalization",
    "13",
    "experiment",
    "Klambauer et al. (2017), Self-Normalizing Neural Networks, theorem 1",
    "Mean 0 and variance 1 are an attracting fixed point for weights of sum 0 and square sum 1; "
    "the article says that SELU attempts it.",
    "Mean and variance of the units after 50 layers of 512 with LeCun's weights, fed with N(0, 1), "
    "over six networks, 95 % by t; and a plain digits network of 16 layers. Stated: mean within "
    "0.1 of 0, variance within 0.2 of 1, and 80 % test accuracy without BN.",
    (
        Quantity("mean after 50 layers", Range(-0.1, 0.1)),
        Quantity("variance after 50 layers", Range(0.8, 1.2)),
        Quantity("test accuracy of 16 layers without BN", Range(low=0.8), "%"),
        Quantity("variance with ReLU in its place, powers of ten", None),
    ),
    _self_normal,
    words="activations close to zero mean and unit variance that are propagated through "
    "many network layers will converge towards zero mean and unit variance",
)

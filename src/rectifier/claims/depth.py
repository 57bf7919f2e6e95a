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


def _deepest(lab: Lab, activation: str, init: str, seeds: list[int]) -> list[float]:
    """The greatest depth up to which every network learns, a seed each; 0: not even two layers."""
    asked = [
        {
            "activation": activation,
            "init": init,
            "seed": seed,
            "sizes": {"hidden": [32] * depth},
            "steps": lab.pick(100, 1000),
        }
        for seed in seeds
        for depth in DEPTHS
    ]
    runs = iter(lab.map(train, asked))
    found = []
    for _ in seeds:
        learns = [next(runs)["train"] > 0.5 for _ in DEPTHS]
        reached = DEPTHS[: learns.index(False)] if False in learns else DEPTHS
        found.append(float(reached[-1]) if reached else 0.0)
    return found


def _gradient_map(lab: Lab) -> tuple[list[Line], dict[tuple[str, str, bool], list[float]]]:
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
        for seed in range(lab.pick(1, 5))
    ]
    runs = lab.map(gradients, asked)
    told: dict[tuple[str, str, bool], list[float]] = {}
    for setting, run in zip(asked, runs, strict=True):
        key = (setting["activation"], setting["init"], setting["batch_norm"])
        ratio = run["first"] / run["last"] if run["last"] else 0.0
        told.setdefault(key, []).append(ratio)  # type: ignore[arg-type]
    each = lab.pick(1, 5)
    lines = []
    for (activation, init, normed), ratios in told.items():
        y = []
        for place in range(len(DEPTHS)):
            some = ratios[place * each : (place + 1) * each]
            y.append(math.exp(sum(math.log(max(r, 1e-300)) for r in some) / each))
        name = f"{activation} {'xavier' if init == XAVIER else init}{' BN' if normed else ''}"
        lines.append(Line(name, tuple(map(float, DEPTHS)), tuple(y)))
    return lines, told


def _flow(lab: Lab) -> Finding:
    seeds = lab.seeds(2, 10)
    lines, _ = _gradient_map(lab)
    return Finding(
        [
            statistics.spread(_deepest(lab, "relu", "he_normal", seeds)),
            statistics.spread(_deepest(lab, "sigmoid", XAVIER, seeds)),
            statistics.spread(_deepest(lab, "relu", XAVIER, seeds)),
            statistics.spread(_deepest(lab, "tanh", XAVIER, seeds)),
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


C08 = Claim(
    "C08",
    "ReLU keeps gradients flowing through 50–100 and more layers; sigmoid fails after 5–10",
    "effective gradient flow through 50-100+ layers, whereas sigmoid-based networks typically fail",
    "4, 6",
    "experiment",
    "A web guide (IABAC, 2025); against it " + HE + ", section 2.2",
    "With Xavier's weights a plain 30-layer ReLU network does not learn, so the scale of the "
    "weights decides, not the activation alone.",
    "Plain perceptrons of width 32 on digits, depths 2, 5, 10, 20, 50, 100, Adam at 0.001, 100 "
    "steps (full: 1000); a network learns if it gets half of the training data right; the "
    "greatest depth up to which all learn, median, least and greatest over seeds. The picture has "
    "fresh gradients for three activations, three initialisations, with and without BN.",
    (
        Quantity("deepest ReLU network that learns (He)", Range(low=50), "layers"),
        Quantity("deepest sigmoid network that learns (Xavier)", Range(5, 10), "layers"),
        Quantity("deepest ReLU network that learns (Xavier)", None, "layers"),
        Quantity("deepest tanh network that learns (Xavier)", None, "layers"),
    ),
    _flow,
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
    seeds = lab.seeds(3, 10)
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
    found: dict[tuple[int, str], list[Any]] = {}
    for depth in (22, 30):
        for init in ("he_normal", XAVIER):
            setting = {
                "sizes": {"hidden": [64] * (depth - 1)},
                "init": init,
                "optimizer": "sgd",
                "rate": 0.01,
                "steps": lab.pick(450, 3000),
            }
            found[depth, init] = lab.map(train, [{**setting, "seed": seed} for seed in seeds])
    below = {}
    for init in ("he_normal", XAVIER):
        # The paper's own networks take an hour: not in minutes.
        runs = _published(lab, init, seeds) if lab.full else []
        best = [math.log(10) - min(v for v in run["losses"] if v is not None) for run in runs]
        below[init] = statistics.mean(best) if best else None
    lines = tuple(
        curve(f"{depth} layers {'He' if init == 'he_normal' else 'Xavier'}", runs)
        for (depth, init), runs in found.items()
    )
    return Finding(
        [
            statistics.mean(growth["he"]),
            statistics.mean(growth["xavier"]),
            *(statistics.mean(values(runs, "train")) for runs in found.values()),
            below["he_normal"],
            below[XAVIER],
        ],
        [Picture("Training loss of plain networks on digits", "step", "loss", lines)],
    )


def _published(lab: Lab, init: str, seeds: list[int]) -> list[Any]:
    """Trainings of the paper's 30-layer network, narrow, on digits."""
    setting = {
        "model": "plain30",
        "sizes": {"width": 8, "hidden": 64, "small": True},
        "pixels": 8,
        "init": init,
        "steps": 2000,
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
    "powers of ten; training accuracy of plain perceptrons of 22 and 30 layers of 64 on digits "
    "after 450 steps (full: 3000) of SGD at 0.01 with momentum; with --all also the paper's plain "
    "30-layer network, width 8: how far its best loss came below chance, ln 10. 95 % by t. Stated: "
    "growth by less than a factor of ten, and half of the training data right.",
    (
        Quantity("growth over 100 layers with He, powers of ten", Range(-1, 1)),
        Quantity("growth over 100 layers with Xavier, powers of ten", None),
        Quantity("22 layers, He: training accuracy", Range(low=0.5), "%"),
        Quantity("22 layers, Xavier: training accuracy", None, "%"),
        Quantity("30 layers, He: training accuracy", Range(low=0.5), "%"),
        Quantity("30 layers, Xavier: training accuracy", None, "%"),
        Quantity("the paper's 30 layers, He: loss below chance", None),
        Quantity("the paper's 30 layers, Xavier: loss below chance", None),
    ),
    _he,
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
)

"""Claims about AlexNet: error, size, biases, pooling, training. Layer: claims."""

from __future__ import annotations

from typing import Any

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.comparing import curve, values
from rectifier.claims.lab import Lab
from rectifier.claims.record import Picture, Quantity, Range, exactly
from rectifier.claims.speed import KRIZHEVSKY
from rectifier.claims.trials import train

SMALL: dict[str, Any] = {
    "model": "alexnet",
    "pixels": 24,
    "sizes": {"channels": [8, 16, 16, 16, 16], "hidden": 64, "stem": [5, 1]},
    "optimizer": "sgd",
    "rate": 0.01,
    "batch": 32,
}
"""AlexNet with few channels and a stem for small images, on digits enlarged to 24×24."""

C02 = Claim(
    "C02",
    "AlexNet cut the top-5 error from 26.2 to 15.3 %, 10.9 points or 41.6 % relative",
    "Improvement: 10.9 percentage points (41.6% relative reduction)",
    "TL;DR, 3, 5",
    "record",
    f"{KRIZHEVSKY}, table 2",
    "15.3 % on the test set is the average of seven CNNs, two of them pre-trained on more data; "
    "one CNN had 18.2 % and five together 16.4 % (validation and test). The arithmetic is right.",
    "Needs ImageNet and weeks; nothing is measured here.",
    (Quantity("top-5 error of the winning entry", exactly(0.153), "%", source=exactly(0.153)),),
    words="achieved a winning top-5 test error rate of 15.3%, compared to 26.2% achieved "
    "by the second-best entry",
)


def _sizes(lab: Lab) -> Finding:
    del lab
    import torch

    from rectifier import models

    build = models.get("alexnet")
    with torch.device("meta"):
        sizes = [
            sum(p.numel() for p in build(grouped=grouped).parameters()) for grouped in (True, False)
        ]
    return Finding(
        [statistics.exact(size / 1e6) for size in sizes],
        notes=[f"as published, in two groups: {sizes[0]:,} parameters; in one group: {sizes[1]:,}"],
    )


C03 = Claim(
    "C03",
    "AlexNet has about 62.3 million parameters",
    "Total parameters: approximately 62.3 million",
    "5",
    "exact",
    f"{KRIZHEVSKY}, abstract",
    "60 million parameters. The larger figure is that of a later version without the two groups.",
    "Built in code, grouped as published and ungrouped, and counted. The stated range is what "
    "rounds to 62.3 million.",
    (
        Quantity(
            "parameters of the published network",
            Range(62.25, 62.35),
            "million",
            source=Range(59.5, 61.0),
        ),
        Quantity("parameters without the two groups", None, "million"),
    ),
    _sizes,
    words="The neural network, which has 60 million parameters and 650,000 neurons",
)


def _biases(lab: Lab) -> Finding:
    seeds = lab.seeds(4, 10)
    runs = {}
    for ones in (True, False):
        setting = {**SMALL, "steps": lab.pick(60, 600), "census": True}
        setting["sizes"] = {**SMALL["sizes"], "unit_bias": ones}
        runs[ones] = lab.map(train, [{**setting, "seed": seed} for seed in seeds])
    early = {
        ones: [sum(run["losses"][:40]) / len(run["losses"][:40]) for run in found]
        for ones, found in runs.items()
    }
    return Finding(
        [
            None,
            statistics.difference(values(runs[True], "dead"), values(runs[False], "dead")),
            statistics.difference(early[True], early[False]),
        ],
        [
            Picture(
                "Training loss, biases of 1 and of 0",
                "step",
                "loss",
                (curve("biases of 1", runs[True]), curve("biases of 0", runs[False])),
            )
        ],
    )


C04 = Claim(
    "C04",
    "AlexNet's biases in convolutions 2, 4, 5 and all fully connected layers were 1, against dying",
    "to constant 1.0 specifically to avoid the dying ReLU problem",
    "7",
    "experiment",
    f"{KRIZHEVSKY}, section 5",
    "Biases of 1 in convolutions 2, 4, 5 and the fully connected *hidden* layers; the reason given "
    "is that positive inputs speed up the early stages of learning.",
    "AlexNet with 8–16 channels on digits of 24×24, published recipe but for its length, with "
    "biases of 1 and of 0, same seeds; dead units at the end and mean loss of the first 40 steps, "
    "paired differences, 95 % by t.",
    (
        Quantity(
            "fully connected layers with biases of 1, of three",
            exactly(3),
            source=exactly(2),
        ),
        Quantity("dead units, biases of 1 less biases of 0", Range(high=0.0), "%"),
        Quantity("mean loss of the first 40 steps, 1 less 0", None),
    ),
    _biases,
    words="We initialized the neuron biases in the second, fourth, and fifth convolutional "
    "layers, as well as in the fully-connected hidden layers, with the constant 1.",
)


def _pooling(lab: Lab) -> Finding:
    seeds = lab.seeds(4, 20)
    runs = {}
    for pool in ([3, 2], [2, 2]):
        setting = {**SMALL, "steps": lab.pick(150, 1500), "init": "he_normal"}
        setting["sizes"] = {**SMALL["sizes"], "pool": pool}
        runs[pool[0]] = lab.map(train, [{**setting, "seed": seed} for seed in seeds])
    errors = {size: [1 - run["test"] for run in found] for size, found in runs.items()}
    return Finding([statistics.difference(errors[2], errors[3])])


C05 = Claim(
    "C05",
    "Overlapping pooling cut AlexNet's top-5 error by 0.3 %",
    "This reduced top-5 error by 0.3%",
    "5",
    "proxy",
    f"{KRIZHEVSKY}, section 3.4",
    "Windows of 3 at stride 2 instead of 2 at stride 2 cut top-1 and top-5 error by 0.4 and 0.3 "
    "points.",
    "In its place: AlexNet with 8–16 channels on digits of 24×24 for 150 steps (full: 1500), so at "
    "the very beginning; test error with windows of 2 less that with windows of 3 at stride 2, "
    "paired over seeds, 95 % by t.",
    (
        Quantity(
            "top-5 error saved (here: test error on digits)",
            Range(0.0025, 0.0035),
            "%",
            source=Range(0.0025, 0.0035),
            proxy=True,
        ),
    ),
    _pooling,
    words="This scheme reduces the top-1 and top-5 error rates by 0.4% and 0.3%, respectively",
)


def _recipe(lab: Lab) -> Finding:
    del lab
    import torch
    from torch import nn

    from rectifier import models
    from rectifier.training.recipes import ALEXNET

    with torch.device("meta"):
        net = models.get("alexnet")()
    weighted = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    dropped = [m.p for m in net.modules() if isinstance(m, nn.Dropout)]
    return Finding(
        [
            statistics.exact(len(weighted)),
            statistics.exact(sum(dropped) / len(dropped)),
            statistics.exact(ALEXNET.epochs),
            statistics.exact(ALEXNET.momentum),
        ],
        notes=[f"fully connected layers with dropout: {len(dropped)} of 3"],
    )


C06 = Claim(
    "C06",
    "AlexNet: 8 layers, 50 % dropout, 90 epochs, SGD with momentum",
    "Stochastic gradient descent with momentum",
    "5",
    "exact",
    f"{KRIZHEVSKY}, sections 3.5, 4.2 and 5",
    "Five convolutional and three fully connected layers; dropout in the first two of the latter; "
    "roughly 90 cycles; batch 128, momentum 0.9, weight decay 0.0005, rate 0.01 divided by ten "
    "three times.",
    "Read off the network and the recipe in code, which follow the paper.",
    (
        Quantity("weight layers", exactly(8), source=exactly(8)),
        Quantity("dropout", exactly(0.5), "%", source=exactly(0.5)),
        Quantity("epochs", exactly(90), source=Range(85, 95)),
        Quantity("momentum", Range(0.01, 0.999), source=exactly(0.9)),
    ),
    _recipe,
    words="We trained the network for roughly 90 cycles through the training set",
)

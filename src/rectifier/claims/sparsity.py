"""Claims about zeros: how many, what for, how exact. Layer: claims."""

from __future__ import annotations

from typing import Any

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.comparing import MARGIN, TUNING, values
from rectifier.claims.lab import Lab
from rectifier.claims.record import Estimate, Line, Picture, Quantity, Range, about
from rectifier.claims.trials import train

GLOROT = "Glorot, Bordes and Bengio (2011), Deep Sparse Rectifier Neural Networks"


_FRESH = "a network with random weights (section 4)"
_TYPICAL = "a typical, so a trained network (sections 6 and 16)"


def _half(lab: Lab) -> Finding:
    seeds = lab.seeds(5, 20)
    networks: dict[str, dict[str, Any]] = {
        "perceptron": {"rate": 3e-3},
        "cnn4": {"model": "cnn4", "pixels": 8, "sizes": {"width": 8}, "init": "he_normal",
                 "rate": 3e-3},
    }  # fmt: skip
    before: dict[str, list[float]] = {}
    after: dict[str, list[float]] = {}
    for name, setting in networks.items():
        steps = lab.pick({"perceptron": 400, "cnn4": 150}[name], 3000)
        runs = lab.map(
            train, [{**setting, "steps": steps, "census": True, "seed": seed} for seed in seeds]
        )
        before[name] = values(runs, "zeros_before")
        after[name] = values(runs, "zeros")
    return Finding(
        [
            statistics.mean(before["perceptron"]),
            statistics.mean(before["cnn4"]),
            statistics.mean(after["perceptron"]),
            statistics.mean(after["cnn4"]),
        ]
    )


C10 = Claim(
    "C10",
    "About 50 % of ReLU outputs are zero, at initialisation and in typical networks",
    "Approximately 50% of ReLU activations are zero in typical networks",
    "4, 6, 16",
    "experiment",
    f"{GLOROT}, sections 3.1 and 4",
    "Half at a uniform initialisation, by symmetry; trained networks of the paper have 68–83 % "
    "exact zeros.",
    "Share of exact zeros over all units of a perceptron of 64-64 and of the four-layer CNN on "
    "digits, fresh and trained, mean over seeds, 95 % by t; the CNN pools before its first "
    "activation, and a maximum is seldom negative, so it is told only. Stated: a tenth around one "
    "half. Section 4 of the article says it of a network with random weights, sections 6 and 16 of "
    "typical networks.",
    (
        Quantity("zeros in a fresh perceptron", about(0.5), "%", reading=_FRESH),
        Quantity("zeros in a fresh CNN, pooled before", None, "%"),
        Quantity("zeros in a trained perceptron", about(0.5), "%", reading=_TYPICAL),
        Quantity("zeros in a trained CNN, pooled before", None, "%"),
    ),
    _half,
    words="after uniform initialization of the weights, around 50% of hidden units "
    "continuous output values are real zeros",
)


def _regularises(lab: Lab) -> Finding:
    penalties, shares = (0.003, 0.01, 0.03, 0.1), (0.1, 0.2, 0.3, 0.5)
    seeds = lab.seeds(40, 80)
    width, depth = lab.pick(128, 1000), lab.pick(2, 3)
    setting = {"init": "he_normal", "samples": 200, "steps": lab.pick(600, 1500), "census": True}
    sparse = [
        {**setting, "model": "glorot_mlp", "sizes": {"width": width, "depth": depth}, "l1": penalty}
        for penalty in (0.0, *penalties)
    ]
    dropped = [
        {**setting, "sizes": {"hidden": [width] * depth, "dropout": share}} for share in shares
    ]
    tuning = [TUNING + k for k in range(lab.pick(5, 10))]
    asked = [{**each, "seed": seed} for each in (*sparse, *dropped) for seed in tuning]
    looked = iter(lab.map(train, asked))
    seen = [[next(looked) for _ in tuning] for _ in (*sparse, *dropped)]
    known = [sum(values(runs, "validation")) / len(tuning) for runs in seen]
    penalty = max(range(len(penalties)), key=known[1:5].__getitem__)
    share = max(range(len(shares)), key=known[5:].__getitem__)
    plain, thin, lossy = (
        lab.map(train, [{**each, "seed": seed} for seed in seeds])
        for each in (sparse[0], sparse[1 + penalty], dropped[share])
    )
    base = values(plain, "test")
    won, by_dropout = (
        [score - own for score, own in zip(values(runs, "test"), base, strict=True)]
        for runs in (thin, lossy)
    )
    zeros = [sum(values(runs, "zeros")) / len(tuning) for runs in seen[:5]]
    rows = sorted(zip(zeros, known[:5], strict=True))
    line = Line("", tuple(z for z, _ in rows), tuple(s for _, s in rows))
    return Finding(
        [
            statistics.mean(won),
            statistics.difference(won, [gain / 2 for gain in by_dropout]),
            statistics.mean(by_dropout),
            statistics.mean(values(thin, "zeros")),
        ],
        [Picture("Accuracy by sparsity", "share of zeros", "validation accuracy", (line,))],
        [
            f"chosen on validation data: penalty {penalties[penalty]:g}, dropout of "
            f"{shares[share]:.0%}"
        ],
    )


C11 = Claim(
    "C11",
    "Sparsity regularises, much as dropout does",
    "provide natural regularization similar to dropout",
    "4, 15",
    "experiment",
    f"{GLOROT}, section 4.1 and figure 3",
    "Up to about 85 % zeros accuracy was not harmed; it was not improved either.",
    "The rectifier network of 2011 (width 128, 2 layers; full: 1000, 3) on 200 digits, 600 steps "
    "(full: 1500): L1 on the outputs in four strengths, dropout in four shares, the best of each "
    "on the validation data of five other seeds (full: ten) against neither; test accuracy, paired "
    "over forty seeds (full: eighty), 95 % by t. Regularises: wins something, and half a point to "
    "matter, as in rectifier compare. Much as dropout: at least half of what that wins here.",
    (
        Quantity("test accuracy won by the best L1 sparsity", Range(low=0.0), "%", matters=MARGIN),
        Quantity("the same less half of what dropout wins", Range(low=0.0), "%"),
        Quantity("test accuracy won by the best dropout", None, "%"),
        Quantity("zeros at that sparsity", None, "%"),
    ),
    _regularises,
    words="creating sparse representations with true zeros, which seem remarkably suitable "
    "for naturally sparse data",
)


def exact_zeros(*, kind: str, seed: int) -> dict[str, float]:
    """Share of pre-activations that are exactly zero.

    Args:
        kind: Element type of a dense layer fed with N(0, 1), ``int8``, or ``padding``: a
            convolution without biases over digits, whose margins are empty.
        seed: Of inputs and weights.
    """
    import torch
    from torch import nn

    from rectifier import data

    generator = torch.Generator().manual_seed(seed)
    if kind == "padding":
        found = data.get("digits").load(seed)
        x = torch.from_numpy(found.train_x - found.train_x.min()).reshape(-1, 1, 8, 8)
        layer = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        nn.init.normal_(layer.weight, generator=generator)
        with torch.no_grad():
            out = layer(x)
    else:
        x = torch.randn(2048, 256, generator=generator)
        w = torch.randn(256, 256, generator=generator) / 16
        if kind == "int8":
            # Scaled as usual: the largest value takes the largest integer.
            x, w = ((t / t.abs().max() * 127).round().to(torch.int32) for t in (x, w))
            sums = x.numpy() @ w.numpy()
            scaled = torch.from_numpy(sums).to(torch.float32)
            out = (scaled / scaled.abs().max() * 127).round()
        else:
            dtype = getattr(torch, kind)
            out = x.to(dtype) @ w.to(dtype)
    return {"share": float((out == 0).float().mean())}


_ANY = "any layer of any network, as it is worded"
_DENSE = "a dense layer of floating-point numbers, as it is argued"


def _negligible(lab: Lab) -> Finding:
    kinds = ("float32", "bfloat16", "float16", "int8", "padding")
    seeds = lab.seeds(3, 10)
    told = []
    for kind in kinds:
        runs = lab.map(exact_zeros, [{"kind": kind, "seed": seed} for seed in seeds])
        told.append(statistics.spread([run["share"] for run in runs]))
    floats = told[:3]
    together = Estimate(
        sum(e.value for e in floats) / 3, min(e.low for e in floats), max(e.high for e in floats)
    )
    return Finding([*told, together])


def _share(name: str, reading: str = "") -> Quantity:
    return Quantity(name, Range(0, 1e-6), "%", reading=reading, extremes=True)


C21 = Claim(
    "C21",
    "A pre-activation that is exactly zero has negligible probability",
    "the probability of an activation being exactly zero is negligible",
    "7, 15",
    "experiment",
    "Bertoin et al. (2021), Numerical influence of ReLU'(0) on backpropagation, arXiv 2106.12915",
    "The value of ReLU'(0) changed what backpropagation gave about half of the time at 32 bits and "
    "always at 16; at 64 bits it did not.",
    "Share of exact zeros: a dense layer of 256 on N(0, 1) in three float types and in int8 scaled "
    "to its largest value; a 3×3 convolution without biases on digits. Median, least and greatest "
    "over seeds. Negligible: at most one in a million, of which a layer of a thousand units would "
    "see one in a thousand samples. The article says it of the slope at zero and of no special "
    "network; its words cover integers and empty margins, its argument only continuous inputs.",
    (
        _share("float32"),
        _share("bfloat16"),
        _share("float16"),
        _share("int8", _ANY),
        _share("a convolution over empty margins", _ANY),
        _share("the three float types together", _DENSE),
    ),
    _negligible,
    words="We observe considerable variations of backpropagation outputs which occur around "
    "half of the time in 32 bits precision",
)

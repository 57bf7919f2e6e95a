"""Claims about how to train: learning rates, activations that differ by layer. Layer: claims."""

from __future__ import annotations

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.comparing import MARGIN, TUNING, values
from rectifier.claims.lab import Lab
from rectifier.claims.record import Line, Picture, Quantity, Range
from rectifier.claims.trials import mixed, train

ADAM_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
SGD_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)


_SOME = "the best rate is among them"
_EVERY = "each of them is good"


def _basins(lab: Lab) -> Finding:
    seeds = lab.seeds(10, 30)
    lost = []
    lines = []
    for name, rates, good in (
        ("adam", ADAM_RATES, (1e-3, 1e-2)),
        ("sgd", SGD_RATES, (1e-2, 1e-1)),
    ):
        asked = [
            {"optimizer": name, "rate": rate, "steps": lab.pick(250, 2000), "seed": seed}
            for rate in rates
            for seed in seeds
        ]
        runs = lab.map(train, asked)
        by = {rate: runs[k * len(seeds) : (k + 1) * len(seeds)] for k, rate in enumerate(rates)}
        # Ranked on validation data: a best and a worst chosen by the test would differ by luck.
        known = {rate: sum(values(found, "validation")) for rate, found in by.items()}
        inside = [rate for rate in rates if good[0] <= rate <= good[1]]
        score = {rate: values(found, "test") for rate, found in by.items()}
        best = score[max(rates, key=known.__getitem__)]
        lost += [
            statistics.difference(best, score[max(inside, key=known.__getitem__)]),
            statistics.difference(best, score[min(inside, key=known.__getitem__)]),
        ]
        lines.append(Line(name, rates, tuple(sum(score[r]) / len(seeds) for r in rates)))
    return Finding(
        lost,
        [Picture("Test accuracy by learning rate", "learning rate", "accuracy", tuple(lines))],
    )


C34 = Claim(
    "C34",
    "Start with learning rates of 0.001–0.01 for Adam and 0.01–0.1 for SGD",
    "Start with moderate learning rates (0.001-0.01 for Adam, 0.01-0.1 for SGD)",
    "11, 15",
    "experiment",
    "None is named; for comparison Hendrycks and Gimpel's code for GELU sweeps 1e-3 to 1e-5 (Adam)",
    "Rates of published sweeps are as low as 1e-5.",
    "ReLU perceptron of 64-64 on digits, 250 steps (full: 2000), seven rates each for Adam and SGD "
    "with momentum 0.9, ranked on validation data; test accuracy lost by the best and by the worst "
    "rate in the range against the best of all seven, paired over ten seeds, 95 % by t. Read as "
    "where to look: at most half a point lost by the best of the range. Read as where to be: at "
    "most two points by the worst.",
    (
        Quantity("lost by the best of the range, Adam", Range(high=0.005), "%", reading=_SOME),
        Quantity("lost by the worst of the range, Adam", Range(high=0.02), "%", reading=_EVERY),
        Quantity("lost by the best of the range, SGD", Range(high=0.005), "%", reading=_SOME),
        Quantity("lost by the worst of the range, SGD", Range(high=0.02), "%", reading=_EVERY),
    ),
    _basins,
)


def _mixes(lab: Lab) -> Finding:
    names = ("relu", "gelu", "tanh")
    mixes = [[a, b] for a in names for b in names]
    search = [TUNING + k for k in range(lab.pick(4, 10))]
    base = {"rate": 1e-2, "steps": lab.pick(300, 3000)}
    runs = lab.map(mixed, [{**base, "activations": m, "seed": s} for m in mixes for s in search])
    total = {
        tuple(m): sum(run["validation"] for run in runs[k * len(search) : (k + 1) * len(search)])
        for k, m in enumerate(mixes)
    }
    uniform = max((m for m in total if len(set(m)) == 1), key=total.__getitem__)
    mixed_one = max((m for m in total if len(set(m)) > 1), key=total.__getitem__)
    seeds = lab.seeds(12, 30)
    scores = {
        m: values(
            lab.map(mixed, [{**base, "activations": list(m), "seed": s} for s in seeds]), "test"
        )
        for m in (mixed_one, uniform)
    }
    return Finding(
        [statistics.difference(scores[mixed_one], scores[uniform])],
        notes=[f"best mix: {' then '.join(mixed_one)}; best alone: {uniform[0]}"],
    )


C39 = Claim(
    "C39",
    "Mixing activations in one network can be better than one for all layers",
    "Mixing activations can be beneficial.",
    "14, 15",
    "experiment",
    "None is named; Zoph and Le-style searches over layers: e.g. Manessi and Rozza (2018)",
    "Learned combinations of activations gave small gains.",
    "All nine pairs of ReLU, GELU and tanh for two layers of 48 on mnist1d, searched on tuning "
    "seeds and validation data; best mix less best single, test accuracy on fresh seeds, paired, "
    "95 % by t. To matter it must be half a point, as in rectifier compare.",
    (Quantity("test accuracy, best mix less best single", Range(low=0.0), "%", matters=MARGIN),),
    _mixes,
    words="showing substantial improvements in the overall performance, such as an "
    "increase in the top-1 accuracy for AlexNet on ILSVRC-2012 of 3.01 percentage points",
)

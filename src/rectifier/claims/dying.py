"""Claims about dying units, their cures and their counting. Layer: claims."""

from __future__ import annotations

import itertools
import math
from typing import Any

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.comparing import raced, values
from rectifier.claims.lab import Lab
from rectifier.claims.rates import told as rates_told
from rectifier.claims.record import Line, Picture, Quantity, Range, exactly
from rectifier.claims.trials import train

LU = "Lu, Shin, Su and Karniadakis (2020), Dying ReLU and Initialization, arXiv 1903.06733"
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
GOOD, BAD = 0.03, 0.5
RATES_OF_ADAM = (1e-3, 3e-3, 1e-2)
"""To begin with; who is fastest at an end gets another beyond it."""


def born_dead(*, width: int, depth: int, networks: int, seed: int) -> dict[str, float]:
    """Share of fresh ReLU networks that give the same output for every input, by sampling.

    Zero biases, one input and one output, as in the paper. Also its bound for the same sizes.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    x = torch.linspace(-2.0, 2.0, 64, dtype=torch.float64).reshape(1, -1, 1)
    hidden = x.expand(networks, -1, -1)
    for layer in range(depth):
        into = 1 if layer == 0 else width
        weight = torch.randn(networks, into, width, generator=generator, dtype=torch.float64)
        hidden = torch.relu(hidden @ weight * math.sqrt(2 / into))
    silent = (hidden == 0).all(dim=2).all(dim=1)
    bound = 1 - (1 - 2.0**-width) ** (depth - 1)
    return {"share": float(silent.double().mean()), "bound": bound}


def _dead_map(lab: Lab) -> Finding:
    seeds = lab.seeds(3, 10)
    cells = [
        (rate, scale, depth)
        for rate in RATES
        for scale in (1.0, 4.0)
        for depth in lab.pick((2, 5), (2, 5, 10))
    ]
    asked = [
        {
            "optimizer": "sgd",
            "rate": rate,
            "weight_scale": scale,
            "sizes": {"hidden": [64] * depth},
            "steps": lab.pick(120, 1000),
            "census": True,
            "seed": seed,
        }
        for rate, scale, depth in cells
        for seed in seeds
    ]
    runs = lab.map(train, asked)
    dead = {
        cell: values(runs[k * len(seeds) : (k + 1) * len(seeds)], "dead")
        for k, cell in enumerate(cells)
    }
    good = [v for (r, s, _), seen in dead.items() if r <= 0.03 and s == 1.0 for v in seen]
    bad = [v for (r, s, _), seen in dead.items() if r >= 0.3 or s > 1.0 for v in seen]
    # Where the loss was not finite the weights are no numbers; whether a unit of it is dead is no
    # question, so those are counted apart.
    finite = [v for v in bad if math.isfinite(v)]
    told = sum(0.3 <= v <= 0.6 for v in finite)
    lines = [
        Line(
            f"{depth} layers, He × {scale:g}",
            RATES,
            tuple(_mean_of_finite(dead[rate, scale, depth]) for rate in RATES),
        )
        for scale in (1.0, 4.0)
        for depth in sorted({cell[2] for cell in cells})
    ]
    (born,) = lab.map(born_dead, [{"width": 3, "depth": 10, "networks": 4000, "seed": 0}])
    return Finding(
        [
            statistics.share(told, len(finite)),
            statistics.mean(good),
            statistics.mean(finite),
            statistics.share(round(born["share"] * 4000), 4000),
            statistics.exact(born["bound"]),
        ],
        [Picture("Dead units after training", "learning rate", "share dead", tuple(lines))],
        [
            "bad: learning rate of 0.3 or more, or weights four times too large; of these "
            f"{len(bad)} networks {len(bad) - len(finite)} diverged and are left out, the others "
            f"reach from {min(finite):.0%} to {max(finite):.0%} dead units"
        ],
    )


def _mean_of_finite(shares: list[float]) -> float:
    """The mean of what is known; infinite, so not drawn, where every network diverged."""
    known = [share for share in shares if math.isfinite(share)]
    return sum(known) / len(known) if known else math.inf


C17 = Claim(
    "C17",
    "30–60 % of units are dead in badly set networks, fewer than 5–10 % in sound ones",
    "fewer than 5-10% of neurons die",
    "7, 15",
    "experiment",
    LU + "; the percentages are a web guide's (IABAC, 2025)",
    "The probability of being born dead tends to 1 with depth; it is at most 1 − Π(1 − 2^−N) over "
    "layers of width N. No typical percentages are given.",
    "Perceptrons of width 64 on digits, SGD with momentum, five rates × two scales of the weights "
    "× two depths (full: three): share of units with no output and no slope for any of 500 "
    "training images. Of badly set networks that did not diverge: how many have 30 to 60 % dead, "
    "Wilson's 95 %; stated: most of them. Of sound ones: mean, 95 % by t. Born dead: 4,000 "
    "networks of ten layers of 3, beside the paper's bound.",
    (
        Quantity("badly set networks with 30 to 60 % dead units", Range(low=0.5), "%"),
        Quantity("dead units in sound networks", Range(high=0.1), "%"),
        Quantity("dead units in badly set networks, mean", None, "%"),
        Quantity("networks born dead, width 3, 10 layers", None, "%"),
        Quantity("the bound for that", None, "%"),
    ),
    _dead_map,
    words="a deep ReLU network will eventually die in probability as the depth goes to infinite",
)


NAMES = ("He's weights", "the lower rate", "batch normalisation", "leaky ReLU")
"""The four cures, in the order of the factors."""


def _cures(lab: Lab) -> Finding:
    seeds = lab.seeds(8, 20)
    cells = list(itertools.product((False, True), repeat=4))

    def setting(he: bool, low: bool, norm: bool, leaky: bool) -> dict[str, Any]:
        return {
            "weight_scale": 1.0 if he else 4.0,
            "optimizer": "sgd",
            "rate": GOOD if low else BAD,
            "sizes": {"hidden": [64] * 3, "batch_norm": norm},
            "activation": "leaky_relu" if leaky else "relu",
            "steps": lab.pick(120, 1000),
            "census": True,
        }

    asked = [{**setting(*cell), "seed": seed} for cell in cells for seed in seeds]
    runs = lab.map(train, asked)
    found = {cell: runs[k * len(seeds) : (k + 1) * len(seeds)] for k, cell in enumerate(cells)}
    effects, diverged = [], []
    for factor in range(4):
        gaps, lost = [], [0, 0]
        for cell in cells:
            if cell[factor]:
                other = tuple(v and k != factor for k, v in enumerate(cell))
                pairs = [
                    (with_it["dead"], without["dead"])
                    for with_it, without in zip(found[cell], found[other], strict=True)
                ]
                gaps += [a - b for a, b in pairs if a is not None and b is not None]
                for place in range(2):
                    lost[place] += sum(pair[place] is None for pair in pairs)
        effects.append(statistics.mean(gaps))
        diverged.append(f"{NAMES[factor]} {lost[0]} with, {lost[1]} without")
    worst = found[False, False, False, False]
    best = found[True, True, False, False]
    return Finding(
        [
            *effects,
            statistics.mean([1.0 if run["dead"] is None else run["dead"] for run in worst]),
            statistics.difference(values(best, "test"), values(worst, "test")),
        ],
        notes=[f"of {len(seeds) * 8} trainings each diverged: {'; '.join(diverged)}"],
    )


C18 = Claim(
    "C18",
    "He initialisation, a lower learning rate, batch normalisation and leaky ReLU cure dying units",
    "Use batch normalization to stabilize activations",
    "7, 14, 15",
    "experiment",
    "Maas, Hannun and Ng (2013), Rectifier Nonlinearities; " + LU,
    "Leaky units keep a gradient; initialisation decides how many are born dead.",
    "All sixteen combinations of He's weights or four times those, rate 0.03 or 0.5, batch "
    "normalisation or none, leaky ReLU or ReLU: three layers of 64 on digits, SGD with momentum. "
    "Mean change in the share of dead units from each cure, the others equal, eight seeds, 95 % "
    "by t; pairs of which one diverged are left out, since its units are neither.",
    (
        Quantity("dead units, He's weights less four times those", Range(high=0.0), "%"),
        Quantity("dead units, lower rate less higher", Range(high=0.0), "%"),
        Quantity("dead units, batch normalisation less none", Range(high=0.0), "%"),
        Quantity("dead units, leaky ReLU less ReLU", Range(high=0.0), "%"),
        Quantity("units lost with none of the cures, by death or divergence", None, "%"),
        Quantity("test accuracy won by He's weights and the lower rate", None, "%"),
    ),
    _cures,
    words="a variant of the ReL unit with a gradient more amenable to optimization",
)


def one_signed(*, activation: str, batch: int, seed: int) -> dict[str, float]:
    """Share of units of the second layer whose weight gradients all have one sign.

    Args:
        activation: Of the first layer.
        batch: Samples behind one gradient.
        seed: Of split and weights.
    """
    import torch

    from rectifier import data
    from rectifier.claims.networks import perceptron

    found = data.get("digits").load(seed)
    x, y = torch.from_numpy(found.train_x), torch.from_numpy(found.train_y)
    generator = torch.Generator().manual_seed(seed)
    net = perceptron((64,), 10, activation=activation, generator=generator)
    second = [layer for layer in net if isinstance(layer, torch.nn.Linear)][1]
    hits = rows = 0
    for start in range(0, 64 * batch if batch == 1 else 10 * batch, batch):
        now = slice(start % 1000, start % 1000 + batch)
        net.zero_grad()
        torch.nn.functional.cross_entropy(net(x[now]), y[now]).backward()  # type: ignore[no-untyped-call]
        gradient = second.weight.grad
        assert gradient is not None  # it was just computed
        moved = gradient[gradient.abs().sum(dim=1) > 0]
        same = (moved >= 0).all(dim=1) | (moved <= 0).all(dim=1)
        hits += int(same.sum())
        rows += len(moved)
    return {"hits": hits, "rows": rows}


def _signs(lab: Lab) -> Finding:
    told = []
    for batch in (1, 64):
        runs = lab.map(
            one_signed, [{"activation": "relu", "batch": batch, "seed": s} for s in range(3)]
        )
        hits, rows = (sum(run[key] for run in runs) for key in ("hits", "rows"))
        told.append(
            statistics.exact(1.0) if hits == rows else statistics.share(int(hits), int(rows))
        )
    setting = {"sizes": {"hidden": [64] * 3}, "every": 1, "error_target": 0.05, "steps": 600}
    names, seeds = ("relu", "centred_relu"), lab.seeds(30, 60)
    steps, best = raced(lab, names, RATES_OF_ADAM, setting, tuning=5, seeds=seeds)
    return Finding(
        [*told, statistics.censored_ratio(steps["relu"], steps["centred_relu"], horizon=600)],
        notes=[rates_told(best)],
    )


C19 = Claim(
    "C19",
    "Because ReLU outputs are not negative, gradients of a unit's weights have one sign and "
    "learning slows",
    "weights connected to a ReLU neuron all have the same sign",
    "7",
    "experiment",
    "LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, section 4.3",
    "Inputs of one sign make all weights of a unit move in one direction for a given pattern, "
    "which makes learning zigzag; so inputs should have mean 0. It speaks of a single pattern.",
    "Share of second-layer units of a fresh digits network whose weight gradients all have one "
    "sign, for single samples and for batches of 64 (Wilson's 95 %); steps of Adam to 5 % training "
    "error with ReLU over those with ReLU less its mean, the rate of each chosen on five other "
    "seeds from three, and from more where the best is at an end; ratio of medians over thirty "
    "seeds (full: sixty), resampled in pairs. LeCun's argument is about one pattern; the article "
    "says it of gradient updates, and those average over a batch.",
    (
        Quantity(
            "units with gradients of one sign, one sample",
            Range(0.999, 1.0),
            "%",
            reading="the gradient of one sample, as in the source",
        ),
        Quantity(
            "units with gradients of one sign, batch of 64",
            Range(0.999, 1.0),
            "%",
            reading="the update of a step, as in the article",
        ),
        Quantity("steps to target, ReLU over centred ReLU", Range(low=1.0), "×"),
    ),
    _signs,
    words="these weights can only all decrease or all increase together for a given input pattern",
)


def _counting(lab: Lab) -> Finding:
    del lab
    import torch

    generator = torch.Generator().manual_seed(0)
    flat = torch.rand(100, 10, generator=generator) + 0.1
    flat[:, :3] = 0.0
    images = torch.rand(100, 10, 6, 6, generator=generator) + 0.1
    images[:, :3] = 0.0
    images[:, :, 0, :] = 0.0

    def theirs(activations: Any) -> float:
        """What the article's function computes: all zeros over the batch, over axis 1's size."""
        silent = (activations == 0).all(dim=0)
        return float(silent.sum().item() / activations.shape[1])

    channels = (images == 0).all(dim=3).all(dim=2).all(dim=0)
    one_batch = flat[:1].clone()
    one_batch[:, 3:8] = 0.0
    return Finding(
        [
            statistics.exact(theirs(flat)),
            statistics.exact(theirs(images)),
            statistics.exact(theirs(one_batch) * 10),
        ],
        notes=[
            "by hand: 3 of 10 units are dead in every case; by channel ours counts "
            f"{int(channels.sum())} of 10 in the convolution"
        ],
    )


C41 = Claim(
    "C41",
    "The article's function count_dead_neurons counts dead neurons",
    "Count neurons that always output 0",
    "11",
    "exact",
    "The article's own code",
    "It returns a fraction, looks at one batch, and for images divides the number of silent "
    "positions by the number of channels.",
    "Run on a layer of 10 units of which 3 are dead, as vectors, as 6×6 images whose first row is "
    "zero everywhere, and on a single sample for which five living units happen to be silent.",
    (
        Quantity("its count for vectors", exactly(3)),
        Quantity("its count for images", exactly(3)),
        Quantity("units it holds for dead after one sample", exactly(3)),
    ),
    _counting,
)

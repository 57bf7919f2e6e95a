"""Claims about ReLU's relatives, against ReLU and each other. Layer: claims."""

from __future__ import annotations

import math

import numpy as np

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.comparing import (
    EIGHTEEN,
    by_activation,
    core,
    curve,
    ranking_picture,
    row,
    scores,
    values,
)
from rectifier.claims.lab import Lab
from rectifier.claims.record import Estimate, Line, Picture, Quantity, Range, exactly
from rectifier.claims.speed import rounds_of, step_times
from rectifier.compare.statistics import seeds_needed

_CORE = (
    "rectifier compare on digits: eighteen activations of torch.nn, perceptron of 64-64, AdamW, 6 "
    "epochs (full: 15), learning rate chosen for each seed of each by a study of its own among two "
    "(full: five) on validation data, five seeds (full: thirty). Paired differences of test "
    "accuracy, 95 % by t."
)


def series(*, activation: str, seed: int, hidden: int, steps: int, rate: float) -> dict[str, float]:
    """Predict the next value of a signed series whose falls differ from its rises.

    Returns:
        ``error``: mean square error on test data over the variance of what is predicted.
    """
    import torch
    from torch import nn

    from rectifier.claims.networks import perceptron

    generator = np.random.default_rng([seed, 5])
    count, lags = 3000, 8
    x = np.zeros(count + lags)
    noise = generator.normal(0, 0.3, count + lags)
    for t in range(2, count + lags):
        # A fall is followed by a sharper rebound than a rise by a correction.
        pull = -0.9 * x[t - 1] if x[t - 1] < 0 else -0.3 * x[t - 1]
        x[t] = 0.4 * x[t - 2] + pull + np.tanh(x[t - 1] * x[t - 2]) + noise[t]
    windows = np.lib.stride_tricks.sliding_window_view(x, lags + 1).astype(np.float32)
    windows = windows / windows.std()
    inputs, wanted = torch.tensor(windows[:, :-1]), torch.tensor(windows[:, -1:])
    split = 2000
    draws = torch.Generator().manual_seed(seed)
    net = perceptron((lags,), 1, activation=activation, generator=draws, hidden=(hidden, hidden))
    stepper = torch.optim.Adam(net.parameters(), lr=rate)
    for step in range(steps):
        for group in stepper.param_groups:
            group["lr"] = rate * (1 - step / steps)
        rows = torch.randint(split, (64,), generator=draws)
        loss = nn.functional.mse_loss(net(inputs[rows]), wanted[rows])
        stepper.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        stepper.step()
    with torch.no_grad():
        error = nn.functional.mse_loss(net(inputs[split:]), wanted[split:])
    return {"error": float(error / wanted[split:].var())}


def _negatives(lab: Lab) -> Finding:
    seeds = lab.seeds(8, 30)
    errors = {}
    for name in ("relu", "leaky_relu", "elu"):
        runs = lab.map(
            series,
            [
                {
                    "activation": name,
                    "seed": seed,
                    "hidden": 8,
                    "steps": lab.pick(400, 3000),
                    "rate": 1e-2,
                }
                for seed in seeds
            ],
        )
        errors[name] = [run["error"] for run in runs]
    return Finding(
        [
            statistics.ratio(errors["relu"], errors["leaky_relu"]),
            statistics.ratio(errors["relu"], errors["elu"]),
            statistics.mean(errors["relu"]),
        ]
    )


C22 = Claim(
    "C22",
    "ReLU loses negative information; leaky ReLU and ELU keep it and do better on signed data",
    "variants like Leaky ReLU or ELU that preserve some negative information may work better",
    "7, 10, 15",
    "experiment",
    "None is named",
    "Nothing that can be traced.",
    "Next value of a signed series whose falls and rises are followed by different moves; two "
    "hidden layers of 8; test error of ReLU over that of the variant, geometric mean over seeds, "
    "95 % by t.",
    (
        Quantity("test error, ReLU over leaky ReLU", Range(low=1.0), "×"),
        Quantity("test error, ReLU over ELU", Range(low=1.0), "×"),
        Quantity("test error of ReLU over the variance", None, "%"),
    ),
    _negatives,
)


def _leaky(lab: Lab) -> Finding:
    found = core(lab)
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
    _CORE + " As well: not more than half a point worse.",
    (
        Quantity("test accuracy, leaky ReLU less ReLU", Range(low=-0.005), "%"),
        Quantity("dead units with leaky ReLU", exactly(0.0), "%"),
        Quantity("dead units with ReLU", None, "%"),
    ),
    _leaky,
)


def _prelu(lab: Lab) -> Finding:
    seeds = lab.seeds(5, 30)
    names = ("relu", "leaky_relu", "prelu")
    sizes = (60, 250, 0)
    runs = {
        size: by_activation(
            lab,
            names,
            seeds,
            {
                "samples": size,
                "rate": 3e-3,
                "steps": lab.pick(150, 1500),
                "sizes": {"hidden": [64, 64]},
            },
        )
        for size in sizes
    }
    swift = by_activation(
        lab,
        names,
        seeds,
        {"rate": 3e-3, "steps": 400, "every": 5, "error_target": 0.03},
    )
    steps = {
        n: [math.inf if r["reached"] is None else float(r["reached"]) for r in found]
        for n, found in swift.items()
    }
    lines = tuple(
        Line(
            name,
            (60.0, 250.0, 1079.0),
            tuple(sum(values(runs[size][name], "test")) / len(seeds) for size in sizes),
        )
        for name in names
    )

    def gap(name: str, other: str, size: int) -> Estimate:
        return statistics.difference(
            values(runs[size][name], "test"), values(runs[size][other], "test")
        )

    return Finding(
        [
            gap("prelu", "relu", 0),
            statistics.censored_ratio(steps["relu"], steps["prelu"]),
            gap("prelu", "leaky_relu", 0),
            gap("prelu", "leaky_relu", 60),
        ],
        [Picture("Test accuracy by size of the training set", "samples", "accuracy", lines)],
    )


C24 = Claim(
    "C24",
    "PReLU converges faster and is more accurate than ReLU and leaky ReLU",
    "faster model convergence compared to LReLU and ReLU",
    "8",
    "experiment",
    "He et al. (2015), Delving Deep into Rectifiers, section 2.1 and table 2",
    "Top-1 error fell by 1.2 points in a 14-layer network, at little risk of overfitting, since "
    "the parameters are so few.",
    "Perceptron of 64-64 on 60, 250 and all 1,079 training digits, a slope for each unit, Adam at "
    "0.003; test accuracy, paired, 95 % by t; steps to 3 % training error, resampled.",
    (
        Quantity("test accuracy, PReLU less ReLU", Range(low=0.0), "%"),
        Quantity("steps to target, ReLU over PReLU", Range(low=1.0), "×"),
        Quantity("test accuracy, PReLU less leaky ReLU", Range(low=0.0), "%"),
        Quantity("the same with 60 samples (overfits if below 0)", None, "%"),
    ),
    _prelu,
)


def _elu(lab: Lab) -> Finding:
    seeds = lab.seeds(6, 20)
    setting = {"rate": 1e-3, "steps": lab.pick(150, 1000), "census": True,
               "sizes": {"hidden": [64] * 3}}  # fmt: skip
    runs = by_activation(lab, ("relu", "elu"), seeds, setting)
    early = {n: [sum(r["losses"][:50]) / 50 for r in found] for n, found in runs.items()}
    (times,) = lab.map(elu_times, [{"elements": 500_000, "rounds": 60, "seed": 0}])
    pair = {"names": ["relu", "elu"], "width": 64, "rounds": 60, "seed": 0}
    (steps,) = lab.map(step_times, [pair])
    return Finding(
        [
            statistics.ratio(
                [abs(v) for v in values(runs["elu"], "mean")],
                [abs(v) for v in values(runs["relu"], "mean")],
            ),
            statistics.difference(early["elu"], early["relu"]),
            statistics.median_ratio(times["elu"], times["relu"]),
            statistics.median_ratio(steps["elu"], steps["relu"]),
        ],
        [
            Picture(
                "Training loss",
                "step",
                "loss",
                tuple(curve(name, found) for name, found in runs.items()),
            )
        ],
    )


def elu_times(*, elements: int, rounds: int, seed: int) -> dict[str, list[float]]:
    """Seconds of ELU and ReLU of torch, forward, on one thread."""
    import torch

    torch.set_num_threads(1)
    x = torch.randn(elements, generator=torch.Generator().manual_seed(seed))
    out = torch.empty_like(x)
    return rounds_of(
        {
            "relu": lambda: torch.clamp_min(x, 0, out=out),
            "elu": lambda: torch.ops.aten.elu.out(x, 1.0, 1.0, 1.0, out=out),
        },
        rounds,
    )


C25 = Claim(
    "C25",
    "ELU has a mean nearer to zero, learns faster early on and costs more per step than ReLU",
    "often faster early convergence",
    "8",
    "experiment",
    "Clevert, Unterthiner and Hochreiter (2016), Fast and Accurate Deep Network Learning by ELUs",
    "Mean activations nearer to zero speed up learning; ELU networks learned faster and better "
    "than ReLU ones; slower to compute, by little in whole networks.",
    "Three layers of 64 on digits, Adam at 0.001, paired over seeds: mean output in size, mean "
    "loss of the first 50 steps, 95 % by t; torch's kernels and whole steps in 60 rounds, medians.",
    (
        Quantity("size of the mean output, ELU over ReLU", Range(high=1.0), "×"),
        Quantity("mean loss of the first 50 steps, ELU less ReLU", Range(high=0.0)),
        Quantity("time of the function, ELU over ReLU", Range(low=1.0), "×"),
        Quantity("time of a training step, ELU over ReLU", None, "×"),
    ),
    _elu,
)


def _best_of_eighteen(lab: Lab) -> Finding:
    found = core(lab)
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
    "In its place, the rank of GELU among eighteen activations: " + _CORE,
    (Quantity("rank of GELU of eighteen (here: digits)", exactly(1.0), proxy=True),),
    _best_of_eighteen,
)


def _mish(lab: Lab) -> Finding:
    found = core(lab)
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
    "experiment",
    "Misra (2020), Mish, arXiv 1908.08681; Biswas et al. (2025), WACV, for the two figures",
    "In Misra's own table of 23 runs Mish can be told from ReLU, but not from Swish or GELU.",
    _CORE + " And how many seeds 0.43 points would need.",
    (
        Quantity("test accuracy, Mish less ReLU", Range(low=0.0), "%"),
        Quantity("test accuracy, Mish less GELU", Range(low=0.0), "%"),
        Quantity("seeds that 0.43 points need", None),
    ),
    _mish,
)


def _swish(lab: Lab) -> Finding:
    import rectifier.numpy as rn

    x = np.linspace(-6.0, 2.0, 8001)
    y = np.asarray(rn.silu(x))
    found = core(lab)
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
    "Lowest value and a negative slope, computed; in place of deep networks: " + _CORE,
    (
        Quantity("lowest value of x·σ(x)", Range(-0.2785, -0.2784)),
        Quantity("its slope at −2", Range(high=-1e-9)),
        Quantity("test accuracy, Swish less ReLU (here: digits)", Range(low=0.0), "%", proxy=True),
    ),
    _swish,
)


def _compete(lab: Lab) -> Finding:
    found = core(lab)
    fancy = ("gelu", "silu", "mish", "prelu", "elu", "selu")
    best = max(fancy, key=lambda name: row(found, name).score.value)
    return Finding(
        [
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
    _CORE + " Comparably: the best of six is not more than one point better, though chosen "
    "after the fact.",
    (
        Quantity("test accuracy, best of six smooth ones less ReLU", Range(high=0.01), "%"),
        Quantity("of the six, better than ReLU without correction", None),
    ),
    _compete,
)

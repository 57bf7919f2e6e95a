"""Claims about leaky ReLU, PReLU and ELU beside ReLU, each by its own trainings. Layer: claims."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.comparing import MARGIN, TUNING, by_activation, curve, scored, tuned, values
from rectifier.claims.lab import Lab
from rectifier.claims.rates import choose, told
from rectifier.claims.record import Estimate, Line, Picture, Quantity, Range
from rectifier.claims.speed import how_often, rounds_of, step_times
from rectifier.claims.trials import train


def series(*, activation: str, seed: int, hidden: int, steps: int, rate: float) -> dict[str, float]:
    """Predict the next value of a signed series whose falls differ from its rises.

    Returns:
        ``error``: mean square error on test data over the variance of what is predicted;
        ``validation``: the same on data that neither trains nor tests.
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
    split, tested = 1600, 2000
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

    def error(rows: slice) -> float:
        with torch.no_grad():
            found = nn.functional.mse_loss(net(inputs[rows]), wanted[rows])
        return float(found / wanted[rows].var())

    return {"error": error(slice(tested, None)), "validation": error(slice(split, tested))}


def _negatives(lab: Lab) -> Finding:
    names, rates = ("relu", "leaky_relu", "elu"), (1e-2, 3e-2, 1e-1)
    setting = {"hidden": 8, "steps": lab.pick(1500, 1500)}  # as many, quick or not
    tuning = lab.pick(2, 8)

    def gained(asked: Sequence[tuple[str, float]]) -> list[float]:
        lost = scored(lab, series, "validation", setting, tuning, asked)
        return [-error if math.isfinite(error) else -math.inf for error in lost]

    best = choose(names, rates, gained)
    seeds = lab.seeds(20, 120)
    errors = {
        n: values(
            lab.map(
                series,
                [{**setting, "activation": n, "rate": best[n].rate, "seed": s} for s in seeds],
            ),
            "error",
        )
        for n in names
    }
    return Finding(
        [
            statistics.ratio(errors["relu"], errors["leaky_relu"]),
            statistics.ratio(errors["relu"], errors["elu"]),
            statistics.mean(errors["relu"]),
        ],
        notes=[told(best)],
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
    "hidden layers of 8, Adam, 1500 steps, the rate of each chosen on two other seeds (full: "
    "eight) from three, and from more where the best is at an end; test error of ReLU over that of "
    "the variant, geometric mean over twenty seeds (full: six times as many), 95 % by t. To matter "
    "it must be a twentieth.",
    (
        Quantity("test error, ReLU over leaky ReLU", Range(low=1.0), "×", matters=0.05),
        Quantity("test error, ReLU over ELU", Range(low=1.0), "×", matters=0.05),
        Quantity("test error of ReLU over the variance", None, "%"),
    ),
    _negatives,
)


TRIED = (3e-3, 1e-2, 3e-2)


def _prelu(lab: Lab) -> Finding:
    seeds = lab.seeds(15, 40)
    names = ("relu", "leaky_relu", "prelu")
    sizes = (60, 250, 0)
    setting = {"steps": lab.pick(200, 1500), "sizes": {"hidden": [64, 64]}}
    chosen = tuned(lab, names, TRIED, setting, seeds=3)
    rates = {name: choice.rate for name, choice in chosen.items()}
    runs = {
        size: {
            n: by_activation(lab, (n,), seeds, {**setting, "samples": size, "rate": rates[n]})[n]
            for n in names
        }
        for size in sizes
    }
    race = {"steps": 400, "every": 5, "error_target": 0.03}
    swift = {n: by_activation(lab, (n,), seeds, {**race, "rate": rates[n]})[n] for n in names}
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
            statistics.censored_ratio(steps["relu"], steps["prelu"], horizon=400),
            gap("prelu", "leaky_relu", 0),
            gap("prelu", "leaky_relu", 60),
        ],
        [Picture("Test accuracy by size of the training set", "samples", "accuracy", lines)],
        [told(chosen)],
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
    "Perceptron of 64-64 on 60, 250 and all 1,079 training digits, Adam, 200 steps (full: 1500), "
    "the rate of each chosen on other seeds from three, and from more where the best is at an end; "
    "test accuracy over 15 seeds (full: forty), paired, 95 % by t, half a point to matter; steps "
    "to 3 % training error, resampled.",
    (
        Quantity("test accuracy, PReLU less ReLU", Range(low=0.0), "%", matters=MARGIN),
        Quantity("steps to target, ReLU over PReLU", Range(low=1.0), "×"),
        Quantity("test accuracy, PReLU less leaky ReLU", Range(low=0.0), "%", matters=MARGIN),
        Quantity("the same with 60 samples (overfits if below 0)", None, "%"),
    ),
    _prelu,
    words="PReLU improves model fitting with nearly zero extra computational cost and "
    "little overfitting risk",
)


ELU_RATES = (1e-3, 3e-3, 1e-2)
"""To begin with; who learns fastest at an end gets another beyond it."""


def _elu(lab: Lab) -> Finding:
    names, seeds = ("relu", "elu"), lab.seeds(6, 20)
    setting: dict[str, Any] = {"sizes": {"hidden": [64] * 3}}

    def swiftness(asked: Sequence[tuple[str, float]]) -> list[float]:
        tuners = range(TUNING, TUNING + 3)
        looked = lab.map(
            train,
            [
                {**setting, "activation": n, "rate": r, "steps": 50, "seed": s}
                for n, r in asked
                for s in tuners
            ],
        )
        lost = [math.inf if run["failed"] else sum(run["losses"]) for run in looked]
        return [-sum(lost[k : k + 3]) for k in range(0, len(lost), 3)]

    best = choose(names, ELU_RATES, swiftness)
    setting |= {"steps": lab.pick(150, 1000), "census": True}
    runs = {n: by_activation(lab, (n,), seeds, {**setting, "rate": best[n].rate})[n] for n in names}
    early = {n: [sum(r["losses"][:50]) / 50 for r in found] for n, found in runs.items()}
    rounds = how_often(lab)
    (times,) = lab.map(elu_times, [{"elements": 500_000, "rounds": rounds, "seed": 0}])
    pair = {"names": ["relu", "elu"], "width": 64, "rounds": rounds, "seed": 0}
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
        [told(best)],
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
        seed,
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
    "Three layers of 64 on digits, Adam, the rate of each chosen for the loss of the first 50 "
    "steps of three other seeds, from three and from more where the best is at an end; paired over "
    "six seeds (full: twenty): mean output in size, mean loss of the first 50 steps, 95 % by t; "
    "torch's kernels and whole steps in 60 rounds (full: 600), medians.",
    (
        Quantity("size of the mean output, ELU over ReLU", Range(high=1.0), "×"),
        Quantity("mean loss of the first 50 steps, ELU less ReLU", Range(high=0.0)),
        Quantity("time of the function, ELU over ReLU", Range(low=1.0), "×"),
        Quantity("time of a training step, ELU over ReLU", None, "×"),
    ),
    _elu,
    timed=True,
    words="push mean unit activations closer to zero like batch normalization but with "
    "lower computational complexity",
)

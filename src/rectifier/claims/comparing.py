"""Comparisons that several claims share. Layer: claims; above the lab, below the claims.

The large ones go through ``rectifier.compare``, whose trials are kept beside the notebook.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from rectifier.claims.lab import Lab
from rectifier.claims.rates import Choice, choose
from rectifier.claims.record import Line, Picture
from rectifier.claims.trials import train
from rectifier.compare.result import Comparison, Row
from rectifier.errors import InvalidInputError

EIGHTEEN = (
    *("relu", "leaky_relu", "prelu", "rrelu", "relu6", "elu", "celu", "selu", "gelu"),
    *("silu", "mish", "hard_swish", "softplus", "tanh", "sigmoid", "softsign", "hard_tanh"),
    "tanh_shrink",
)
"""The activations of torch.nn that a hidden layer may have."""

RELATIVES = ("relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "mish")
"""ReLU and those that the article sets beside it."""

RACE = {
    "model": "cnn4",
    "pixels": 8,
    "sizes": {"width": 8},
    "init": "he_normal",
    "optimizer": "sgd",
    "every": 5,
    "error_target": 0.25,
}
"""The four-layer network of 2012 on digits, until a quarter of the training images is wrong."""

RACE_RATES = (0.03, 0.1, 0.3)
"""To begin with; who is fastest at an end gets another beyond it."""

MARGIN = 0.005
"""Difference in accuracy that `rectifier.compare`, too, takes not to matter."""

TUNING = 1_000_001
"""The first of the seeds that choose settings; no result is made with them."""


def horizon(lab: Lab) -> int:
    """Steps after which a race is ended: ten times what ReLU needs in small."""
    return int(lab.pick(800, 3000))


def race(lab: Lab) -> dict[str, list[float]]:
    """Steps to the target of ReLU, tanh and sigmoid, ten seeds each; infinite: not by `horizon`."""
    setting: dict[str, Any] = {**RACE, "steps": horizon(lab)}
    if lab.full:
        setting |= {"pixels": 16, "sizes": {"width": 16}, "every": 20}
    names, seeds = ("relu", "tanh", "sigmoid"), lab.seeds(10, 20)
    return raced(lab, names, RACE_RATES, setting, tuning=lab.pick(2, 5), seeds=seeds)[0]


def raced(
    lab: Lab,
    names: Sequence[str],
    rates: Sequence[float],
    setting: Mapping[str, Any],
    *,
    tuning: int,
    seeds: Sequence[int],
) -> tuple[dict[str, list[float]], dict[str, Choice]]:
    """Steps of each activation to a target; infinite: not by the end.

    Args:
        lab: Where it is run.
        names: Of activations.
        rates: To begin with. Of each that one counts whose tuning seeds got there in fewest steps.
        setting: Of `rectifier.claims.trials.train`, with the target.
        tuning: How many tuning seeds.
        seeds: Of the race itself.

    Returns:
        Steps, a seed each, by name; and the rates.
    """
    tuners = [TUNING + k for k in range(tuning)]

    def swiftness(asked: Sequence[tuple[str, float]]) -> list[float]:
        runs = lab.map(
            train,
            [{**setting, "activation": n, "rate": r, "seed": s} for n, r in asked for s in tuners],
        )
        steps = [_steps(run, censored=2.0 * setting["steps"]) for run in runs]
        return [-sum(steps[k : k + tuning]) for k in range(0, len(steps), tuning)]

    best = choose(names, rates, swiftness)
    again = [(n, s) for n in names for s in seeds]
    found = lab.map(
        train, [{**setting, "activation": n, "rate": best[n].rate, "seed": s} for n, s in again]
    )
    times: dict[str, list[float]] = {name: [] for name in names}
    for (name, _), run in zip(again, found, strict=True):
        times[name].append(_steps(run))
    return times, best


def _steps(run: Mapping[str, Any], censored: float = math.inf) -> float:
    return censored if run["reached"] is None else float(run["reached"])


def race_picture(times: Mapping[str, Sequence[float]]) -> Picture:
    """Share of the runs that have arrived, over steps."""
    lines = []
    for name, steps in times.items():
        arrived = sorted(step for step in steps if math.isfinite(step))
        x = [0.0, *arrived]
        lines.append(Line(name, tuple(x), tuple(k / len(steps) for k in range(len(x)))))
    return Picture("Runs that reached the target", "step", "share of runs", tuple(lines))


def tuned(
    lab: Lab,
    names: Sequence[str],
    rates: Sequence[float],
    setting: Mapping[str, Any],
    *,
    seeds: int,
) -> dict[str, Choice]:
    """The learning rate of each activation that is best on validation data of tuning seeds.

    Args:
        lab: Where it is run.
        names: Of activations.
        rates: To begin with; see `rectifier.claims.rates.choose`.
        setting: Of `rectifier.claims.trials.train`.
        seeds: How many tuning seeds.

    Returns:
        By name: the rate and its mean validation accuracy.
    """
    return choose(names, rates, partial(scored, lab, train, "validation", setting, seeds))


def scored(
    lab: Lab,
    function: Callable[..., Any],
    key: str,
    setting: Mapping[str, Any],
    seeds: int,
    asked: Sequence[tuple[str, float]],
) -> list[float]:
    """Mean of a number over tuning seeds, for pairs of an activation and a rate.

    Args:
        lab: Where it is run.
        function: A trial with the arguments ``activation``, ``rate`` and ``seed``.
        key: Which of its numbers.
        setting: Its other arguments.
        seeds: How many tuning seeds.
        asked: Names and rates.
    """
    runs = lab.map(
        function,
        [
            {**setting, "activation": n, "rate": r, "seed": TUNING + k}
            for n, r in asked
            for k in range(seeds)
        ],
    )
    given = values(runs, key)
    return [sum(given[k : k + seeds]) / seeds for k in range(0, len(given), seeds)]


def eighteen(lab: Lab) -> Comparison:
    """Eighteen activations on digits, the learning rate tuned anew for every seed of each."""
    return _compared(lab, EIGHTEEN, len(lab.seeds(5, 30)), epochs=6, rates=(1e-2, 3e-2))


def relatives(lab: Lab) -> Comparison:
    """ReLU and those that are said to be better, on more seeds and tuned over more rates."""
    return _compared(lab, RELATIVES, len(lab.seeds(16, 60)), epochs=10, rates=(3e-3, 1e-2, 3e-2))


def _compared(
    lab: Lab, names: Sequence[str], seeds: int, *, epochs: int, rates: Sequence[float]
) -> Comparison:
    """Compare; epochs and rates are those of a quick run."""
    from rectifier.compare import make_plan

    plan = make_plan(
        "digits",
        names,
        seeds,
        learning_rates=lab.pick(rates, (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)),
        epochs=lab.pick(epochs, 15),
        timing=False,
    )
    return lab.compare(plan, f"compare-{len(names)}-{lab.effort}")


def row(comparison: Comparison, name: str) -> Row:
    """The row of an activation."""
    return next(row for row in comparison.rows if row.activation == name)


def scores(comparison: Comparison, first: str, second: str) -> tuple[list[float], list[float]]:
    """Paired test scores of two activations, seeds that failed left out for both.

    Raises:
        InvalidInputError: Fewer than two seeds finished for both.
    """
    pairs = [
        (a, b)
        for a, b in zip(row(comparison, first).scores, row(comparison, second).scores, strict=True)
        if a is not None and b is not None
    ]
    if len(pairs) < 2:
        raise InvalidInputError(f"fewer than two seeds of {first} and {second} finished")
    return [a for a, _ in pairs], [b for _, b in pairs]


def ranking_picture(comparison: Comparison) -> Picture:
    """Mean test accuracy, best first."""
    y = tuple(row.score.value for row in comparison.rows)
    names = ", ".join(row.activation for row in comparison.rows)
    line = Line(names, tuple(float(place) for place in range(1, len(y) + 1)), y)
    return Picture("Test accuracy on digits, best first", "place", "accuracy", (line,))


def by_activation(
    lab: Lab, names: Sequence[str], seeds: Sequence[int], setting: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """The same training for several activations; results by name, in the order of the seeds."""
    asked = [(name, seed) for name in names for seed in seeds]
    runs = lab.map(train, [{**setting, "activation": n, "seed": s} for n, s in asked])
    found: dict[str, list[Any]] = {name: [] for name in names}
    for (name, _), run in zip(asked, runs, strict=True):
        found[name].append(run)
    return found


def values(runs: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    """One number of every run; infinite where a run has none."""
    return [math.inf if run[key] is None else float(run[key]) for run in runs]


def curve(name: str, runs: Sequence[Mapping[str, Any]]) -> Line:
    """Mean training loss of runs, over steps, for a picture; at most 40 points."""
    length = min(len(run["losses"]) for run in runs)
    places = sorted({round(k * (length - 1) / 39) for k in range(40)})
    y = []
    for place in places:
        seen = [run["losses"][place] for run in runs]
        y.append(math.inf if None in seen else sum(seen) / len(seen))
    return Line(name, tuple(float(p + 1) for p in places), tuple(y))

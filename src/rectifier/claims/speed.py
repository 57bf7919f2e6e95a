"""Claims about speed: of training, of the function, of zeros. Layer: claims."""

from __future__ import annotations

import math
import random
import statistics as plain
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rectifier.claims import statistics
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.comparing import horizon, race, race_picture
from rectifier.claims.lab import Lab
from rectifier.claims.record import Line, Picture, Quantity, Range

KRIZHEVSKY = "Krizhevsky, Sutskever and Hinton (2012), ImageNet Classification with Deep CNNs"
_RACE = (
    "Four-layer CNN of the paper on 8×8 digits (width 8; full: 16×16, width 16) from He's "
    "weights, plain SGD with momentum, no regularisation, a learning rate chosen for each "
    "activation on other seeds from three, and from more where the best is at an end; steps until"
    " 25 % training error, looked at every 5 steps (full: 20) and ended after 800 (full: 3000); a"
    " run that is not there by then counts as at least that, perhaps never. Ratio of medians over"
    " ten seeds (full: twenty), 95 % by resampling the seeds in pairs."
)


def _six_times(lab: Lab) -> Finding:
    times, end = race(lab), horizon(lab)
    return Finding(
        [
            statistics.censored_ratio(times["tanh"], times["relu"], horizon=end),
            statistics.censored_ratio(times["sigmoid"], times["relu"], horizon=end),
        ],
        [race_picture(times)],
        [
            "runs that arrived: "
            + ", ".join(
                f"{name} {sum(map(math.isfinite, steps))} of {len(steps)}"
                for name, steps in times.items()
            )
        ],
    )


C01 = Claim(
    "C01",
    "Networks with ReLU train six times as fast as with tanh or sigmoid",
    "6× faster than traditional sigmoid or tanh",
    "TL;DR, 3, 5, 15",
    "experiment",
    f"{KRIZHEVSKY}, section 3.1 and figure 1",
    "A four-layer CNN on CIFAR-10 reached 25 % training error in a sixth of the iterations of the "
    "same network with tanh, no regularisation, each at its own learning rate; the size of the "
    "effect varies with the architecture. Sigmoid was not in that figure.",
    _RACE,
    (
        Quantity("steps to 25 % training error, tanh over ReLU", Range(5, 7), "×"),
        Quantity("steps to 25 % training error, sigmoid over ReLU", Range(5, 7), "×"),
    ),
    _six_times,
    words="reaches a 25% training error rate on CIFAR-10 six times faster than an "
    "equivalent network with tanh neurons",
)


def _forty_to_sixty(lab: Lab) -> Finding:
    times = race(lab)
    estimates = []
    for name in ("tanh", "sigmoid"):
        found = statistics.censored_ratio(times["relu"], times[name], horizon=horizon(lab))
        ends = (1 - found.value, 1 - found.high, 1 - found.low)
        estimates.append(type(found)(*ends))
    return Finding(estimates, [race_picture(times)])


C14 = Claim(
    "C14",
    "ReLU networks reach a target accuracy 40–60 % faster than sigmoid or tanh ones",
    "reach target accuracy 40-60% faster",
    "6",
    "experiment",
    "A web guide (IABAC, 2025) that names no study; none was found",
    "Nothing: no experiment is cited.",
    _RACE,
    (
        Quantity("time to target saved by ReLU, against tanh", Range(0.4, 0.6), "%"),
        Quantity("time to target saved by ReLU, against sigmoid", Range(0.4, 0.6), "%"),
    ),
    _forty_to_sixty,
)


def how_often(lab: Lab) -> int:
    """Rounds of what is timed."""
    return int(lab.pick(60, 600))


def rounds_of(
    contestants: Mapping[str, Callable[[], object]], count: int, seed: int
) -> dict[str, list[float]]:
    """Seconds of each contestant in each round, in an order drawn anew for each.

    Every timed run comes right after one of the same contestant that is not timed. Else it would
    find in the caches what the one before had left there: on a processor whose caches hold the
    whole matrix, the product that followed a sparse one took a quarter longer than its like.
    """
    draws = random.Random(seed)
    order = list(contestants)
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(count):
        draws.shuffle(order)
        for name in order:
            run = contestants[name]
            run()
            begun = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begun)
    return times


def product_times(*, rows: int, size: int, rounds: int, seed: int) -> dict[str, list[float]]:
    """Seconds of a product with a matrix, dense and by our sparse kernel, by share of zeros."""
    import torch

    from rectifier.kernels import sparse

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(size, size, generator=generator)
    columns = weight.t().contiguous()
    contestants: dict[str, Callable[[], object]] = {}
    kernel = sparse.Product(columns, None) if sparse.available() else None

    def dense(x: torch.Tensor, out: torch.Tensor) -> object:
        return torch.mm(x, columns, out=out)

    def skipping(x: torch.Tensor, out: torch.Tensor) -> object:
        assert kernel is not None  # only then it is a contestant
        return kernel(x, out, most=size, threads=1)

    for zeros in (0.0, 0.5, 0.9, 0.95):
        x = torch.randn(rows, size, generator=generator)
        # Whole inputs are silent, as units are; that is what a kernel can make use of.
        x[:, torch.randperm(size, generator=generator)[: round(zeros * size)]] = 0.0
        out = torch.empty(rows, size)
        contestants[f"dense {zeros:g}"] = partial(dense, x, out)
        if kernel is not None:
            contestants[f"sparse {zeros:g}"] = partial(skipping, x, out)
    return rounds_of(contestants, rounds, seed)


def _skipped(lab: Lab) -> Finding:
    rounds = how_often(lab)
    # One row: where the time is that of reading weights, skipping has most to win.
    (times,) = lab.map(product_times, [{"rows": 1, "size": 2048, "rounds": rounds, "seed": 0}])
    shares = (0.0, 0.5, 0.9, 0.95)
    lines = []
    for kind in ("dense", "sparse"):
        if f"{kind} 0" in times:
            base = plain.median(times["dense 0"])
            y = [plain.median(times[f"{kind} {share:g}"]) / base for share in shares]
            lines.append(Line(kind, shares, tuple(y)))
    return Finding(
        [
            statistics.median_ratio(times["dense 0.5"], times["dense 0"]),
            statistics.median_ratio(times["dense 0.95"], times["dense 0"]),
            statistics.median_ratio(times["sparse 0.95"], times["dense 0"])
            if "sparse 0" in times
            else None,
        ],
        [
            Picture(
                "Time of a product by share of zeros",
                "share of zeros",
                "time, dense without zeros = 1",
                tuple(lines),
            )
        ],
    )


C12 = Claim(
    "C12",
    "Because half of the outputs are zero, multiplications are skipped and computing is faster",
    "Zero outputs mean many multiplications can be skipped.",
    "4, 6",
    "experiment",
    "None for dense hardware; special kernels: Liu et al. (2023), Deja Vu; Song et al. (2023), "
    "PowerInfer",
    "Those who gain from zeros wrote kernels for it and need 80–95 % of them, mostly at one row.",
    "A 2048×2048 matrix times one row, one thread, 60 rounds (full: 600) in which each contestant "
    "runs once, in an order drawn anew and right after a run of its own; torch's dense product "
    "with no, 50 and 95 % zeros, and our kernel that reads only the weights of inputs that are not "
    "zero. Median of the ratios within a round, 95 % by order statistics.",
    (
        Quantity("time of the dense product, 50 % zeros over none", Range(high=0.9), "×"),
        Quantity("time of the dense product, 95 % zeros over none", None, "×"),
        Quantity("time of a sparse kernel at 95 % zeros over dense", None, "×"),
    ),
    _skipped,
    timed=True,
    words="small, input-dependent sets of attention heads and MLP parameters that yield "
    "approximately the same output as the dense model for a given input",
)


def function_times(*, elements: int, rounds: int, seed: int) -> dict[str, list[float]]:
    """Seconds of ReLU and sigmoid, torch's and ours, forward and back, on one thread."""
    import torch

    import rectifier.torch as rt

    torch.set_num_threads(1)
    x = torch.randn(elements, generator=torch.Generator().manual_seed(seed))
    out, grad = torch.empty_like(x), torch.ones_like(x)
    s = torch.sigmoid(x)
    aten = torch.ops.aten
    return rounds_of(
        {
            "relu": lambda: torch.clamp_min(x, 0, out=out),
            "sigmoid": lambda: torch.sigmoid(x, out=out),
            "relu back": lambda: aten.threshold_backward.grad_input(grad, x, 0, grad_input=out),
            "sigmoid back": lambda: aten.sigmoid_backward.grad_input(grad, s, grad_input=out),
            "our relu": lambda: rt.functional.relu(x),
            "our sigmoid": lambda: rt.functional.sigmoid(x),
        },
        rounds,
        seed,
    )


def step_times(*, names: list[str], width: int, rounds: int, seed: int) -> dict[str, list[float]]:
    """Seconds of a whole training step of perceptrons that differ in their activation alone."""
    import torch
    from torch import nn

    from rectifier.claims.networks import perceptron

    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(64, 64, generator=generator)
    y = torch.randint(10, (64,), generator=generator)

    def step(net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    contestants: dict[str, Callable[[], object]] = {}
    for name in names:
        net = perceptron((64,), 10, activation=name, generator=generator, hidden=(width, width))
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
        contestants[name] = partial(step, net, optimizer)
    return rounds_of(contestants, rounds, seed)


def _less_time(lab: Lab) -> Finding:
    rounds = how_often(lab)
    (times,) = lab.map(function_times, [{"elements": 1_000_000, "rounds": rounds, "seed": 0}])
    pair = {"names": ["relu", "sigmoid"], "width": 256, "rounds": rounds, "seed": 0}
    (steps,) = lab.map(step_times, [pair])

    def saved(fast: list[float], slow: list[float]) -> Any:
        found = statistics.median_ratio(fast, slow)
        return type(found)(1 - found.value, 1 - found.high, 1 - found.low)

    return Finding(
        [
            saved(times["relu"], times["sigmoid"]),
            saved(times["relu back"], times["sigmoid back"]),
            saved(times["our relu"], times["our sigmoid"]),
            saved(steps["relu"], steps["sigmoid"]),
        ],
    )


C13 = Claim(
    "C13",
    "Computing ReLU takes 60–70 % less time than sigmoid",
    "reduces activation computation time by approximately 60-70% compared to sigmoid",
    "2, 6, 15",
    "experiment",
    "Wikipedia is named; no primary source was found",
    "Nothing that can be traced.",
    "One million fp32 elements, one thread, 60 rounds (full: 600) in which each contestant runs "
    "once, in an order drawn anew and right after a run of its own, into a given buffer: torch's "
    "ReLU and sigmoid forward and backward, and this package's kernels; and whole training steps "
    "of a perceptron of 256-256 in as many rounds. Median of the ratios within a round, 95 % by "
    "order statistics.",
    (
        Quantity("time saved by ReLU, torch forward", Range(0.6, 0.7), "%"),
        Quantity("time saved by ReLU, torch backward", None, "%"),
        Quantity("time saved by ReLU, our kernels forward", None, "%"),
        Quantity("time saved by ReLU, a whole training step", None, "%"),
    ),
    _less_time,
    timed=True,
)

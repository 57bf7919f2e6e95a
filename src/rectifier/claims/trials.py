"""One training with every knob that a claim turns, from plain arguments to plain numbers.

Layer: claims. All settings are seeded: data split, weights and order of the data come from ``seed``
alone, so two trainings of the same seed and different activations are paired. What is drawn in the
course (dropout) comes from torch's generator, which the lab seeds.
"""

from __future__ import annotations

import copy
import math
import statistics
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import rectifier.torch as rt
from rectifier import data, models
from rectifier.activation import Activation
from rectifier.claims.networks import perceptron
from rectifier.compare.mechanism import measure
from rectifier.definition import define
from rectifier.torch.sites import Interception, Observer, Site

FORMULAS = {"centred_relu": "maximum(x, 0) - 0.3989422804014327"}
"""Activations that are no activation of the catalog: ReLU less its mean over N(0, 1)."""


def spec(activation: str) -> str | Activation:
    """A name of `FORMULAS` as a definition, any other as it is."""
    formula = FORMULAS.get(activation)
    return activation if formula is None else define(activation, formula)


@lru_cache(maxsize=4)
def _data(task: str, seed: int, pixels: int) -> tuple[Tensor, ...]:
    """Six arrays of a split; images of 8×8 digits enlarged to ``pixels`` if that is not 0."""
    found = data.get(task).load(seed)
    parts: list[Tensor] = []
    for name in ("train", "validation", "test"):
        x = torch.from_numpy(getattr(found, f"{name}_x"))
        if pixels:
            side = math.isqrt(x[0].numel())
            x = x.reshape(len(x), 1, side, side)
            x = x.repeat_interleave(pixels // side, 2).repeat_interleave(pixels // side, 3)
        parts += [x, torch.from_numpy(getattr(found, f"{name}_y"))]
    return tuple(parts)


def _generator(seed: int, stream: int) -> torch.Generator:
    state = np.random.SeedSequence([seed, stream]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) & (2**63 - 1))


class _Outputs(Observer):
    """Keeps what comes out of every site in one forward pass."""

    def __init__(self) -> None:
        self.outputs: list[Tensor] = []

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        self.outputs.append(output)


def make(
    model: str,
    inputs: tuple[int, ...],
    classes: int,
    activation: str,
    seed: int,
    init: str | None,
    sizes: dict[str, Any],
    weight_scale: float = 1.0,
) -> nn.Module:
    """A network by name; ``perceptron`` is one with any depth, normalised or not."""
    build: Callable[..., nn.Module] = perceptron if model == "perceptron" else models.get(model)
    made = build(
        inputs,
        classes,
        activation=spec(activation),
        init=init,
        generator=_generator(seed, 11),
        **{key: tuple(v) if isinstance(v, list) else v for key, v in sizes.items()},
    )
    if weight_scale != 1.0:
        with torch.no_grad():
            for layer in made.modules():
                if isinstance(layer, nn.Linear | nn.Conv2d):
                    layer.weight.mul_(weight_scale)
    return made


def train(
    *,
    task: str = "digits",
    model: str = "perceptron",
    sizes: dict[str, Any] | None = None,
    activation: str = "relu",
    init: str | None = None,
    weight_scale: float = 1.0,
    optimizer: str = "adam",
    rate: float = 1e-3,
    schedule: str = "constant",
    momentum: float = 0.9,
    steps: int = 200,
    batch: int = 64,
    seed: int = 0,
    samples: int = 0,
    pixels: int = 0,
    l1: float = 0.0,
    clip: float = 0.0,
    every: int = 0,
    error_target: float = 0.0,
    census: bool = False,
) -> dict[str, Any]:
    """Train once.

    Args:
        task: Name of a task of ``rectifier.data``.
        model: ``perceptron`` or a network of ``rectifier.models``.
        sizes: Its own arguments.
        activation: Name, also one of `FORMULAS`.
        init: Name of a scheme; None: the network's own.
        weight_scale: Factor on all fresh weights.
        optimizer: ``adam`` or ``sgd``.
        rate: Learning rate.
        schedule: ``constant`` or ``linear`` (to 0).
        momentum: Of sgd.
        steps: Most steps to make.
        batch: Samples a step.
        seed: Of split, weights and order.
        samples: How many training samples to use; 0: all.
        pixels: Side of the images; 0: samples as they come.
        l1: Weight of the mean absolute output of the activations in the loss.
        clip: Largest norm of the gradient; 0: not clipped.
        every: Steps between two looks at all of the training data; 0: none.
        error_target: Share of errors on the training data at which a look ends the training.
        census: Whether to tell dead units, zeros and means of the activations' outputs.

    Returns:
        ``losses`` (each step), ``failed`` (a loss was not finite), ``reached`` (step of the target
        or None), ``train``, ``validation``, ``test`` (accuracies), ``step_seconds``; with
        ``census`` also ``dead``, ``zeros``, ``zeros_before`` and ``mean``, None where it failed.
    """
    train_x, train_y, val_x, val_y, test_x, test_y = _data(task, seed, pixels)
    if samples:
        train_x, train_y = train_x[:samples], train_y[:samples]
    classes = int(max(train_y.max(), test_y.max())) + 1
    shape = tuple(train_x.shape[1:])
    net = make(model, shape, classes, activation, seed, init, sizes or {}, weight_scale)
    zeros_before = measure(net, train_x[:500])[1] if census else math.nan
    groups = rt.parameter_groups(net, weight_decay=0.0)
    if optimizer == "adam":
        stepper: torch.optim.Optimizer = torch.optim.Adam(groups, lr=rate)
    else:
        stepper = torch.optim.SGD(groups, lr=rate, momentum=momentum)
    order = _generator(seed, 12)
    losses: list[float] = []
    times: list[float] = []
    reached: int | None = None
    failed = False
    rows = torch.empty(0, dtype=torch.int64)
    net.train()
    for step in range(steps):
        if len(rows) < min(batch, len(train_x)):
            rows = torch.cat([rows, torch.randperm(len(train_x), generator=order)])
        now, rows = rows[:batch], rows[batch:]
        if schedule == "linear":
            for group in stepper.param_groups:
                group["lr"] = rate * (1 - step / steps)
        begun = time.perf_counter()
        loss = _loss(net, train_x[now], train_y[now], l1)
        stepper.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if clip:
            nn.utils.clip_grad_norm_(net.parameters(), clip)
        stepper.step()
        losses.append(loss.item())
        times.append(time.perf_counter() - begun)
        if not math.isfinite(losses[-1]):
            failed = True
            break
        if every and (step + 1) % every == 0:
            error = 1 - _accuracy(net, train_x, train_y)
            net.train()
            if error <= error_target:
                reached = step + 1
                break
    told: dict[str, Any] = {
        "losses": [value if math.isfinite(value) else None for value in losses],
        "failed": failed,
        "reached": reached,
        "train": _accuracy(net, train_x, train_y),
        "validation": _accuracy(net, val_x, val_y),
        "test": _accuracy(net, test_x, test_y),
        "step_seconds": statistics.median(times),
    }
    if census and failed:
        # Its outputs are not numbers, which are neither zero nor positive: no unit would be dead.
        told |= {"dead": None, "zeros": None, "zeros_before": zeros_before, "mean": None}
    elif census:
        dead, zeros, _ = measure(net, train_x[:500])
        told |= {"dead": dead, "zeros": zeros, "zeros_before": zeros_before}
        told["mean"] = _mean_output(net, train_x[:500])
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in told.items()
    }


def _loss(net: nn.Module, x: Tensor, y: Tensor, l1: float) -> Tensor:
    if not l1:
        return nn.functional.cross_entropy(net(x), y)
    # Not by the interception: that is for looking, and costs several times a step of this size.
    outputs: list[Tensor] = []
    hooks = [
        part.register_forward_hook(lambda _, __, out: outputs.append(out))
        for part in net.modules()
        if isinstance(part, rt.ActivationModule)
    ]
    logits = net(x)
    for hook in hooks:
        hook.remove()
    penalty = torch.stack([output.abs().mean() for output in outputs]).sum()
    return nn.functional.cross_entropy(logits, y) + l1 * penalty


def _mean_output(net: nn.Module, x: Tensor) -> float:
    outputs = _Outputs()
    net.eval()
    with torch.no_grad(), Interception([outputs], [net]):
        net(x)
    return statistics.fmean(float(output.mean()) for output in outputs.outputs)


def _accuracy(net: nn.Module, x: Tensor, y: Tensor) -> float:
    net.eval()
    with torch.no_grad():
        right = (net(x).argmax(dim=1) == y).sum().item()
    return float(right) / len(y)


def gradients(
    *, activation: str, init: str, depth: int, width: int, batch_norm: bool, seed: int
) -> dict[str, float]:
    """Size of the gradient at the first and last weights of a fresh perceptron on digits.

    Returns:
        ``first``, ``last``: root mean square over the weights; ``variance``: of the last hidden
        pre-activations relative to the first ones.
    """
    train_x, train_y, *_ = _data("digits", seed, 0)
    x, y = train_x[:256], train_y[:256]
    net = perceptron(
        (64,),
        10,
        activation=spec(activation),
        init=None if init == "lsuv" else init,
        generator=_generator(seed, 11),
        hidden=(width,) * depth,
        batch_norm=batch_norm,
    )
    if init == "lsuv":
        # Dead ends have no variance to set: then the weights stay orthonormal and are told so.
        rt.init_(net, x, scheme="lsuv", generator=_generator(seed, 13))
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    seen: list[float] = []
    for layer in linear:
        layer.register_forward_hook(lambda _, __, out: seen.append(float(out.detach().var())))
    nn.functional.cross_entropy(net(x), y).backward()  # type: ignore[no-untyped-call]

    def size(layer: nn.Linear) -> float:
        assert layer.weight.grad is not None  # it was just computed
        return float(layer.weight.grad.square().mean().sqrt())

    return {
        "first": size(linear[0]),
        "last": size(linear[-2]),
        "variance": seen[-2] / seen[0] if seen[0] else 0.0,
    }


def mixed(
    *, activations: list[str], rate: float, steps: int, seed: int, hidden: int = 48
) -> dict[str, float]:
    """Train a perceptron whose layers have activations of their own.

    Returns:
        ``validation`` and ``test`` accuracy.
    """
    train_x, train_y, val_x, val_y, test_x, test_y = _data("mnist1d", seed, 0)
    classes = int(train_y.max()) + 1
    net = perceptron(
        tuple(train_x.shape[1:]),
        classes,
        activation=activations[0],
        generator=_generator(seed, 11),
        hidden=(hidden,) * len(activations),
    )
    parts = list(net)
    place = 0
    for index, part in enumerate(parts):
        if isinstance(part, rt.ActivationModule):
            parts[index] = rt.activation(activations[place])
            place += 1
    net = nn.Sequential(*copy.copy(parts))
    rt.init_(net, generator=_generator(seed, 11))
    stepper = torch.optim.Adam(net.parameters(), lr=rate)
    order = _generator(seed, 12)
    for step in range(steps):
        for group in stepper.param_groups:
            group["lr"] = rate * (1 - step / steps)
        now = torch.randint(len(train_x), (64,), generator=order)
        loss = nn.functional.cross_entropy(net(train_x[now]), train_y[now])
        stepper.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        stepper.step()
    return {
        "validation": _accuracy(net, val_x, val_y),
        "test": _accuracy(net, test_x, test_y),
    }

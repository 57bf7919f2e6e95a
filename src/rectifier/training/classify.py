"""Jobs that tell a label or values of samples: the tasks of ``rectifier.data``, shaped to fit.

Layer: training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from rectifier import data, models
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError
from rectifier.training.job import Job, device_of, supervised

TOKENS = 17
"""Grey values of a digit, 0 to 16, as tokens."""


def shaped(x: Tensor, form: str, least: int) -> Tensor:
    """Samples in the form that a network reads.

    Args:
        x: (samples, …).
        form: ``vector``, ``image``, ``rows`` (an image read row by row) or ``tokens``.
        least: Smallest side of an image; smaller ones are enlarged by whole factors.

    Raises:
        InvalidInputError: The samples have no such form.
    """
    if form == "vector":
        return x.flatten(1)
    if x.dim() == 2:
        side = math.isqrt(x.shape[1])
        if form == "rows":
            return x if side * side != x.shape[1] else x.reshape(len(x), side, side)
        if form == "tokens":
            low, high = x.min(), x.max()
            return ((x - low) / (high - low) * (TOKENS - 1)).round().long()
        if side * side != x.shape[1]:
            raise InvalidInputError(
                f"this network wants images; samples of {x.shape[1]} numbers are none"
            )
        x = x.reshape(len(x), 1, side, side)
    if x.dim() == 3:
        x = x[:, None]
    if x.dim() != 4 or form != "image":
        raise InvalidInputError(f"samples of shape {tuple(x.shape[1:])} cannot be read as {form}")
    factor = -(-least // min(x.shape[2:]))
    if factor > 1:
        x = x.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    return x


def classify(
    model: str,
    task: str,
    *,
    activation: str | Activation | None,
    init: str | None,
    seed: int,
    batch: int,
    form: str,
    least: int,
    sizes: Mapping[str, Any],
    device: str = "cpu",
) -> Job:
    """A network of ``rectifier.models`` on a task of ``rectifier.data``.

    Args:
        model: Name of the network.
        task: Name of the task.
        activation: Name or definition; None: the network's published one.
        init: Name of a scheme; None: the network's own.
        seed: Of the split and the weights.
        batch: Samples a step.
        form: See `shaped`.
        least: See `shaped`.
        sizes: The network's own arguments.
        device: Where it is trained; drawn are all numbers on the CPU.
    """
    place = device_of(device)
    found = data.get(task).load(seed)
    if not isinstance(found, data.Dataset):
        raise InvalidInputError(
            f"{model} learns from samples; {task} is learned by acting: "
            f"rectifier compare --task {task}"
        )
    if found.kind == "tokens" or (form == "tokens" and found.kind == "values"):
        raise InvalidInputError(
            f"{model} gives one label a sample; {task} wants "
            f"{'one at every place' if found.classes else 'values'}: "
            f"rectifier train {data.get(task).model} --task {task}"
        )
    arrays = {
        name: torch.from_numpy(getattr(found, name))
        for name in ("train_x", "train_y", "validation_x", "validation_y", "test_x", "test_y")
    }
    if form == "tokens":
        # One scale for all splits, so that a grey value is the same token everywhere.
        everything = torch.cat([arrays[f"{s}_x"] for s in ("train", "validation", "test")])
        counts = [len(arrays[f"{s}_x"]) for s in ("train", "validation", "test")]
        parts = torch.split(shaped(everything, form, least), counts)
        for split, part in zip(("train", "validation", "test"), parts, strict=True):
            arrays[f"{split}_x"] = part
    else:
        for split in ("train", "validation", "test"):
            arrays[f"{split}_x"] = shaped(arrays[f"{split}_x"], form, least)
    # What nobody asked for is left out: a network of one's own need not take all of it.
    chosen = {k: v for k, v in (("activation", activation), ("init", init)) if v is not None}
    if model == "mlp":
        chosen = {"activation": "relu", **chosen}
    arrays = {name: array.to(place) for name, array in arrays.items()}
    shape = tuple(arrays["train_x"].shape[1:])
    network = models.get(model)(
        math.prod(shape) if form == "vector" else shape,
        found.outputs,
        generator=torch.Generator().manual_seed(seed),
        **chosen,
        **sizes,
    ).to(place)

    values = found.kind == "values"
    name, score = ("R²", explained) if values else ("accuracy", accuracy)

    def evaluate() -> dict[str, float]:
        return {
            f"{split} {name}": score(network, arrays[f"{split}_x"], arrays[f"{split}_y"])
            for split in ("validation", "test")
        }

    loss = squared_error if values else cross_entropy
    return Job(
        network, supervised(network, loss, arrays["train_x"], arrays["train_y"], batch), evaluate
    )


def squared_error(outputs: Tensor, y: Tensor) -> Tensor:
    """Mean squared error of outputs (samples, …) against values of as many numbers."""
    return mse_loss(outputs.reshape(y.shape), y)


def explained(network: nn.Module, x: Tensor, y: Tensor) -> float:
    """R², the share of the variance that a network explains, in evaluation mode."""
    network.eval()
    with torch.no_grad():
        lost = squared_error(network(x), y).item()
    return 1 - lost / y.var(correction=0).item()


def accuracy(network: nn.Module, x: Tensor, y: Tensor, batch: int = 500) -> float:
    """Share of samples that a network gets right, in evaluation mode."""
    network.eval()
    with torch.no_grad():
        right: int = sum(
            (network(part).argmax(dim=1) == wanted).sum().item()
            for part, wanted in zip(torch.split(x, batch), torch.split(y, batch), strict=True)
        )
    return right / len(y)

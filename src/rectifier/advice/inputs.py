"""Inputs that a network would take, to run it once. Layer: advice; needs torch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

_SIDES = (32, 64, 224, 28, 8, 84, 128, 96, 16, 227, 299)
"""Of CIFAR-10, ImageNet, MNIST, digits, Atari, …: what networks with fixed sizes are often for."""
_FIRST = (
    nn.Linear,
    *(nn.Conv1d, nn.Conv2d, nn.Conv3d),
    *(nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    *(nn.RNNBase, nn.RNNCellBase, nn.Embedding, nn.MultiheadAttention),
)


def made_up(shapes: Sequence[Sequence[int]]) -> Iterator[tuple[Tensor, ...]]:
    """Two samples of those shapes: from N(0, 1), or zeros where it is to be tokens."""
    drawn = [torch.randn(2, *shape) for shape in shapes]
    whole = [torch.zeros(2, *shape, dtype=torch.int64) for shape in shapes]
    yield from itertools.product(*zip(drawn, whole, strict=True))


def suited(model: nn.Module, made: Any) -> tuple[Any, ...]:
    """Made inputs in the precision of the model's weights; tokens stay whole numbers."""
    weights = (each.dtype for each in model.parameters() if each.is_floating_point())
    dtype = next(weights, torch.float32)
    given = made if isinstance(made, tuple) else (made,)
    return tuple(each.to(dtype) if each.is_floating_point() else each for each in given)


def guesses(model: nn.Module) -> Iterator[Any]:
    """Inputs of a shape that a module tells, or that the first layer with weights would take."""
    first = next((m for m in model.modules() if isinstance(m, _FIRST)), None)
    for module in model.modules():
        shape = vars(module).get("shape")  # as the networks of rectifier.models have it
        if isinstance(shape, tuple) and shape and all(isinstance(n, int) for n in shape):
            yield torch.randn(2, *shape)
            break
    makers: dict[type, Callable[[Any], list[Any]]] = {
        nn.Linear: lambda m: [torch.randn(2, m.in_features), torch.randn(2, 5, m.in_features)],
        nn.Conv1d: lambda m: [torch.randn(2, m.in_channels, side) for side in (64, 256)],
        nn.Conv2d: lambda m: [torch.randn(2, m.in_channels, side, side) for side in _SIDES],
        nn.Conv3d: lambda m: [torch.randn(1, m.in_channels, 16, 16, 16)],
        nn.RNNBase: lambda m: [torch.randn(2, 5, m.input_size)],
        nn.RNNCellBase: lambda m: [torch.randn(2, 5, m.input_size), torch.randn(2, m.input_size)],
        nn.Embedding: lambda m: [torch.zeros(2, length, dtype=torch.int64) for length in (8, 2)],
        nn.MultiheadAttention: lambda m: [torch.randn(2, 5, m.embed_dim)],
    }
    for kind, make in makers.items():
        if isinstance(first, kind):
            yield from make(first)
    if isinstance(first, nn.Linear):  # images that are flattened before it
        for channels in (1, 3):
            side = round((first.in_features / channels) ** 0.5)
            if channels * side * side == first.in_features:
                yield torch.randn(2, channels, side, side)

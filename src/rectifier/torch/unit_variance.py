"""LSUV: weights rescaled, layer by layer, until a sample gives each output unit variance.

Layer: torch front end, below `rectifier.torch.initialize`. One run over the sample does it: each
layer is fitted when it runs, and what it then gives goes on to the next one.

Source: Mishkin and Matas (2016), "All you need is a good init", algorithm 1.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.analysis.schemes import unit_variance
from rectifier.torch.sample import running
from rectifier.torch.schemes import Weighted, write_weight


def rescale(model: nn.Module, layers: Mapping[str, Weighted], sample: Any) -> dict[str, float]:
    """Rescale the weights of layers until each one's output on the sample has unit variance.

    The model runs in evaluation mode. A layer that runs more than once is fitted the first time.

    Args:
        model: The model that holds them; its modes are as before afterwards.
        layers: The layers by path.
        sample: One input of the model, or a tuple of its positional arguments.

    Returns:
        The factor by which each layer's weight was multiplied; layers that do not run on the sample
        are left out.

    Raises:
        InvalidInputError: A layer's output is the same for all of the sample, or not finite.
    """
    factors: dict[str, float] = {}

    def fit(name: str, layer: Weighted, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
        if name in factors:
            return output

        def variance() -> float:
            nonlocal output
            output = layer.forward(*inputs)
            return float(output.double().var(correction=0))

        factors[name] = unit_variance(name, variance, functools.partial(_multiply, layer))
        return output

    handles = [
        layer.register_forward_hook(functools.partial(fit, name)) for name, layer in layers.items()
    ]
    try:
        with torch.no_grad(), running(model, sample) as run:
            run()
    finally:
        for handle in handles:
            handle.remove()
    return factors


def _multiply(layer: Weighted, factor: float) -> None:
    write_weight(layer, layer.weight.detach() * factor)

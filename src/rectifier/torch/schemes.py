"""How a layer's weight is drawn: the fans, the random numbers.

Layer: torch front end, below `rectifier.torch.initialize`, which decides the gain. What the
variance is divided by and which distribution is drawn from is said by the scheme, one of
`rectifier.analysis.schemes`.

Two fans differ from ``torch.nn.init``: in a grouped convolution an input feeds only the outputs of
its group, and in a strided one only every so many positions meet. Both are counted here.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import torch
from torch import Tensor, nn

from rectifier.analysis.schemes import Scheme

_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, *_TRANSPOSED)
"""The layers that are initialised."""

Weighted: TypeAlias = nn.Linear | nn.modules.conv._ConvNd


def fans(layer: Weighted) -> tuple[float, float]:
    """Return how many inputs reach one output of a layer, and how many outputs one input reaches.

    Args:
        layer: One of `WEIGHTED`.

    Returns:
        Fan in and fan out; a stride makes them a mean over positions.
    """
    if isinstance(layer, nn.Linear):
        outputs, inputs = layer.weight.shape
        return float(inputs), float(outputs)
    window = math.prod(layer.kernel_size)
    stride = math.prod(layer.stride)
    into = layer.in_channels / layer.groups * window
    out_of = layer.out_channels / layer.groups * window
    if isinstance(layer, _TRANSPOSED):
        return max(into / stride, 1.0), out_of
    return into, max(out_of / stride, 1.0)


def draw(
    layer: Weighted, scheme: Scheme, gain: float, generator: torch.Generator | None
) -> tuple[Tensor, float, float]:
    """Draw new values for a layer's weight.

    Args:
        layer: One of `WEIGHTED`.
        scheme: The rule.
        gain: The factor on the standard deviation.
        generator: Where the random numbers come from; None for torch's own on the weight's device.

    Returns:
        Values of the weight's shape in float32 or better, the fan and the standard deviation.
    """
    weight = layer.weight
    device = weight.device if generator is None else generator.device
    dtype = torch.float64 if weight.dtype == torch.float64 else torch.float32
    values = torch.empty(weight.shape, dtype=dtype, device=device)
    into, out_of = fans(layer)
    if weight.numel() == 0:
        return values, into, 0.0
    if scheme.distribution == "orthogonal":
        rows = weight.shape[0]
        nn.init.orthogonal_(values, gain, generator=generator)
        size = max(rows, weight.numel() // rows)
        return values, float(size), gain / math.sqrt(size)
    fan = {"in": into, "out": out_of, "mean": (into + out_of) / 2}[scheme.fan]
    if fan == 0:
        return values, fan, 0.0
    std = gain / math.sqrt(fan)
    if scheme.distribution == "normal":
        values.normal_(0.0, std, generator=generator)
    else:
        bound = math.sqrt(3.0) * std
        values.uniform_(-bound, bound, generator=generator)
    return values, fan, std


def assign(layer: Weighted, values: Tensor) -> None:
    """Write new values into a layer's weight and zeros into its bias."""
    with torch.no_grad():
        values = values.to(layer.weight.device, layer.weight.dtype)
        if isinstance(layer.weight, nn.Parameter):
            layer.weight.copy_(values)
        else:  # parametrised: the assignment goes through the parametrisation's right inverse
            layer.weight = values
        if layer.bias is not None:
            layer.bias.zero_()

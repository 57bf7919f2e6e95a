"""How a layer's weight is drawn: the fans, the random numbers.

Layer: torch front end, below `rectifier.torch.initialize`, which decides the gain. What the
variance is divided by and which distribution is drawn from is said by the scheme, one of
`rectifier.analysis.schemes`.

Two fans differ from ``torch.nn.init``: in a grouped convolution an input feeds only the outputs of
its group, and in a strided one only every so many positions meet. Both are counted here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias, cast

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


@dataclass(frozen=True)
class Drawn:
    """New values for a layer.

    Attributes:
        weight: Of the weight's shape, in float32 or better.
        bias: One number for each output, or one for all of them.
        fan: The number of connections that the scheme divides by.
        std: Standard deviation of the weights; 0 where none were drawn.
    """

    weight: Tensor
    bias: Tensor | float
    fan: float
    std: float


def draw(
    layer: Weighted,
    scheme: Scheme,
    gain: float,
    generator: torch.Generator | None,
    bias: float = 0.0,
) -> Drawn:
    """Draw new values for a layer's weight, and for its bias where the scheme has one for it.

    Args:
        layer: One of `WEIGHTED`.
        scheme: The rule.
        gain: The factor on the standard deviation, where the scheme uses it.
        generator: Where the random numbers come from; None for torch's own on the weight's device.
        bias: The bias of schemes that draw none.
    """
    weight = layer.weight
    device = weight.device if generator is None else generator.device
    dtype = torch.float64 if weight.dtype == torch.float64 else torch.float32
    values = torch.empty(weight.shape, dtype=dtype, device=device)
    into, out_of = fans(layer)
    if weight.numel() == 0:
        return Drawn(values, bias, into, 0.0)
    if scheme.distribution == "identity":
        _identity(values, layer)
        return Drawn(values, bias, into, 0.0)
    if scheme.distribution == "orthogonal":
        rows = weight.shape[0]
        factor = gain if scheme.uses_gain else scheme.scale
        nn.init.orthogonal_(values, factor, generator=generator)
        size = max(rows, weight.numel() // rows)
        return Drawn(values, bias, float(size), factor / math.sqrt(size))
    fan = scheme.size(into, out_of)
    std = scheme.deviation(gain, into, out_of)
    if scheme.distribution == "uniform":
        bound = math.sqrt(3.0) * std
        values.uniform_(-bound, bound, generator=generator)
    else:
        values.normal_(0.0, std, generator=generator)
    if scheme.distribution == "asymmetric":
        return Drawn(*_asymmetric(values, layer, std, generator), fan, std)
    return Drawn(values, bias, fan, std)


def _identity(values: Tensor, layer: Weighted) -> None:
    """Put ones where an output has its input's number, for a convolution at its window's centre."""
    if isinstance(layer, nn.Linear):
        nn.init.eye_(values)
    else:
        nn.init.dirac_(values, layer.groups)


def _asymmetric(
    values: Tensor, layer: Weighted, std: float, generator: torch.Generator | None
) -> tuple[Tensor, Tensor | float]:
    """Replace one number of each output, of its weights and its bias, by one from Beta(2, 1)."""
    turned = values[None]
    transposed = isinstance(layer, _TRANSPOSED)
    if transposed:  # inputs stand before outputs, group by group
        turned = torch.stack(values.chunk(cast(int, layer.groups))).transpose(1, 2)
    shape = turned.shape
    rows = turned.reshape(layer.weight.shape[0] if not transposed else shape[0] * shape[1], -1)
    bias = layer.bias is not None
    if bias:
        extra = torch.empty(len(rows), 1, dtype=rows.dtype, device=rows.device)
        rows = torch.cat([rows, extra.normal_(0.0, std, generator=generator)], dim=1)
    size, device = (len(rows), 1), rows.device
    chosen = torch.randint(rows.shape[1], size, device=device, generator=generator)
    # The square root of a uniform number has the density 2 x of Beta(2, 1).
    positive = torch.rand(size, dtype=rows.dtype, device=device, generator=generator).sqrt()
    rows = rows.scatter(1, chosen, positive)
    weights = rows[:, :-1] if bias else rows
    back = weights.reshape(shape)
    back = back.transpose(1, 2).flatten(0, 1) if transposed else back[0]
    return back, rows[:, -1] if bias else 0.0


def assign(layer: Weighted, drawn: Drawn) -> None:
    """Write new values into a layer's weight and bias."""
    with torch.no_grad():
        write_weight(layer, drawn.weight)
        if layer.bias is not None:
            if isinstance(drawn.bias, Tensor):
                layer.bias.copy_(drawn.bias)
            else:
                layer.bias.fill_(drawn.bias)


def write_weight(layer: Weighted, values: Tensor) -> None:
    """Write new values into a layer's weight, parametrised or not."""
    with torch.no_grad():
        values = values.to(layer.weight.device, layer.weight.dtype)
        if isinstance(layer.weight, nn.Parameter):
            layer.weight.copy_(values)
        else:  # the assignment goes through the parametrisation's right inverse
            layer.weight = values

"""How a layer's weight is drawn: the rule, the fans, the random numbers.

Layer: torch front end, below `rectifier.torch.initialize`, which decides the gain. A scheme says
what the variance is divided by and which distribution is drawn from.

Two fans differ from ``torch.nn.init``: in a grouped convolution an input feeds only the outputs of
its group, and in a strided one only every so many positions meet. Both are counted here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from rectifier.errors import InvalidInputError, UnknownNameError

_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, *_TRANSPOSED)
"""The layers that are initialised."""

Weighted: TypeAlias = nn.Linear | nn.modules.conv._ConvNd


@dataclass(frozen=True)
class Scheme:
    """A rule for the weights of a layer.

    Attributes:
        name: What it is called.
        distribution: What is drawn.
        fan: What the variance is divided by: inputs, outputs or the mean of both.
        uses_gain: Whether the gain of the activation counts.
        source: Who proposed it.
    """

    name: str
    distribution: Literal["normal", "uniform", "orthogonal"]
    fan: Literal["in", "out", "mean"]
    uses_gain: bool
    source: str


_HE = "He et al. (2015), Delving Deep into Rectifiers"
_GLOROT = "Glorot and Bengio (2010), Understanding the difficulty of training deep networks"
_LECUN = "LeCun et al. (1998), Efficient BackProp"
_SAXE = "Saxe et al. (2014), Exact solutions to the nonlinear dynamics of learning"
SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        scheme.name: scheme
        for scheme in (
            Scheme("he_normal", "normal", "in", True, _HE),
            Scheme("he_uniform", "uniform", "in", True, _HE),
            Scheme("he_normal_fan_out", "normal", "out", True, _HE),
            Scheme("he_uniform_fan_out", "uniform", "out", True, _HE),
            Scheme("lecun_normal", "normal", "in", False, _LECUN),
            Scheme("lecun_uniform", "uniform", "in", False, _LECUN),
            Scheme("xavier_normal", "normal", "mean", True, _GLOROT),
            Scheme("xavier_uniform", "uniform", "mean", True, _GLOROT),
            Scheme("orthogonal", "orthogonal", "in", True, _SAXE),
        )
    }
)
"""Every scheme by its name."""

_ALIASES = MappingProxyType({"kaiming": "he", "glorot": "xavier"})


def get_scheme(name: str) -> Scheme:
    """Return a scheme by name; ``kaiming`` stands for ``he``, ``glorot`` for ``xavier``.

    Args:
        name: Its name; without a distribution (``"lecun"``) the normal one is meant.

    Raises:
        UnknownNameError: There is no such scheme.
    """
    if not isinstance(name, str):
        raise InvalidInputError(f"scheme must be a name, got {name!r}.")
    first, _, rest = name.strip().lower().partition("_")
    first = _ALIASES.get(first, first)
    for candidate in (f"{first}_{rest}" if rest else first, f"{first}_normal"):
        if candidate in SCHEMES and (rest == "" or candidate.endswith(rest)):
            return SCHEMES[candidate]
    raise UnknownNameError("initialisation scheme", name, SCHEMES)


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

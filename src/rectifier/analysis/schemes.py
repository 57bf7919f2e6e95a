"""The rules by which weights are drawn, as data: distribution, fan, whether the gain counts.

Layer: analysis (standard library only). The one table that all front ends read. A front end draws
the numbers; how many connections a layer has is its concern too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from rectifier.errors import InvalidInputError, UnknownNameError

Distribution = Literal["normal", "uniform", "orthogonal", "identity", "asymmetric"]


@dataclass(frozen=True)
class Scheme:
    """A rule for the weights of a layer.

    Attributes:
        name: What it is called.
        distribution: What is drawn. ``"identity"`` is no drawing: ones where an output has its
            input's number. ``"asymmetric"`` is a normal distribution with one entry for each
            output, among its weights and its bias, from Beta(2, 1) instead.
        fan: What the variance is divided by: inputs, outputs or the mean of both.
        uses_gain: Whether the gain of the activation counts.
        source: Who proposed it.
        scale: What stands in the gain's place where that does not count.
        std: The standard deviation, where it is the same for every layer; else None.
        data_driven: Whether the weights are rescaled until a sample gives unit variance.
    """

    name: str
    distribution: Distribution
    fan: Literal["in", "out", "mean"]
    uses_gain: bool
    source: str
    scale: float = 1.0
    std: float | None = None
    data_driven: bool = False

    @property
    def variance_scaling(self) -> tuple[str, str]:
        """Fan and distribution as ``variance_scaling`` of JAX and of Keras calls them.

        Both truncate a normal distribution at two standard deviations and rescale it.
        """
        fan = {"in": "fan_in", "out": "fan_out", "mean": "fan_avg"}[self.fan]
        return fan, "truncated_normal" if self.distribution == "normal" else self.distribution

    def deviation(self, gain: float, fan_in: float, fan_out: float) -> float:
        """Return the standard deviation of one weight.

        Args:
            gain: The activation's; counts only where `uses_gain` says so.
            fan_in: How many inputs reach one output.
            fan_out: How many outputs one input reaches.

        Returns:
            The deviation; 0 for a layer without connections.
        """
        if self.std is not None:
            return self.std
        factor = gain if self.uses_gain else self.scale
        fan = self.size(fan_in, fan_out)
        return factor / math.sqrt(fan) if fan > 0 else 0.0

    def size(self, fan_in: float, fan_out: float) -> float:
        """Return the number of connections that the variance is divided by."""
        if self.distribution == "orthogonal":
            return max(fan_in, fan_out)
        return {"in": fan_in, "out": fan_out, "mean": (fan_in + fan_out) / 2}[self.fan]


_HE = "He et al. (2015), Delving Deep into Rectifiers"
_GLOROT = "Glorot and Bengio (2010), Understanding the difficulty of training deep networks"
_LECUN = "LeCun et al. (1998), Efficient BackProp"
_SAXE = "Saxe et al. (2014), Exact solutions to the nonlinear dynamics of learning"
_MISHKIN = "Mishkin and Matas (2016), All you need is a good init"
_LE = "Le et al. (2015), A Simple Way to Initialize Recurrent Networks of Rectified Linear Units"
_LU = "Lu et al. (2020), Dying ReLU and Initialization: Theory and Numerical Examples"
_KRIZHEVSKY = "Krizhevsky et al. (2012), ImageNet Classification with Deep CNNs"
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
            Scheme("lsuv", "orthogonal", "in", False, _MISHKIN, data_driven=True),
            Scheme("identity", "identity", "in", False, _LE),
            Scheme("randomized_asymmetric", "asymmetric", "in", False, _LU, scale=0.6007),
            Scheme("alexnet", "normal", "in", False, _KRIZHEVSKY, std=0.01),
        )
    }
)
"""Every scheme by its name."""

RECURRENT_STD = 0.001
"""Deviation of the weights that are not recurrent, beside identity ones (Le et al. 2015)."""
UNIT_VARIANCE_TOLERANCE = 0.01
"""How far from 1 LSUV leaves a layer's variance at most on its sample.

Mishkin and Matas (2016) allow 0.1, which functions without an attracting fixed point, such as SiLU,
make more of with each layer; and one step is all that a linear layer needs.
"""
UNIT_VARIANCE_TRIALS = 10

_ALIASES = MappingProxyType({"kaiming": "he", "glorot": "xavier", "rai": "randomized_asymmetric"})


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


def has_unit_bias(place: int, convolution: bool, last: bool) -> bool:
    """Say whether AlexNet's rule gives a layer the bias 1 rather than 0.

    Args:
        place: Its number among the convolutions of the network, from 1.
        convolution: Whether it is one.
        last: Whether it is the network's last layer.

    Returns:
        True for the second, fourth and fifth convolution and for hidden fully connected layers.
    """
    return place in (2, 4, 5) if convolution else not last


def chain_gains(count: int, gain: float, homogeneous: bool) -> tuple[float, ...]:
    """Return the factor for each layer of a chain with one activation between any two of them.

    A homogeneous activation's gain goes to the layers that it follows, by custom; any other's to
    those that read its outputs, where it keeps all pre-activations at the variance of the input.

    Args:
        count: The number of layers, from 1.
        gain: The activation's.
        homogeneous: Whether f(c x) = c f(x) for c > 0.
    """
    inner = [gain] * (count - 1)
    return (*inner, 1.0) if homogeneous else (1.0, *inner)


def unit_variance(
    name: str,
    variance: Callable[[], float],
    multiply: Callable[[float], None],
    *,
    tolerance: float = UNIT_VARIANCE_TOLERANCE,
    trials: int = UNIT_VARIANCE_TRIALS,
) -> float:
    """Rescale one layer until its output has unit variance: the loop of LSUV.

    Args:
        name: What to call the layer in a message.
        variance: Runs the network on the sample and returns the variance of the layer's output.
        multiply: Multiplies the layer's weights.
        tolerance: How far from 1 the variance may stay.
        trials: How often to rescale at most.

    Returns:
        The product of all factors.

    Raises:
        InvalidInputError: The output is the same for all of the sample, or not finite.
    """
    total = 1.0
    for _ in range(trials):
        now = variance()
        if not 0 < now < math.inf:
            raise InvalidInputError(
                f"the output of layer {name!r} has the variance {now:g} on the sample, so no "
                "factor makes it 1; give a sample that differs between its rows."
            )
        if abs(now - 1) < tolerance:
            break
        factor = 1 / math.sqrt(now)
        multiply(factor)
        total *= factor
    return total

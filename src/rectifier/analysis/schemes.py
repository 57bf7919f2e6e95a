"""The rules by which weights are drawn, as data: distribution, fan, whether the gain counts.

Layer: analysis (standard library only). A front end draws the numbers; how many connections a
layer has is its concern too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from rectifier.errors import InvalidInputError, UnknownNameError


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

    @property
    def variance_scaling(self) -> tuple[str, str]:
        """Fan and distribution as ``variance_scaling`` of JAX and of Keras calls them.

        Both truncate a normal distribution at two standard deviations and rescale it.
        """
        fan = {"in": "fan_in", "out": "fan_out", "mean": "fan_avg"}[self.fan]
        return fan, "truncated_normal" if self.distribution == "normal" else self.distribution


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

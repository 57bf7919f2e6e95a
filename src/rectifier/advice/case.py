"""What is known of a case: purpose, depth, normalisation. Layer: advice, no framework."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rectifier.errors import InvalidInputError, UnknownNameError

DOMAINS = ("cnn", "transformer", "rnn", "rl", "series", "tables", "mlp")
PREFERENCES = ("speed", "accuracy")
OUTPUTS = ("classes", "regression", "probability", "positive", "bounded")


@dataclass(frozen=True)
class Case:
    """Facts to be advised on; None where nothing is known. Checked when built.

    Attributes:
        domain: One of `DOMAINS`.
        depth: Number of layers with weights.
        width: Units of the narrowest hidden layer.
        widths: Units of each layer that ReLU follows, where they were read; empty: not known.
        batch_norm: Whether there is batch normalisation.
        other_norm: Kind of another normalisation that is there, such as ``layer``; empty: none.
        residual: Whether layers are bridged by shortcuts.
        edge: Whether it must run on a small device, or in integers.
        prefer: One of `PREFERENCES`.
        signed_inputs: Whether negative values carry meaning of their own.
        output: One of `OUTPUTS`: what the network gives.
        activations: Names of those that the network has.
        written_out: Those of them that are formulas in its code, which no call stands for.
        gated: Names of those that a sigmoid is multiplied with, as in a gated unit.
        output_activation: Name of what is applied to the last layer; empty: nothing.
    """

    domain: str = "mlp"
    depth: int | None = None
    width: int | None = None
    widths: tuple[int, ...] = ()
    batch_norm: bool | None = None
    other_norm: str = ""
    residual: bool | None = None
    edge: bool = False
    prefer: str | None = None
    signed_inputs: bool = False
    output: str | None = None
    activations: tuple[str, ...] = ()
    written_out: tuple[str, ...] = ()
    gated: tuple[str, ...] = ()
    output_activation: str | None = None

    def __post_init__(self) -> None:
        if self.domain not in DOMAINS:
            raise UnknownNameError("domain", self.domain, DOMAINS)
        if self.prefer is not None and self.prefer not in PREFERENCES:
            raise UnknownNameError("preference", self.prefer, PREFERENCES)
        if self.output is not None and self.output not in OUTPUTS:
            raise UnknownNameError("output", self.output, OUTPUTS)
        for name, number in (("depth", self.depth), ("width", self.width)):
            if number is not None and number < 1:
                raise InvalidInputError(f"the {name} must be at least 1; {number} came")

    @property
    def deep(self) -> bool:
        """Whether it has twenty layers or more."""
        return self.depth is not None and self.depth >= 20

    @property
    def bare(self) -> bool:
        """Whether nothing keeps its signal in range: neither normalisation nor shortcuts."""
        return self.batch_norm is False and not self.other_norm and not self.residual

    @property
    def of_sines(self) -> bool:
        """Whether its activations are sines, called as functions or as modules."""
        return bool({"sin", "sine", "siren"} & {*self.activations})

    @property
    def plain_rectified_cell(self) -> bool:
        """Whether it is recurrent with ReLU in its cell: a gated one has tanh as well."""
        return (
            self.domain == "rnn" and "relu" in self.activations and "tanh" not in self.activations
        )

    @property
    def born_dead(self) -> float | None:
        """Bound on the chance that a fresh ReLU network of that size is dead (Lu et al. 2020)."""
        if self.widths:
            return -math.expm1(sum(math.log1p(-(2.0**-units)) for units in self.widths))
        if self.depth is None or self.width is None or self.width > 60:
            return None
        return -math.expm1((self.depth - 1) * math.log1p(-(2.0**-self.width)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in vars(self).items()}

"""What is compared: an activation everywhere, a mix of them layer by layer, or what is there.

Layer: compare, no framework. An arm is written as a person would: a name of the catalog, a family
(all of its members), a formula, ``name=formula``, or several of these with ``|`` between them for a
mix, the first for the first hidden layers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError

OWN = "own"
"""Name of the arm that leaves a model as it is, where its activations have no one name."""


@dataclass(frozen=True)
class Arm:
    """One of what is compared.

    Attributes:
        name: As in reports.
        layers: One activation: at every hidden site. Several: spread over the hidden sites in their
            order, in equal runs. None: the model as it is.
    """

    name: str
    layers: tuple[Activation, ...]

    @classmethod
    def of(cls, activation: Activation) -> Arm:
        """The arm that puts one activation at every hidden site."""
        return cls(activation.name, (activation,))

    def at(self, place: int, sites: int) -> Activation:
        """The activation at one of so many hidden sites, counted from 0.

        Raises:
            InvalidInputError: There are fewer sites than activations.
        """
        if len(self.layers) > sites:
            raise InvalidInputError(
                f"the mix {self.name!r} names {len(self.layers)} activations, but the model has "
                f"{sites} hidden places for one"
            )
        return self.layers[place * len(self.layers) // sites]


def mixed(activations: Iterable[Activation]) -> Arm:
    """The arm that has these, in this order; one and the same throughout is no mix."""
    layers = tuple(activations)
    if len(set(layers)) == 1:
        return Arm.of(layers[0])
    return Arm("|".join(activation.name for activation in layers), layers)


def arms(given: Iterable[str | Activation | Arm]) -> tuple[Arm, ...]:
    """All arms that are meant, each once.

    Args:
        given: Names, aliases, families, formulas, mixes; activations and arms stay as they are.

    Raises:
        UnknownNameError: There is no such activation.
        ExpressionError: A formula cannot be read.
    """
    found: list[Arm] = []
    for each in given:
        for arm in (each,) if isinstance(each, Arm) else _arms(each):
            if arm not in found:
                found.append(arm)
    return tuple(found)


def _arms(given: str | Activation) -> tuple[Arm, ...]:
    if isinstance(given, Activation):
        return (Arm.of(given),)
    text = given.strip() if isinstance(given, str) else given
    if isinstance(text, str) and "|" in text:
        parts = [part.strip() for part in text.split("|")]
        if not all(parts):
            raise InvalidInputError(f"the mix {text!r} has a place without an activation; name one")
        return (mixed(catalog.get(part) for part in parts),)
    if isinstance(text, str) and text.lower() in catalog.families():
        return tuple(Arm.of(catalog.get(name)) for name in catalog.names(text.lower()))
    return (Arm.of(catalog.get(text)),)


def split_list(text: str) -> tuple[str, ...]:
    """The parts between commas, those within parentheses left whole.

    Example:
        >>> split_list("relu, maximum(x, 0.1*x),gelu|mish")
        ('relu', 'maximum(x, 0.1*x)', 'gelu|mish')
    """
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth <= 0:
            parts.append(text[start:place])
            start = place + 1
    return tuple(part.strip() for part in [*parts, text[start:]] if part.strip())

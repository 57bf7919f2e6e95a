"""How a family file writes one activation: formulas as text, everything checked at import.

Layer: catalog (standard library only). A leading underscore keeps this file out of the scan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rectifier.activation import Activation, Param, Sharing, Source
from rectifier.expression import parse


@dataclass(frozen=True)
class Advice:
    """When to use an activation and when not, as the literature has it.

    A family file ends with ``ADVICE``: the advice for the family under the empty name, and that for
    single activations under theirs.

    Args:
        use: When to use it, in a sentence or two.
        avoid: When not to.
        sources: Where that is found, such as ``"He et al. 2015, arXiv:1502.01852"``.
    """

    use: str
    avoid: str
    sources: tuple[str, ...]


def learned(
    default: float,
    description: str,
    *,
    low: float | None = None,
    sharing: Sharing = "shared",
) -> Param:
    """Return a parameter that training changes and that weight decay leaves alone.

    Args:
        default: Where learning starts.
        description: What it does, in a few words.
        low: Smallest value that may be given.
        sharing: One value per layer, or one per channel.
    """
    return Param(
        default,
        low=low,
        learnable=True,
        sharing=sharing,
        weight_decay=False,
        description=description,
    )


def entry(
    module: str,
    name: str,
    formula: str,
    *,
    source: Source,
    summary: str,
    class_name: str,
    params: Mapping[str, Param] | None = None,
    aliases: tuple[str, ...] = (),
    stable: str | None = None,
    stable_derivative: str | None = None,
    differs: str = "",
) -> Activation:
    """Build an activation of the family that the calling module is.

    Args:
        module: The caller's ``__name__``; its last part is the family.
        name: As in `Activation`, like everything that is not named here.
        formula: The formula as text.
        source: Where it comes from.
        summary: One sentence on what it is.
        class_name: What its module classes are called.
        params: The parameters in order.
        aliases: Other names.
        stable: The better form of the value, as text.
        stable_derivative: The better form of the derivative, as text.
        differs: Where it differs from the source or from common libraries.
    """
    params = params or {}
    names = ("x", *params)
    return Activation(
        name=name,
        expression=parse(formula, names),
        params=params,
        family=module.rpartition(".")[2],
        source=source,
        aliases=aliases,
        summary=summary,
        class_name=class_name,
        stable=None if stable is None else parse(stable, names),
        stable_derivative=None if stable_derivative is None else parse(stable_derivative, names),
        differs=differs,
    )

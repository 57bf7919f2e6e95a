"""An activation's card in words: one list of properties for terminal and page.

For the report layer. Every value comes from `rectifier.analysis.Card`; here it only becomes text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rectifier.report import wording

if TYPE_CHECKING:
    from rectifier.activation import Param, Source
    from rectifier.analysis import Card, Cost, UnitCard

Rows = tuple[tuple[str, str], ...]

_SYMMETRY = {"odd": "odd: f(−x) = −f(x)", "even": "even: f(−x) = f(x)", None: "none"}


def properties(card: Card) -> Rows:
    """What the function is like: pairs of property and value.

    Args:
        card: Of `rectifier.analysis.card`.

    Returns:
        In the order in which they are read.
    """
    gain = f"none: {card.missing}" if card.gain is None else f"{card.gain:.6g}"
    rows = [
        ("gain", gain),
        ("range", f"{span(card.range)}{_bounded(card)}"),
        ("slope", span(card.slope_range)),
        ("monotone", card.direction if card.direction else "no"),
        ("invertible", "yes" if card.invertible else "no"),
        ("symmetry", _SYMMETRY[card.symmetry]),
        ("minimum", _minimum(card)),
        ("smoothness", _smoothness(card.smoothness)),
        ("kinks", _kinks(card)),
        ("zero gradient", ", ".join(interval(i) for i in card.zero_gradient) or "nowhere"),
        ("homogeneous", "yes: f(c x) = c f(x) for c > 0" if card.homogeneous else "no"),
        ("Lipschitz, f", _constant(card.lipschitz)),
        ("Lipschitz, f′", _constant(card.slope_lipschitz)),
        ("cost of f", _cost(card.cost)),
        ("cost of f and f′", _cost(card.training_cost)),
    ]
    return tuple((name, value) for name, value in rows if value)


def averages(card: Card) -> Rows:
    """What becomes of inputs z ~ N(0, 1)."""
    moments = card.moments
    if moments is None:
        share = wording.percent(_share(card.sparsity))
        return (("moments", f"none: {card.missing}"), ("outputs that are 0", share))
    return (
        ("mean of f(z)", "0: zero-centred" if card.zero_centred else _near(moments.mean)),
        ("variance of f(z)", _near(moments.variance)),
        ("mean of f′(z)²", _near(moments.slope_second)),
        ("outputs that are 0", wording.percent(_share(card.sparsity))),
    )


def advice(card: Card) -> Rows:
    """When to use it and when not, and where that is found; empty for one's own."""
    given = card.advice
    if given is None:
        return ()
    return (("use", given.use), ("avoid", given.avoid), ("found in", "; ".join(given.sources)))


def _near(value: float) -> str:
    return "0" if abs(value) < 1e-12 else wording.number(value, 4)


def _share(value: float) -> float:
    """Quadrature's 0.49999999999999994 is a half."""
    return round(value, 12)


def parameters(card: Card) -> tuple[tuple[str, str, str], ...]:
    """Name, value and description of each parameter."""
    return tuple(
        (wording.clean(name), wording.number(card.parameters.get(name), 6), describe(param))
        for name, param in card.params.items()
    )


def describe(param: Param) -> str:
    """What a parameter does and how it is trained, in a few words."""
    parts = [param.description] if param.description else []
    if param.low is not None or param.high is not None:
        low = "−∞" if param.low is None else wording.number(param.low)
        high = "∞" if param.high is None else wording.number(param.high)
        parts.append(f"from {low} to {high}")
    if param.learnable:
        each = "one per channel" if param.sharing == "channel" else "one per layer"
        decay = "" if param.weight_decay else ", no weight decay"
        parts.append(f"learned, {each}{decay}")
    return wording.clean("; ".join(parts))


def elsewhere(card: Card | UnitCard) -> str:
    """Which of the libraries installed here have it, and by what names."""
    found = card.elsewhere()
    named = "; ".join(f"{title}: {', '.join(names)}" for title, names in found.items())
    return named or "none of the libraries installed here"


def source(card: Card) -> str:
    """Who published it, when, where it is defined there."""
    return origin(card.source)


def origin(of: Source) -> str:
    """A source in one line."""
    year = "" if of.year is None else f" ({of.year})"
    text = f"{of.authors}{year}: {of.title}" if of.authors else f"{of.title}{year}"
    return wording.clean(text if text.endswith((".", "?", "!")) else f"{text}.")


def uses(card: Card) -> str:
    """How it is called from the front ends."""
    return f"rectifier.numpy.{card.name}, rectifier.torch.{card.class_name}"


def _bounded(card: Card) -> str:
    if card.bounded_below and card.bounded_above:
        return ", bounded"
    sides = [side for side in ("below", "above") if getattr(card, f"bounded_{side}")]
    return f", bounded {sides[0]}" if sides else ", unbounded"


def _constant(value: float) -> str:
    return wording.number(value, 6) if math.isfinite(value) else "no constant"


def _smoothness(value: float) -> str:
    if value < 0:
        return "discontinuous"
    if value == 0:
        return "C⁰: continuous, with a kink"
    if math.isinf(value):
        return "C∞: every derivative is continuous"
    return f"C{'⁰¹²³⁴⁵⁶⁷⁸⁹'[int(value)]}: the derivative of order {int(value) + 1} jumps"


def _cost(cost: Cost) -> str:
    calls = cost.transcendental
    word = "no transcendental call" if calls == 0 else wording.count(calls, "transcendental call")
    return f"{wording.count(cost.flops, 'flop')}, {word}"


def span(ends: tuple[float, float]) -> str:
    """Two ends as words: ``−0.309 to ∞``."""
    low, high = ends
    if low == high:
        return wording.number(low)
    return f"{wording.number(low, 4)} to {wording.number(high, 4)}"


def interval(ends: tuple[float, float]) -> str:
    """An interval of inputs: ``x < 0``."""
    low, high = ends
    if math.isinf(low) and math.isinf(high):
        return "everywhere"
    if math.isinf(low):
        return f"x < {wording.number(high)}"
    if math.isinf(high):
        return f"x > {wording.number(low)}"
    return f"{wording.number(low)} < x < {wording.number(high)}"


def _minimum(card: Card) -> str:
    if card.minimum is None:
        return ""
    place, value = card.minimum
    return f"{wording.number(value, 5)} at x = {wording.number(place, 5)}"


def _kinks(card: Card) -> str:
    if not card.kinks:
        return "none"
    shown = ", ".join(wording.number(kink) for kink in card.kinks[:8])
    more = len(card.kinks) - 8
    return f"at x = {shown}" + (f" and {more} more" if more > 0 else "")

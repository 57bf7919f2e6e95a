"""Everything that is known of one activation, in one record, derived from its definition.

Layer: analysis (NumPy only). Drawing it is left to `rectifier.report`. The file is not called card,
since a package cannot offer a function and a module of one name without confusing type checkers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from rectifier import catalog
from rectifier.activation import Activation, Param, Source
from rectifier.analysis import counting, facts, gaussian, peers, shape
from rectifier.analysis.normal import Array
from rectifier.analysis.operations import values
from rectifier.errors import InvalidActivationError
from rectifier.expression import to_latex, to_text

Found = TypeVar("Found")

_SPAN = 5.0
_SAMPLES = 1001


@dataclass(frozen=True, eq=False)
class Card:
    """What ``rectifier show`` prints.

    Attributes:
        activation: The activation itself.
        name: Its name.
        class_name: What its module classes are called.
        family: Its family.
        aliases: Its other names.
        summary: One sentence on what it is.
        differs: Where the definition differs from the source or from common libraries.
        source: Where it comes from.
        advice: When to use it and when not; None for an activation of one's own.
        params: The parameters by name.
        parameters: The values of the parameters that the figures below hold for.
        formula: The formula as text.
        latex: The formula as LaTeX.
        derivative: The first derivative as text.
        derivative_latex: The first derivative as LaTeX.
        gain: 1 / sqrt(E[f(z)²]) for z ~ N(0, 1); None where there is none.
        moments: Averages over z ~ N(0, 1); None where they are not finite or not to be told.
        missing: Why gain or moments are None, in a sentence; empty where they are not.
        sparsity: Probability of an output of exactly 0 for z ~ N(0, 1).
        range: Infimum and supremum of the function.
        slope_range: Infimum and supremum of the derivative.
        kinks: Where the function or its derivative jumps.
        zero_gradient: Intervals on which the derivative is exactly 0.
        direction: ``"increasing"``, ``"decreasing"``, ``"constant"`` or None if it is not monotone.
        homogeneous: Whether f(c x) = c f(x) for c > 0.
        lipschitz: The largest |derivative|, infinite where there is none.
        slope_lipschitz: The largest |second derivative|, infinite where there is none.
        smoothness: How many continuous derivatives there are: -1 for a jump, infinite for smooth.
        invertible: Whether no two inputs have the same output.
        symmetry: ``"odd"``, ``"even"`` or None.
        cost: Operations for one value.
        training_cost: Operations for one value and its derivative.
        minimum: Place and value of the lowest point, when it is attained inside; else None.
        x: Sample points for plots.
        value: f at them.
        slope: f' at them.
        curvature: f'' at them.
    """

    activation: Activation
    name: str
    class_name: str
    family: str
    aliases: tuple[str, ...]
    summary: str
    differs: str
    source: Source
    advice: catalog.Advice | None
    params: Mapping[str, Param]
    parameters: Mapping[str, float]
    formula: str
    latex: str
    derivative: str
    derivative_latex: str
    gain: float | None
    moments: gaussian.Moments | None
    missing: str
    sparsity: float
    range: tuple[float, float]
    slope_range: tuple[float, float]
    kinks: tuple[float, ...]
    zero_gradient: tuple[tuple[float, float], ...]
    direction: str | None
    homogeneous: bool
    lipschitz: float
    slope_lipschitz: float
    smoothness: float
    invertible: bool
    symmetry: str | None
    cost: counting.Cost
    training_cost: counting.Cost
    minimum: tuple[float, float] | None
    x: Array
    value: Array
    slope: Array
    curvature: Array

    @property
    def monotone(self) -> bool:
        """Whether the function never turns."""
        return self.direction is not None

    @property
    def bounded_below(self) -> bool:
        """Whether the function has a finite infimum."""
        return bool(np.isfinite(self.range[0]))

    @property
    def bounded_above(self) -> bool:
        """Whether the function has a finite supremum."""
        return bool(np.isfinite(self.range[1]))

    @property
    def zero_centred(self) -> bool:
        """Whether the mean output for normally distributed inputs is 0."""
        return self.moments is not None and abs(self.moments.mean) < 1e-12

    def elsewhere(self) -> dict[str, tuple[str, ...]]:
        """Return the names that installed libraries have for it, by the library's title."""
        return {} if self.advice is None else peers.elsewhere(self.name)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the sample points as plain data, fit for JSON.

        Infinite numbers become ``"Infinity"`` and ``"-Infinity"``, which ``float`` and JavaScript's
        ``Number`` read, and what is undefined None.

        Example:
            >>> card("relu").to_dict()["zero_gradient"]
            [['-Infinity', 0.0]]
        """
        left_out = ("activation", "params", "x", "value", "slope", "curvature")
        named = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        derived = ("monotone", "bounded_below", "bounded_above", "zero_centred")
        result = _plain({"schema": 1, **named, **{name: getattr(self, name) for name in derived}})
        result["params"] = {name: _plain(param) for name, param in self.params.items()}
        result["elsewhere"] = {title: list(names) for title, names in self.elsewhere().items()}
        return dict(result)


def _known(
    find: Callable[..., Found], spec: Activation, given: Mapping[str, float]
) -> tuple[Found | None, str]:
    """Return what is found, or None and why not: "no gain" is a fact to show, not a failure."""
    try:
        return find(spec, **given), ""
    except InvalidActivationError as error:
        return None, str(error)


def _advice(spec: Activation) -> catalog.Advice | None:
    known = spec.name in catalog.names() and catalog.get(spec.name) == spec
    return catalog.advice(spec.name) if known else None


def _plain(value: Any) -> Any:
    """Return records as mappings, tuples as lists, and numbers that JSON has no way to write."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def card(activation: str | Activation, **parameters: Any) -> Card:
    """Return everything that is known of an activation.

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.

    Raises:
        UnknownNameError: There is no such activation.
        InvalidActivationError: A parameter value makes no sense.

    Example:
        >>> card("relu").zero_gradient
        ((-inf, 0.0),)
    """
    spec = catalog.get(activation)
    given = spec.parameters(**parameters)
    x = np.linspace(-_SPAN, _SPAN, _SAMPLES)
    arrays = [
        values(expression, x, given)
        for expression in (spec.value_expression, spec.derivative_expression, spec.derivative(2))
    ]
    for array in (x, *arrays):
        array.setflags(write=False)
    moments, no_moments = _known(gaussian.moments, spec, given)
    gain, no_gain = _known(gaussian.gain, spec, given)
    missing = no_gain or no_moments
    lowest = shape.lowest_point(spec.value_expression, given)
    return Card(
        activation=spec,
        name=spec.name,
        class_name=spec.class_name,
        family=spec.family,
        aliases=spec.aliases,
        summary=spec.summary,
        differs=spec.differs,
        source=spec.source,
        advice=_advice(spec),
        params=spec.params,
        parameters=given,
        formula=spec.formula,
        latex=to_latex(spec.expression),
        derivative=to_text(spec.derivative()),
        derivative_latex=to_latex(spec.derivative()),
        gain=gain,
        moments=moments,
        missing=missing,
        sparsity=gaussian.gaussian_sparsity(spec, **given),
        range=shape.bounds(spec.value_expression, given),
        slope_range=shape.bounds(spec.derivative_expression, given),
        kinks=shape.kinks(spec.expression, given),
        zero_gradient=shape.zero_gradient(spec.expression, given),
        direction=shape.direction(spec.value_expression, given),
        homogeneous=shape.is_homogeneous(lambda z: values(spec.value_expression, z, given)),
        lipschitz=shape.lipschitz(spec.expression, spec.derivative_expression, given),
        slope_lipschitz=facts.slope_lipschitz(spec, **given),
        smoothness=facts.smoothness(spec, **given),
        invertible=facts.is_invertible(spec, **given),
        symmetry=facts.symmetry(spec, **given),
        cost=facts.cost(spec),
        training_cost=facts.training_cost(spec),
        minimum=lowest,
        x=x,
        value=arrays[0],
        slope=arrays[1],
        curvature=arrays[2],
    )

"""What a function does to normally distributed inputs: gain, moments, sparsity.

Layer: analysis (NumPy only). Integrals are taken piece by piece between the break points that the
expression shows, by Gauss-Legendre rules that are halved until the halves agree; so a kink costs
nothing and a bend of width 1e-9 is found.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis import shape
from rectifier.analysis.normal import Array, norm_cdf, norm_pdf
from rectifier.analysis.operations import values
from rectifier.catalog import Rowwise
from rectifier.errors import InvalidActivationError, UnknownNameError
from rectifier.expression import Call, Constant, Expr, Variable, free_names, substitute

_REACH = 38.0
"""The normal density is 0 in fp64 a little beyond it."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_LEVELS = 60
_TOLERANCE = 1e-15
_MOST = 20_000
"""How many intervals are looked at: a second's work, and many times what any activation takes."""
_GOOD = 1e-9
"""An average that is not known to this part of itself is not given."""


@dataclass(frozen=True)
class Moments:
    """Averages over z ~ N(0, 1) of a function f and its derivative.

    Attributes:
        mean: E[f(z)]; 0 for a zero-centred function.
        second: E[f(z)²]; the gain is its inverse square root.
        variance: The variance of f(z).
        slope_mean: E[f'(z)].
        slope_second: E[f'(z)²]; how much a backward pass keeps of a squared gradient.
    """

    mean: float
    second: float
    variance: float
    slope_mean: float
    slope_second: float


class UnresolvedError(InvalidActivationError):
    """Halving intervals did not make an integral certain: its values jump or swing too finely."""

    def __init__(self) -> None:
        super().__init__(
            "the average cannot be told to nine digits: the values jump or swing too finely, by "
            "their waves or by rounding."
        )


def expectation(function: Callable[[Array], Array], breaks: tuple[float, ...] = ()) -> float:
    """Return E[g(z)] for z ~ N(0, 1).

    Args:
        function: g on arrays.
        breaks: Where g may fail to be smooth.

    Returns:
        The expectation; infinite or NaN when the integral does not exist.

    Raises:
        UnresolvedError: It cannot be told to nine digits with a bounded number of points.
    """
    scales = [s * 10.0**-k for k in range(1, 10, 2) for s in (-1, 1)]
    if len(breaks) > _MOST // 20:
        scales = []
    near = [p + s for p in (0.0, *breaks) for s in (0.0, *scales)]
    inner = [p for p in (*near, *np.arange(-_REACH + 1, _REACH)) if abs(p) < _REACH]
    edges = np.unique([-_REACH, *inner, _REACH])
    low, high = edges[:-1], edges[1:]
    whole = _panels(function, low, high)
    total, size, looked = 0.0, float(np.abs(whole).sum()), low.size
    if not math.isfinite(size):
        return math.inf if np.all(whole[~np.isnan(whole)] >= 0) else math.nan
    for _ in range(_LEVELS):
        middle = 0.5 * (low + high)
        left, right = _panels(function, low, middle), _panels(function, middle, high)
        with np.errstate(invalid="ignore"):  # beside a pole
            change = np.abs(left + right - whole)
        rough = change > _TOLERANCE * size
        total += float((left + right)[~rough].sum())
        if not rough.any():
            return total
        low = np.concatenate([low[rough], middle[rough]])
        high = np.concatenate([middle[rough], high[rough]])
        whole = np.concatenate([left[rough], right[rough]])
        looked += low.size
        if looked > _MOST:  # the values' rounding, or waves: each half is as rough as the whole
            if float(change[rough].sum()) <= _GOOD * size:
                return total + float(whole.sum())
            raise UnresolvedError()
    left_over = float(np.abs(whole).sum())
    if not left_over <= 1e-9 * size:  # halving did not help: a pole that cannot be integrated
        return math.inf if np.all(whole >= 0) else math.nan
    return total + float(whole.sum())


def _panels(function: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Integrate g times the normal density over each interval."""
    half = 0.5 * (high - low)[:, None]
    z = low[:, None] + half * (1 + _NODES)
    density = norm_pdf(z)
    with np.errstate(all="ignore"):
        integrand = np.where(density > 0, function(z) * density, 0.0)
        return np.asarray((integrand * (_WEIGHTS * half)).sum(axis=1), np.float64)


def moments(activation: str | Activation, **parameters: Any) -> Moments:
    """Return mean, second moment and slope moments of an activation under N(0, 1).

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.

    Raises:
        InvalidActivationError: A moment is not finite, as for ``exp(square(x))``, or cannot be told
            to nine digits, as for ``sin(1 / x)``.
    """
    spec = catalog.get(activation)
    given = spec.parameters(**parameters)
    mean = _average(spec, spec.value_expression, given, 1)
    return Moments(
        mean=mean,
        second=_average(spec, spec.value_expression, given, 2),
        variance=_average(spec, spec.value_expression - mean, given, 2),
        slope_mean=_average(spec, spec.derivative_expression, given, 1),
        slope_second=_average(spec, spec.derivative_expression, given, 2),
    )


def _average(spec: Activation, expression: Expr, given: Mapping[str, float], power: int) -> float:
    """Return E[e(z)^power] of an expression that belongs to an activation."""
    breaks = shape.breakpoints(expression, given)
    try:
        result = expectation(lambda z: values(expression, z, given) ** power, breaks)
    except UnresolvedError:
        raise InvalidActivationError(
            f"the moments of activation {spec.name!r} cannot be told to nine digits: the values of "
            f"its formula {spec.formula!r} jump or swing too finely, by its waves or by rounding."
        ) from None
    if not math.isfinite(result):
        raise InvalidActivationError(
            f"activation {spec.name!r} has no finite moments for normally distributed inputs; "
            f"its formula {spec.formula!r} is undefined somewhere or grows too fast."
        )
    return result


def gain(activation: str | Activation, **parameters: Any) -> float:
    """Return the factor that keeps the mean square of a layer's outputs: 1 / sqrt(E[f(z)²]).

    A gated unit is averaged over both of its halves, independent and each N(0, 1); of the row-wise
    functions only those have a gain whose outputs do not depend on the length of the row.

    Args:
        activation: A name or an activation; a gated unit or a row-wise function by name.
        **parameters: Values of its parameters; the others have their defaults.

    Returns:
        The gain for z ~ N(0, 1), accurate to about 1e-14; √2 for ReLU.

    Raises:
        UnknownNameError: There is no such activation.
        InvalidActivationError: The function is zero almost everywhere, or has no second moment, or
            is one whose outputs depend on the length of the row, such as softmax.

    Example:
        >>> round(gain("relu") ** 2, 12)
        2.0
        >>> round(gain("glu"), 6)
        1.846229
    """
    unit = find_unit(activation)
    if isinstance(unit, Rowwise):
        second = _rowwise_second_moment(unit, parameters)
    else:
        second = _second_moment(unit, tuple(unit.parameters(**parameters).items()))
    if second < 1e-300:
        raise InvalidActivationError(
            f"activation {unit.name!r} is zero for normally distributed inputs; there is no gain "
            "that keeps their variance."
        )
    return 1 / math.sqrt(second)


def find_unit(name: str | Activation) -> Activation | Rowwise:
    """Return what a name stands for: an activation, a gated unit or a row-wise function.

    Raises:
        UnknownNameError: Nothing is called so.
    """
    if isinstance(name, str):
        for kind in (catalog.gated, catalog.rowwise):
            with contextlib.suppress(UnknownNameError):
                return kind(name)
    return catalog.get(name)


@functools.lru_cache(maxsize=512)
def _second_moment(spec: Activation, parameters: tuple[tuple[str, float], ...]) -> float:
    """Return E[f(z)²]; remembered, since a deep network asks for the same gain at every layer."""
    given = dict(parameters)
    if spec.family == "gated":
        del given["gate"]
        of_gate, of_linear = _split(spec)
        return _average(spec, of_gate, given, 2) * _average(spec, of_linear, given, 2)
    return _average(spec, spec.value_expression, given, 2)


def _split(unit: Activation) -> tuple[Expr, Expr]:
    """Return the factors of a gated unit, both as functions of ``x``: of its gate, of the rest."""
    gating: Expr = Constant(1.0)
    linear: Expr = Constant(1.0)
    pending = [unit.value_expression]
    while pending:
        part = pending.pop()
        names = free_names(part)
        if "gate" not in names:
            linear = part * linear
        elif "x" not in names:
            gating = substitute(part, {"gate": Variable("x")}) * gating
        elif isinstance(part, Call) and part.op == "mul":
            pending.extend(part.args)
        else:
            raise InvalidActivationError(
                f"the gated unit {unit.name!r} is no product of a function of each half, so its "
                "gain is not known."
            )
    return gating, linear


def _rowwise_second_moment(unit: Rowwise, given: Mapping[str, Any]) -> float:
    """Return the mean square of the outputs for rows of independent N(0, 1)."""
    if unit.name == "crelu":  # each input comes out once as it is or negated, and once as 0
        unit.chosen(given)
        return 0.5
    if unit.name == "maxout":  # the largest of k has the density k Φ(z)^(k - 1) φ(z)
        k = unit.chosen(given)["pieces"]
        return expectation(lambda z: z * z * k * norm_cdf(z) ** (k - 1))
    raise InvalidActivationError(
        f"{unit.name!r} has no gain: what it makes of an input depends on how long the row is. "
        "It ends a network rather than follow a layer; give that layer gain 1."
    )


def gaussian_sparsity(activation: str | Activation, **parameters: Any) -> float:
    """Return the probability that the output for z ~ N(0, 1) is exactly 0: ½ for ReLU.

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.
    """
    spec = catalog.get(activation)
    given: Mapping[str, float] = spec.parameters(**parameters)
    zero = shape.constant_pieces(spec.expression, 0.0, given)
    return float(sum(np.diff(norm_cdf(np.array(interval)))[0] for interval in zero))

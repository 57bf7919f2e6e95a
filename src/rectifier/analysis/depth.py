"""What becomes of a signal with depth: variance, correlation, gradient and silence, layer by layer.

Layer: analysis (NumPy only). Iterates the layer map of `rectifier.analysis.mean_field`. What it
says holds for wide layers; how far a network of finite width strays from it is predicted as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis import gaussian
from rectifier.analysis.mean_field import Averages, averages, product
from rectifier.analysis.normal import Array
from rectifier.analysis.schemes import Scheme, get_scheme
from rectifier.errors import InvalidInputError

_HUGE = 1e150
"""A variance beyond it counts as infinite: squares of it would overflow."""
_NEAR_ONE = 1e-6


@dataclass(frozen=True, eq=False)
class Propagation:
    """Predictions for a plain network: `depth` times an activation and then a linear layer.

    Entry 0 of each array is for the input, which counts as pre-activations; entry l is for the
    output of layer l. A network that begins with a layer, on data of variance 1, is the same from
    that layer on if `rectifier.torch.init_` draws it; for a homogeneous activation, whose gain
    that layer has too by custom, times the squared gain.

    Attributes:
        activation: The activation.
        parameters: Values of its parameters.
        scheme: Name of the scheme that the weights are drawn by.
        gain: The factor in it.
        width: How many outputs each layer has; entry 0 is the number of inputs.
        bias_std: Standard deviation of the biases.
        variance: Mean square of the pre-activations.
        mean: Mean of the activation's outputs.
        second: Mean square of the activation's outputs.
        correlation: Between the pre-activations of two inputs.
        gradient: Norm of the gradient by the pre-activations, relative to that at the last layer.
        spread: Standard deviation of `variance` between networks of this width, relative to it, to
            first order.
        common: The part of `spread` that all inputs share which have this correlation: what is left
            where the variance is the average over many inputs.
        shift: How far the mean over such networks lies from `variance`, relative to it: what the
            bend of the layer map makes of the spread.
        born_dead: Probability that for one input a layer up to here is silent in all its units, so
            that no gradient comes through. Exact for ReLU without biases, where it bounds that of
            a network that is silent for every input from above (Lu et al. 2020).
        elasticity: By how many per cent the variance after a layer rises with 1 % more before it,
            at variance 1: below 1 in size the variance returns to its fixed point.
        slope: E[f'(z)²] times the squared gain: the factor on a squared gradient at variance 1.
    """

    activation: Activation
    parameters: Mapping[str, float]
    scheme: str
    gain: float
    width: tuple[int, ...]
    bias_std: float
    variance: Array
    mean: Array
    second: Array
    correlation: Array
    gradient: Array
    spread: Array
    common: Array
    shift: Array
    born_dead: Array
    elasticity: float
    slope: float

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.width) - 1

    @property
    def stability(self) -> str:
        """``"attracting"`` if the variance returns to its fixed point after a disturbance,
        ``"marginal"`` if it stays where it is, ``"repelling"`` if it goes off.
        """
        size = abs(self.elasticity)
        if not math.isfinite(size):
            return "repelling"
        if abs(size - 1) < _NEAR_ONE:
            return "marginal"
        return "attracting" if size < 1 else "repelling"

    def keeps_variance(
        self,
        tolerance: float = 0.1,
        *,
        networks: int = 1,
        samples: int = 1,
        deviations: float = 3.0,
    ) -> bool:
        """Say whether the mean square over a layer's units stays near 1 at every depth.

        Of one input it scatters by the root of 2 / width for want of units alone, so that no layer
        of fewer than 1800 units keeps it within 10 % by three deviations. Averaged over a batch
        whose inputs have the correlation that was asked for, it scatters less.

        Args:
            tolerance: How far from 1 it may be.
            networks: How many networks it is averaged over.
            samples: How many inputs it is averaged over.
            deviations: How many standard deviations of that average must fit in as well: from
                network to network, and because a layer has so many units and not more.
        """
        alike = np.nan_to_num(self.correlation, nan=1.0) ** 2
        sampled = 2 / np.array(self.width, np.float64) * (alike + (1 - alike) / samples)
        with np.errstate(invalid="ignore"):  # infinities, where the variance is one
            strays = self.common**2 + (self.spread**2 - self.common**2) / samples
        deviation = self.variance * np.sqrt((strays + sampled) / networks)
        strayed = np.abs(self.variance * (1 + self.shift) - 1) + deviations * deviation
        return bool(np.all(strayed[1:] <= tolerance))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, fit for JSON; what is not finite becomes None."""
        signal = ("variance", "mean", "second", "correlation", "gradient")
        arrays = (*signal, "spread", "common", "shift", "born_dead")
        return {
            "scheme": self.scheme,
            "gain": self.gain,
            "width": list(self.width),
            "bias_std": self.bias_std,
            "elasticity": _plain(self.elasticity),
            "slope": _plain(self.slope),
            "stability": self.stability,
            **{name: [_plain(float(v)) for v in getattr(self, name)] for name in arrays},
        }


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def propagation(
    activation: str | Activation,
    depth: int = 100,
    *,
    width: int | Sequence[int] = 1024,
    inputs: int | None = None,
    scheme: str = "he_normal",
    gain: float | None = None,
    bias_std: float = 0.0,
    input_variance: float = 1.0,
    correlation: float = 0.5,
    **parameters: Any,
) -> Propagation:
    """Predict how a signal and its gradient go through a deep plain network.

    Args:
        activation: A name or an activation.
        depth: The number of layers.
        width: Outputs of each layer, one number for all or one for each.
        inputs: How many inputs there are; as many as the first layer has outputs if left out.
        scheme: How weights are drawn; see `rectifier.analysis.schemes`.
        gain: The factor of the scheme; the activation's own if left out.
        bias_std: Standard deviation of normally distributed biases.
        input_variance: Mean square of the input, which counts as pre-activations. In a network
            that begins with a layer, that of the layer's output.
        correlation: Between two inputs, from -1 to 1.
        **parameters: Values of the activation's parameters; the others have their defaults.

    Returns:
        A record with one array entry for each depth.

    Raises:
        UnknownNameError: There is no such activation or scheme.
        InvalidInputError: A number makes no sense, or no theory of wide layers covers the scheme.
        InvalidActivationError: The activation has no gain and none is given.

    Example:
        >>> deep = propagation("relu", 100, width=10)
        >>> round(float(deep.variance[-1]), 9), deep.stability, round(deep.born_dead[-1], 4)
        (1.0, 'marginal', np.float64(0.0931))

    Source:
        Poole et al. (2016), "Exponential expressivity in deep neural networks through transient
        chaos"; Schoenholz et al. (2017), "Deep Information Propagation"; Lu et al. (2020), "Dying
        ReLU and Initialization". The spread between networks of finite width is our own first-order
        estimate: a layer of N units adds (E[f⁴] / E[f²]² - 1) / N to the relative variance of the
        squared length, and the elasticity carries it on.
    """
    spec = catalog.get(activation)
    given = spec.parameters(**parameters)
    rule = get_scheme(scheme)
    widths = _widths(depth, width, inputs)
    _check(rule, bias_std, input_variance, correlation, gain)
    factor = gaussian.gain(spec, **given) if gain is None else float(gain)
    count = depth + 1
    out = {n: np.full(count, np.nan) for n in ("variance", "mean", "second", "correlation")}
    layers: list[Averages | None] = []
    scales: list[float] = []
    q, c = float(input_variance), float(correlation)
    for level in range(count):
        out["variance"][level], out["correlation"][level] = q, c
        now = averages(spec, given, q) if q < _HUGE else None
        layers.append(now)
        if now is None:
            out["second"][level], c, scale = math.inf, math.nan, 1.0
        else:
            out["mean"][level], out["second"][level] = now.mean, now.second
            if level == depth:
                break
            scale = _squared_weight(rule, factor, widths, level, now.second)
        scales.append(scale)
        if level == depth:
            break
        fed = widths[level] * scale
        nearby = math.nan if now is None else product(spec, given, (q, q), c)
        q = math.inf if now is None else fed * now.second + bias_std**2
        c = (fed * nearby + bias_std**2) / q if 0 < q < math.inf else math.nan
        c = min(1.0, max(-1.0, c)) if math.isfinite(c) else c
        q = q if math.isfinite(q) else math.inf
    at_one = averages(spec, given, 1.0)
    squared = factor**2 if rule.uses_gain else rule.scale**2
    spread, common, shift = _strayed(
        layers, widths, out["variance"], out["correlation"], bias_std, pinned=rule.data_driven
    )
    result = Propagation(
        activation=spec,
        parameters=given,
        scheme=rule.name,
        gain=factor,
        width=widths,
        bias_std=float(bias_std),
        gradient=_gradient(layers, scales, widths),
        spread=spread,
        common=common,
        shift=shift,
        born_dead=_born_dead(layers, widths),
        elasticity=0.0 if rule.data_driven else at_one.elasticity,
        slope=squared * at_one.slope,
        **out,
    )
    for name in (*out, "gradient", "spread", "common", "shift", "born_dead"):
        getattr(result, name).setflags(write=False)
    return result


def _widths(depth: int, width: int | Sequence[int], inputs: int | None) -> tuple[int, ...]:
    if isinstance(depth, bool) or not isinstance(depth, int) or not 1 <= depth <= 100_000:
        raise InvalidInputError(f"depth must be a whole number from 1, got {depth!r}.")
    sizes = [width] * depth if isinstance(width, int) else list(width)
    if len(sizes) != depth:
        raise InvalidInputError(f"expected one width for each of {depth} layers, got {len(sizes)}.")
    sizes = [sizes[0] if inputs is None else inputs, *sizes]
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise InvalidInputError(f"a width must be a whole number from 1, got {size!r}.")
    return tuple(sizes)


def _check(
    rule: Scheme, bias: float, variance: float, correlation: float, gain: float | None
) -> None:
    if rule.distribution in ("identity", "asymmetric"):
        raise InvalidInputError(
            f"the weights of scheme {rule.name!r} are not independent with mean 0, so the theory "
            "of wide layers says nothing about them; choose another scheme."
        )
    if not (math.isfinite(bias) and bias >= 0):
        raise InvalidInputError(f"bias_std must be 0 or more, got {bias!r}.")
    if not 0 < variance < _HUGE:
        raise InvalidInputError(f"input_variance must be positive and finite, got {variance!r}.")
    if not -1 <= correlation <= 1:
        raise InvalidInputError(f"correlation must be from -1 to 1, got {correlation!r}.")
    if gain is not None and not 0 < gain < math.inf:
        raise InvalidInputError(f"gain must be positive and finite, got {gain!r}.")


def _squared_weight(
    rule: Scheme, gain: float, widths: tuple[int, ...], level: int, second: float
) -> float:
    """Return the variance of one weight of the layer after a level."""
    if rule.data_driven:  # whatever makes the variance 1
        return 1 / (widths[level] * second) if second > 0 else 0.0
    return rule.deviation(gain, widths[level], widths[level + 1]) ** 2


def _gradient(layers: list[Averages | None], scales: list[float], widths: tuple[int, ...]) -> Array:
    """Return the norm of the gradient at each level: what comes back through all layers above."""
    squares = np.ones(len(widths))
    for level in range(len(widths) - 2, -1, -1):
        now = layers[level]
        factor = math.nan if now is None else widths[level] * scales[level] * now.slope
        squares[level] = squares[level + 1] * factor
    return np.sqrt(squares)


def _strayed(
    layers: list[Averages | None],
    widths: tuple[int, ...],
    variance: Array,
    correlation: Array,
    bias: float,
    *,
    pinned: bool,
) -> tuple[Array, Array, Array]:
    """Return spread, its common part and shift of the variance of networks of finite width.

    All are relative to it. Two inputs of correlation c share at most |c| of what a layer adds: by
    Mehler's formula the covariance of f(x)² and f(y)² is a power series in c without a constant.
    """
    squares, common, shift = (np.zeros(len(widths)) for _ in range(3))
    for level in range(len(widths) - 1):
        now = layers[level]
        if pinned:
            continue
        if now is None or now.second == 0:
            squares[level + 1] = common[level + 1] = shift[level + 1] = math.nan
            continue
        fresh = (now.fourth / now.second**2 - 1) / widths[level]
        after = variance[level + 1]
        weight = 1 - bias**2 / after if 0 < after < math.inf else math.nan  # biases do not stray
        with np.errstate(all="ignore"):
            squares[level + 1] = weight**2 * (now.elasticity**2 * squares[level] + fresh)
            shared = fresh * abs(correlation[level])
            common[level + 1] = weight**2 * (now.elasticity**2 * common[level] + shared)
            bent = now.elasticity * shift[level] + 0.5 * now.curvature * squares[level]
            shift[level + 1] = weight * bent
    return np.sqrt(squares), np.sqrt(common), shift


def _born_dead(layers: list[Averages | None], widths: tuple[int, ...]) -> Array:
    """Return the probability that at least one layer so far has not one unit with a gradient."""
    alive, result = 1.0, np.zeros(len(widths))
    for level in range(1, len(widths)):
        now = layers[level]
        alive *= math.nan if now is None else 1 - now.silent ** widths[level]
        result[level] = 1 - alive
    return result

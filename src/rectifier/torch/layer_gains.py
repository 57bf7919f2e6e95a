"""The factor on each layer's weights, from the activations before and after it.

Layer: torch front end, on `rectifier.analysis`, between `rectifier.torch.followers` and
`rectifier.torch.initialize`.

An activation f turns pre-activations of variance 1 into outputs of mean square E[f(z)²], and its
gain, 1 over the root of that, makes up for it in one of the two layers beside it. For a homogeneous
f, such as ReLU, f(c x) = c f(x), so either will do and custom takes the layer before. For any other
the gain must be in the layer that reads the outputs: in the layer before it would put that layer's
own output off variance 1, where E[f(z)²] was taken, and for SiLU, GELU or Mish, whose fixed point
repels, a deep plain net then explodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Self, get_args

import torch
from torch import Tensor

from rectifier import analysis
from rectifier.activation import Activation
from rectifier.analysis.gaussian import find_unit
from rectifier.catalog import Rowwise
from rectifier.errors import ExpressionError, InvalidInputError, UnknownNameError
from rectifier.torch.followers import Flow, Follower

Rule = Literal["auto", "follows", "feeds"]
RULES: tuple[str, ...] = get_args(Rule)

_HOMOGENEOUS_ROWS = frozenset({"crelu", "maxout"})
_SAME = 1e-9


@dataclass(frozen=True)
class LayerGain:
    """The factor for one layer.

    Attributes:
        gain: The factor on the standard deviation of the weights.
        after: Names of the activations that follow the layer.
        before: Names of those that made its input.
        note: Why the activations that follow have no say in the gain, if there are several.
    """

    gain: float = 1.0
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    note: str = ""

    @classmethod
    def of(cls, flow: Flow, name: str, gain: float = 1.0, note: str = "") -> Self:
        """Return the factor for a layer, with what stands around it."""
        after, before = flow.after.get(name, ()), flow.before.get(name, ())
        return cls(gain, _names(after), _names(before), note)


def layer_gains(flow: Flow, names: tuple[str, ...], rule: str) -> dict[str, LayerGain]:
    """Return the factor for each layer.

    Args:
        flow: What is applied around each layer.
        names: The layers' paths.
        rule: ``"auto"``: a homogeneous activation counts in the layer that it follows, any other in
            those that it feeds. ``"follows"``, ``"feeds"``: all of them in the one or the other.

    Raises:
        InvalidInputError: The gain of an activation is not known, or by ``"follows"`` activations
            of different gains follow one layer.
    """
    if rule not in RULES:
        raise InvalidInputError(f"gain= must be one of {', '.join(RULES)}, got {rule!r}.")
    gains = _Gains()
    followed: dict[str, float] = {}
    moved: set[Follower] = set()
    notes: dict[str, str] = {}
    for name, found in flow.after.items():
        mine = list(found)
        settled = [f for f in mine if _counts_before(f, rule)]
        values = [gains.of(f) for f in settled]
        agree = not values or max(values) <= min(values) * (1 + _SAME)
        if rule == "follows" and not agree:
            listed = ", ".join(
                f"{f.name} (gain {v:.4g})" for f, v in zip(mine, values, strict=True)
            )
            raise InvalidInputError(
                f"activations of different gains follow layer {name!r}: {listed}; pass "
                "gain='auto', which leaves it to the layers that read their outputs, or "
                "activation= with the one to assume."
            )
        if settled and agree and len(settled) == len(mine):
            followed[name] = values[0]
        else:
            moved.update(mine)
            notes[name] = _several(mine, flow)
    result = {}
    for name in names:
        made = flow.before.get(name, ())
        read = _power(made, lambda f: f in moved or not _counts_before(f, rule), gains)
        gain = followed.get(name, 1.0) / math.sqrt(read)
        result[name] = LayerGain.of(flow, name, gain, notes.get(name, ""))
    return result


def _several(followers: list[Follower], flow: Flow) -> str:
    """Say what becomes of the gains of several activations after one layer; empty for one."""
    if len(_names(tuple(followers))) < 2:
        return ""
    note = f"{' and '.join(_names(tuple(followers)))} follow it, so that the gain of each is left "
    note += "to the layers that read its output"
    read = {part for made in flow.before.values() for part in _parts(made)}
    unread = _names(tuple(f for f in followers if f not in read))
    return f"{note}, which none does of {' and '.join(unread)}" if unread else note


def _parts(made: tuple[Follower, ...]) -> set[Follower]:
    return set(made).union(*(_parts(each) for f in made for _, each in f.parts))


def _power(made: tuple[Follower, ...], due: Callable[[Follower], bool], gains: _Gains) -> float:
    """Return the mean square of a product of activations that nothing has made up for yet.

    Args:
        made: The activations.
        due: Whether an activation's gain is still to be given, by the layer that reads it.
        gains: Their gains.
    """
    power = 1.0
    for follower in made:
        if follower.parts:
            power *= sum(share * _power(each, due, gains) for share, each in follower.parts)
        elif due(follower):
            power /= gains.of(follower) ** 2
    return power


def _counts_before(follower: Follower, rule: str) -> bool:
    """Whether an activation's gain goes to the layer that it follows."""
    return rule == "follows" or (rule == "auto" and homogeneous(follower))


def _names(found: tuple[Follower, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(follower.name for follower in found))


class _Gains:
    """Asks for each activation's gain once."""

    def __init__(self) -> None:
        self._known: dict[Follower, float] = {}

    def of(self, follower: Follower) -> float:
        if follower not in self._known:
            self._known[follower] = gain_of(follower)
        return self._known[follower]


def _unit(follower: Follower) -> Activation | Rowwise | None:
    """The definition whose parameters are known; None where only the function itself will do."""
    spec: Activation | Rowwise | None = follower.activation
    if spec is not None:
        return spec
    try:
        spec = find_unit(follower.name)
    except (UnknownNameError, ExpressionError):  # one of another: its name looks like a formula
        return None
    # A function call may have been given parameters, which only the call itself knows. The gate of
    # a gated unit is one, but no number: its gain is that of both halves.
    numbers = isinstance(spec, Activation) and spec.family != "gated" and spec.params
    return None if numbers and follower.apply is not None else spec


def homogeneous(follower: Follower) -> bool:
    """Say whether f(c x) = c f(x) for all c > 0."""
    unit = _unit(follower)
    if isinstance(unit, Rowwise):
        return unit.name in _HOMOGENEOUS_ROWS
    if unit is not None:
        if unit.family == "gated":
            return False
        return analysis.is_homogeneous(unit, **follower.parameters)
    if follower.apply is None:
        return False
    z = torch.linspace(-4.0, 4.0, 801, dtype=torch.float64)
    points = z if follower.like is None else z.to(follower.like.device, follower.like.dtype)
    with torch.no_grad():
        try:
            once, twice = follower.apply(points), follower.apply(2 * points)
        except (RuntimeError, TypeError, ValueError):
            return False
    return once.shape == points.shape and torch.allclose(twice, 2 * once, rtol=1e-5, atol=0.0)


def gain_of(follower: Follower) -> float:
    """Return the gain of an activation: from the catalog, or from the values that it returns.

    Raises:
        InvalidInputError: It is not known.
    """
    unit = _unit(follower)
    if unit is None:
        if follower.apply is not None:
            return measured_gain(follower.name, follower.apply, follower.like)
        raise InvalidInputError(
            f"the activation {follower.name!r} is not in the catalog, so its gain is not known; "
            "pass activation= with one that is near to it."
        )
    name = unit if isinstance(unit, Activation) else unit.name
    return float(analysis.gain(name, **follower.parameters))


def measured_gain(
    name: str, apply: Callable[[Tensor], Tensor], like: Tensor | None = None
) -> float:
    """Return 1 / sqrt(E[f(z)²]) of a function that is only known by its values.

    The trapezoidal rule on [-12, 12], whose nodes include 0; row-wise functions such as softmax
    have gain 1.
    """
    z = torch.linspace(-12.0, 12.0, 24001, dtype=torch.float64)
    points = z if like is None else z.to(like.device, like.dtype)
    with torch.no_grad():
        try:
            values, part = apply(points), apply(points[:1000])
        except (RuntimeError, TypeError, ValueError) as error:
            raise InvalidInputError(
                f"the gain of {name!r} cannot be measured, because it failed on a plain vector: "
                f"{error}; pass activation= with one that is near to it."
            ) from error
    if values.shape != z.shape or not torch.allclose(values[:1000], part):
        return 1.0
    weight = torch.exp(-0.5 * z * z)
    power = float((weight * values.to("cpu", torch.float64).square()).sum() / weight.sum())
    if not 0 < power < math.inf:
        raise InvalidInputError(
            f"the activation {name!r} has no finite gain: its mean square is {power:g}; pass "
            "activation= with one that is near to it."
        )
    return float(power**-0.5)


def assumed(follower: Follower, names: tuple[str, ...]) -> Flow:
    """Return a plain chain of layers with one activation between any two."""
    both: Mapping[str, tuple[Follower, ...]] = dict.fromkeys(names, (follower,))
    after = {name: both[name] for name in names[:-1]}
    return Flow(after, {name: both[name] for name in names[1:]})

"""Weights whose scale fits the activation that follows each layer: ``init_(model, sample)``.

Layer: torch front end, on `rectifier.analysis` (the gain of an activation, from its formula) and
`rectifier.torch.followers` (which activation follows which layer, seen in one pass over a sample).
Which values a weight then gets is decided in `rectifier.torch.schemes`.

The gain of an activation f is 1 / sqrt(E[f(z)²]) for a standard normal z: √2 for ReLU, which is
He's initialisation. A layer that no activation follows, such as the last, has gain 1.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from rectifier import analysis
from rectifier.activation import Activation
from rectifier.analysis.gaussian import find_unit
from rectifier.analysis.schemes import RECURRENT_STD, Scheme, get_scheme, has_unit_bias
from rectifier.catalog import Rowwise
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.torch import identity_recurrent, unit_variance
from rectifier.torch.followers import Follower, by_order, by_sample
from rectifier.torch.schemes import WEIGHTED, Weighted, assign, draw


@dataclass(frozen=True)
class InitializedLayer:
    """What `init_` did to one layer.

    Attributes:
        layer: Path of the module in the model.
        activation: Name of the activation that follows; empty where none does.
        gain: The factor for that activation.
        fan: The number of connections that the scheme divides by.
        std: Standard deviation that the weights were drawn with.
    """

    layer: str
    activation: str
    gain: float
    fan: float
    std: float

    def __str__(self) -> str:
        follows = self.activation or "no activation"
        return (
            f"{self.layer or '(root)'}: {follows}, gain {self.gain:.4g}, fan {self.fan:g}, "
            f"std {self.std:.4g}"
        )


def init_(
    model: nn.Module,
    sample: Any = None,
    *,
    scheme: str = "he_normal",
    activation: str | Activation | None = None,
    generator: torch.Generator | None = None,
    seed: int | None = None,
    **parameters: Any,
) -> tuple[InitializedLayer, ...]:
    """Draw the weights of every linear and convolutional layer anew, and set their biases to zero.

    Each layer's scale follows the activation that is applied to its output, also through
    normalisation, dropout, pooling and reshaping, and also where the activation is a function call
    in ``forward``. To find it the model is run once on `sample`, in evaluation mode and without
    gradients. A plain ``nn.Sequential`` of known layers needs no sample.

    Embeddings, normalisations, recurrent layers, frozen weights and weights that are shared with an
    embedding are left as they are. Four schemes do more than draw weights of one scale:

    - ``lsuv``: orthonormal weights, then rescaled layer by layer until the output of each has
      variance 1 on `sample`, which is required; holds for every activation.
    - ``randomized_asymmetric``: each unit has one positive number more among its weights and its
      bias, so that narrow deep ReLU networks are not born dead. Biases are drawn too.
    - ``identity``: ones where an output has its input's number. In a model with ``nn.RNN`` layers
      their recurrent weights only, and all other weights small (IRNN).
    - ``alexnet``: N(0, 0.01²), biases 1 in the second, fourth and fifth convolution and in hidden
      linear layers.

    Args:
        model: The model, on any device.
        sample: An input of the model, or a tuple of its positional arguments.
        scheme: ``he_normal``, ``he_uniform`` (each also with ``_fan_out``), ``lecun_normal``,
            ``lecun_uniform``, ``xavier_normal``, ``xavier_uniform``, ``orthogonal``, ``lsuv``,
            ``randomized_asymmetric``, ``identity`` or ``alexnet``.
        activation: Take this activation to follow every layer but the last, instead of looking.
        generator: Where random numbers come from.
        seed: Makes a generator of its own on the CPU, so that all devices get the same weights.
        **parameters: Values of the parameters of `activation`, such as ``negative_slope=0.2``.

    Returns:
        One row per layer, in the order of the model's modules.

    Raises:
        InvalidInputError: It cannot be known which activation follows a layer, a weight has no
            shape or no memory yet, or an option makes no sense.
        UnknownNameError: There is no such scheme or activation.

    Example:
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        >>> [round(row.gain, 3) for row in init_(model, seed=0)]
        [1.414, 1.0]

    Source:
        He et al. (2015), "Delving Deep into Rectifiers", equations 10 and 14; the gain of other
        activations by the same argument. Who proposed the others: `rectifier.analysis.schemes`.
    """
    if not isinstance(model, nn.Module):
        raise InvalidInputError(f"expected a torch.nn.Module, got {type(model).__name__}.")
    rule = get_scheme(scheme)
    if seed is not None:
        if generator is not None:
            raise InvalidInputError("give a seed or a generator, not both.")
        generator = torch.Generator().manual_seed(seed)
    layers = _layers(model)
    recurrents = identity_recurrent.find(model) if rule.distribution == "identity" else {}
    if not layers and not recurrents:
        raise InvalidInputError(
            "the model has no linear or convolutional layer with trainable weights to initialise."
        )
    if rule.data_driven and sample is None:
        raise InvalidInputError(
            f"scheme {rule.name!r} fits the weights to data; pass sample= with a batch of inputs."
        )
    followers = _followers(model, layers, sample, activation, parameters, rule)
    gains = {name: _gain(found) if rule.uses_gain else 1.0 for name, found in followers.items()}
    if recurrents:
        rule = replace(rule, distribution="normal", std=RECURRENT_STD)
    rows = {}
    convolutions = 0
    for name, layer in layers.items():
        convolution = not isinstance(layer, nn.Linear)
        convolutions += convolution
        last = name == list(layers)[-1]
        ones = rule.name == "alexnet" and has_unit_bias(convolutions, convolution, last)
        drawn = draw(layer, rule, gains.get(name, 1.0), generator, float(ones))
        assign(layer, drawn)
        follower = followers.get(name)
        rows[name] = InitializedLayer(
            name, follower.name if follower else "", gains.get(name, 1.0), drawn.fan, drawn.std
        )
    for name, found in recurrents.items():
        identity_recurrent.initialize(found, generator)
        rows[name] = InitializedLayer(
            name, found.nonlinearity, 1.0, float(found.hidden_size), RECURRENT_STD
        )
    if rule.data_driven:
        for name, factor in unit_variance.rescale(model, layers, sample).items():
            row = rows[name]
            rows[name] = replace(row, gain=row.gain * factor, std=row.std * factor)
    return tuple(rows.values())


def _layers(model: nn.Module) -> dict[str, Weighted]:
    """Return the layers to initialise, by path, after checking that they can be."""
    tables = {
        id(module.weight)
        for module in model.modules()
        if isinstance(module, nn.Embedding | nn.EmbeddingBag)
    }
    found: dict[str, Weighted] = {}
    for name, module in model.named_modules():
        if not isinstance(module, WEIGHTED):
            continue
        for parameter in module.parameters():
            if isinstance(parameter, nn.parameter.UninitializedParameter):
                raise InvalidInputError(
                    f"the layer {name!r} is lazy and has no shape yet; run the model once on an "
                    "example before initialising it."
                )
            if parameter.is_meta:
                raise InvalidInputError(
                    f"the layer {name!r} is on the meta device and has no memory; call "
                    "model.to_empty(device=...) before initialising it."
                )
        if hasattr(module, "weight_g"):
            raise InvalidInputError(
                f"the weight of layer {name!r} is computed by torch.nn.utils.weight_norm; "
                "initialise before applying it, or use torch.nn.utils.parametrizations."
            )
        if id(module.weight) in tables or not all(p.requires_grad for p in _own(module)):
            continue
        found[name] = module
    return found


def _own(layer: Weighted) -> list[Tensor]:
    """Return the parameters behind a layer's weight, also where it is parametrised."""
    if isinstance(layer.weight, nn.Parameter):
        return [layer.weight]
    return [p for n, p in layer.named_parameters() if n.startswith("parametrizations.weight.")]


def _followers(
    model: nn.Module,
    layers: Mapping[str, Weighted],
    sample: Any,
    activation: str | Activation | None,
    parameters: Mapping[str, Any],
    scheme: Scheme,
) -> dict[str, Follower]:
    if activation is not None:
        unit = find_unit(activation)
        spec = unit if isinstance(unit, Activation) else None
        given = spec.parameters(**parameters) if spec is not None else parameters
        follower = Follower(unit.name, activation=spec, parameters=given)
        return dict.fromkeys(list(layers)[:-1], follower)
    if parameters:
        raise InvalidInputError(
            f"{', '.join(sorted(parameters))} given without an activation; name the activation."
        )
    if sample is not None:
        return by_sample(model, layers, sample)
    if not scheme.uses_gain:  # what follows changes nothing, so a model need not tell it
        with contextlib.suppress(InvalidInputError):
            return by_order(model, layers)
        return {}
    return by_order(model, layers)


def _gain(follower: Follower) -> float:
    """Return the gain of an activation: from the catalog, or from the values that it returns."""
    spec: Activation | Rowwise | None = follower.activation
    if spec is None:
        try:
            spec = find_unit(follower.name)
        except UnknownNameError:
            spec = None
        # A function call may have been given parameters, which only the call itself knows. The
        # gate of a gated unit is one, but no number: its gain is that of both halves.
        numbers = isinstance(spec, Activation) and spec.family != "gated" and spec.params
        own = spec is None or numbers
        if follower.apply is not None and own:
            return measured_gain(follower.name, follower.apply, follower.like)
    if spec is None:
        raise InvalidInputError(
            f"the activation {follower.name!r} is not in the catalog, so its gain is not known; "
            "pass activation= with one that is near to it."
        )
    name = spec if isinstance(spec, Activation) else spec.name
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
    if not 0 < power < float("inf"):
        raise InvalidInputError(
            f"the activation {name!r} has no finite gain: its mean square is {power:g}; pass "
            "activation= with one that is near to it."
        )
    return float(power**-0.5)

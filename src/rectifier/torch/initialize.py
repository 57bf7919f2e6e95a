"""Weights whose scale fits the activations between the layers: ``init_(model, sample)``.

Layer: torch front end, on `rectifier.torch.followers` (which activation runs between which layers,
seen in one pass over a sample) and `rectifier.torch.layer_gains` (the factor that follows from it).
Which values a weight then gets is decided in `rectifier.torch.schemes`.

The gain of an activation f is 1 / sqrt(E[f(z)²]) for a standard normal z: √2 for ReLU, which is
He's initialisation.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.analysis.gaussian import find_unit
from rectifier.analysis.schemes import RECURRENT_STD, Scheme, get_scheme, has_unit_bias
from rectifier.errors import InvalidInputError
from rectifier.torch import attention_weights, identity_recurrent, unit_variance
from rectifier.torch.followers import Flow, Follower, by_order, by_sample
from rectifier.torch.layer_gains import LayerGain, assumed, layer_gains
from rectifier.torch.schemes import WEIGHTED, Weighted, assign, draw


@dataclass(frozen=True)
class InitializedLayer:
    """What `init_` did to one layer.

    Attributes:
        layer: Path of the module in the model.
        activation: Name of the activation that follows, several with commas; empty where none does.
        gain: The factor on the weights, of the activations that count in this layer.
        fan: The number of connections that the scheme divides by.
        std: Standard deviation that the weights were drawn with.
        reads: Name of the activation that made the layer's input; empty where none did.
        note: What the person who asked should know, in one sentence; empty where there is nothing.
    """

    layer: str
    activation: str
    gain: float
    fan: float
    std: float
    reads: str = ""
    note: str = ""

    def __str__(self) -> str:
        reads = f"reads {self.reads}, " if self.reads else ""
        follows = f"followed by {self.activation or 'no activation'}"
        return (
            f"{self.layer or '(root)'}: {reads}{follows}, gain {self.gain:.4g}, "
            f"fan {self.fan:g}, std {self.std:.4g}{f'; {self.note}' if self.note else ''}"
        )


def init_(
    model: nn.Module,
    sample: Any = None,
    *,
    scheme: str = "he_normal",
    activation: str | Activation | None = None,
    gain: str = "auto",
    generator: torch.Generator | None = None,
    seed: int | None = None,
    **parameters: Any,
) -> tuple[InitializedLayer, ...]:
    """Draw the weights of every linear and convolutional layer anew, and set their biases to zero.

    Each layer's scale is taken from the activation that really follows it or feeds it, also through
    normalisation, dropout, pooling, reshaping and residual sums, and also where the activation is a
    function call in ``forward``. To find it the model is run once on `sample`, in evaluation mode.
    A plain ``nn.Sequential`` of known layers needs no sample.

    Every activation has one gain to give, so that the pre-activations of a deep plain net have the
    variance of its input, first layer included (`gain`):

    - ``"auto"``: a homogeneous activation, such as ReLU, gives it to the layer that it follows,
      which is the custom (``torch.nn.init.kaiming_normal_(w, nonlinearity="relu")``); any other,
      such as SiLU, to the layers that read its output. For ReLU either layer would do; SiLU's gain
      holds for pre-activations of variance 1, and in the layer before would make them 2.8.
    - ``"follows"``: always to the layer that it follows; layers that none follows have gain 1.
    - ``"feeds"``: always to the layers that read its output.

    In a chain of layers with one activation all inner layers have the same gain by all three rules.
    What depth then does, and for which activations a hundred layers can keep the variance at all,
    is predicted by `rectifier.analysis.propagation`.

    Of a concatenation, as in DenseNet and U-Net, the mean square is that of its parts, each by its
    share. A gate written by hand (``silu(a) * b``) counts as the product that it is, ``F.glu`` and
    the gated units of this package with both halves. Normalised inputs have unit variance: nothing
    is given through a normalisation. The three projections into an ``nn.MultiheadAttention`` are
    drawn with gain 1, by LSUV too.

    Embeddings, normalisations, recurrent layers, frozen weights and weights that are shared with an
    embedding are left as they are. Four schemes do more than draw weights of one scale:

    - ``lsuv``: orthonormal weights, then rescaled layer by layer until the output of each has
      variance 1 on `sample`, which is required; holds for every activation. On other data it is 1
      up to the error of sampling, which functions with a repelling fixed point (SiLU, GELU, Mish)
      multiply with depth: take a large sample for deep nets of those.
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
        activation: Take this activation to stand between any two layers, instead of looking.
        gain: Which layer an activation's gain goes to: ``auto``, ``follows`` or ``feeds``.
        generator: Where random numbers come from.
        seed: Makes a generator of its own on the CPU, so that all devices get the same weights.
        **parameters: Values of the parameters of `activation`, such as ``negative_slope=0.2``.

    Returns:
        One row per layer, in the order of the model's modules. A row whose layer has several
        followers that cannot share one gain says so in its note.

    Raises:
        InvalidInputError: It cannot be known which activation follows a layer, or activations of
            different gains follow it and the rule is ``follows``; the model does not run on the
            sample; a weight has no shape or no memory yet, or an option makes no sense.
        UnknownNameError: There is no such scheme or activation.

    Example:
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        >>> [round(row.gain, 3) for row in init_(model, seed=0)]
        [1.414, 1.0]
        >>> model[1] = nn.SiLU()
        >>> [round(row.gain, 3) for row in init_(model, seed=0)]
        [1.0, 1.677]

    Source:
        He et al. (2015), "Delving Deep into Rectifiers", equations 10 and 14; the gain of other
        activations by the same argument. Their equation 9 has the gain in the layer that reads the
        outputs, and they note that a factor on one layer alone does no harm, which holds for ReLU.
        Who proposed the other schemes: `rectifier.analysis.schemes`.
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
    attention = attention_weights.find(model)
    if not layers and not recurrents and not attention:
        raise InvalidInputError(
            "the model has no linear or convolutional layer with trainable weights to initialise."
        )
    if rule.data_driven and sample is None:
        raise InvalidInputError(
            f"scheme {rule.name!r} fits the weights to data; pass sample= with a batch of inputs."
        )
    flow = _flow(model, layers, sample, activation, parameters, rule)
    gains = _gains(flow, tuple(layers), rule, gain)
    if recurrents:
        rule = replace(rule, distribution="normal", std=RECURRENT_STD)
    rows = {}
    convolutions = 0
    for name, layer in layers.items():
        convolution = not isinstance(layer, nn.Linear)
        convolutions += convolution
        last = name == list(layers)[-1]
        ones = rule.name == "alexnet" and has_unit_bias(convolutions, convolution, last)
        found = gains[name]
        drawn = draw(layer, rule, found.gain, generator, float(ones))
        assign(layer, drawn)
        after, before = ", ".join(found.after), " * ".join(found.before)
        rows[name] = InitializedLayer(
            name, after, found.gain, drawn.fan, drawn.std, before, found.note
        )
    for name, projection in attention.items():
        drawn = draw(projection, rule, 1.0, generator)
        assign(projection, drawn)
        rows[name] = InitializedLayer(name, "", 1.0, drawn.fan, drawn.std)
    for name, recurrent in recurrents.items():
        identity_recurrent.initialize(recurrent, generator)
        rows[name] = InitializedLayer(
            name, recurrent.nonlinearity, 1.0, float(recurrent.hidden_size), RECURRENT_STD
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


def _flow(
    model: nn.Module,
    layers: Mapping[str, Weighted],
    sample: Any,
    activation: str | Activation | None,
    parameters: Mapping[str, Any],
    scheme: Scheme,
) -> Flow:
    if activation is not None:
        unit = find_unit(activation)
        spec = unit if isinstance(unit, Activation) else None
        given = spec.parameters(**parameters) if spec is not None else parameters
        return assumed(Follower(unit.name, activation=spec, parameters=given), tuple(layers))
    if parameters:
        raise InvalidInputError(
            f"{', '.join(sorted(parameters))} given without an activation; name the activation."
        )
    if sample is not None:
        return by_sample(model, layers, sample)
    if not scheme.uses_gain:  # what follows changes nothing, so a model need not tell it
        with contextlib.suppress(InvalidInputError):
            return by_order(model, layers)
        return Flow({}, {})
    return by_order(model, layers)


def _gains(flow: Flow, names: tuple[str, ...], scheme: Scheme, rule: str) -> dict[str, LayerGain]:
    if scheme.uses_gain:
        return layer_gains(flow, names, rule)
    return {name: LayerGain.of(flow, name) for name in names}

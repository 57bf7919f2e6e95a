"""Which activation is applied to the output of each layer.

Layer: torch front end, between `rectifier.torch.sites`, which sees what a model does on a sample,
and `rectifier.torch.initialize`, which needs to know what follows. Without a sample only a plain
``nn.Sequential`` tells: its modules run in the order in which they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.torch import sites
from rectifier.torch.activation_modules import module_function
from rectifier.torch.modules import ActivationModule
from rectifier.torch.schemes import WEIGHTED

_TRANSPARENT = (
    "batchnorm",
    "normalization",
    "instancenorm",
    "dropout",
    "pooling",
    "flatten",
    "padding",
    "upsampling",
    "pixelshuffle",
    "channelshuffle",
    "fold",
)
"""Files of ``torch.nn.modules`` whose modules pass on what a layer gives, if rearranged."""


@dataclass(frozen=True)
class Follower:
    """An activation that follows a layer.

    Attributes:
        name: Its catalog name, or the callee's name where the catalog has none.
        activation: Its definition, where that is known.
        parameters: The values of its parameters, as far as they can be read from a module.
        apply: The function itself, where it is known.
        like: A tensor of the element type and on the device that `apply` expects, if known.
    """

    name: str
    activation: Activation | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    apply: Callable[[Tensor], Tensor] | None = None
    like: Tensor | None = None


def of_module(module: nn.Module) -> Follower | None:
    """Return what an activation module computes; None for any other module."""
    if type(module) is nn.GLU:
        return Follower("glu", catalog.gated("glu"))
    name = module_function(module)
    if name is None:
        return None
    if isinstance(module, ActivationModule):
        spec: Activation | None = module.activation
    else:
        try:
            spec = catalog.get(name)
        except UnknownNameError:
            return Follower(name, apply=module)
    given = {p: _number(_read(module, p)) for p in spec.params} if spec else {}
    known = {p: value for p, value in given.items() if value is not None}
    return Follower(name, spec, known, module)


def _read(module: nn.Module, parameter: str) -> Any:
    if isinstance(module, ActivationModule) and parameter in module.values:
        return module.values[parameter]
    return getattr(module, parameter, None)


def _number(value: Any) -> float | None:
    """Return a parameter as one number: the mean where there is a value per channel."""
    if isinstance(value, Tensor):
        return float(value.detach().double().mean())
    return float(value) if isinstance(value, int | float) else None


def by_order(model: nn.Module, layers: Mapping[str, nn.Module]) -> dict[str, Follower]:
    """Return the activation after each layer of a plain sequence of modules.

    Args:
        model: An ``nn.Sequential`` of known modules, sequences within it included.
        layers: The layers to find the activation for, by path.

    Returns:
        The activation by the layer's path; layers that none follows are left out.

    Raises:
        InvalidInputError: The order of the modules does not tell what ``forward`` does.
    """
    found: dict[str, Follower] = {}
    last: str | None = None
    for name, module in _in_order(model, ""):
        follower = of_module(module)
        if isinstance(module, WEIGHTED):
            last = name
        elif follower is not None:
            if last in layers:
                found[str(last)] = follower
            last = None
    return found


def _in_order(module: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    if type(module) is nn.Sequential:
        for name, child in module.named_children():
            yield from _in_order(child, f"{path}.{name}" if path else name)
    elif isinstance(module, WEIGHTED) or of_module(module) is not None or _is_transparent(module):
        yield path, module
    else:
        raise InvalidInputError(
            f"which activation follows each layer cannot be told from the modules, because "
            f"{path or 'the model'} is a {type(module).__name__}, whose forward may do anything; "
            "pass sample= with one input of the model, or activation= with the one to assume."
        )


def _is_transparent(module: nn.Module) -> bool:
    home = type(module).__module__
    return home.startswith("torch.nn.modules.") and (
        home.rpartition(".")[2] in _TRANSPARENT
        or isinstance(module, nn.Identity | nn.Softmax | nn.LogSoftmax | nn.Embedding)
    )


def by_sample(
    model: nn.Module, layers: Mapping[str, nn.Module], sample: Any
) -> dict[str, Follower]:
    """Return the activation after each layer, as it runs on a sample.

    Args:
        model: Any model; its modes, buffers and gradients are as before afterwards.
        layers: The layers to find the activation for, by path.
        sample: One input, or a tuple of the positional arguments.

    Returns:
        The activation by the layer's path; layers that none follows are left out.
    """
    arguments = sample if isinstance(sample, tuple) else (sample,)
    listener = _Listener({id(layer): name for name, layer in layers.items()})
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with sites.Interception([listener], [model]), torch.enable_grad():
            model(*arguments)
    finally:
        for module, training in modes:
            module.training = training
    return listener.found


class _Listener(sites.Observer):
    """Notes for each layer the first activation that its output reaches.

    A normalisation has weights too, so it may be what feeds a site; then the layer that ran last
    before it is meant.
    """

    def __init__(self, paths: Mapping[int, str]) -> None:
        self.found: dict[str, Follower] = {}
        self._paths = paths
        self._before: dict[int, str | None] = {}
        self._latest: str | None = None

    def on_layer(self, layer: sites.Layer, output: Any) -> None:
        """A layer has run: one of ours, or what rescales the output of the latest of ours."""
        module = layer.module()
        self._latest = self._paths.get(id(module), self._latest)
        if isinstance(module, WEIGHTED) and id(module) not in self._paths:
            self._latest = None  # a frozen layer: what follows it is not ours to fit
        self._before[id(layer)] = self._latest

    def on_site(self, site: sites.Site, input: Tensor, output: Tensor) -> None:
        """An activation has run."""
        name = None if site.feeding is None else self._before.get(id(site.feeding))
        if name is None or name in self.found:
            return
        module = site.module()
        follower = of_module(module) if module is not None else None
        if follower is None:
            follower = Follower(site.function, apply=site.apply, like=input.detach()[:0])
        self.found[name] = follower

"""Which activation is applied to the output of each layer, and which made its input.

Layer: torch front end, between `rectifier.torch.sites`, which sees what a model does on a sample,
and `rectifier.torch.layer_gains`, which makes gains of it. Without a sample only a plain
``nn.Sequential`` tells: its modules run in the order in which they stand. What made a layer's input
is found on autograd's graph, by `rectifier.torch.origins`.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.torch import gated_calls, sites
from rectifier.torch.activation_modules import module_function
from rectifier.torch.elementwise_modules import ActivationModule
from rectifier.torch.feeding import mark, nearest
from rectifier.torch.gated_modules import GatedModule
from rectifier.torch.origins import Origins
from rectifier.torch.rowwise_modules import RowwiseModule
from rectifier.torch.sample import running
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


_NORMS = (
    nn.modules.batchnorm._NormBase,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
)
"""Modules that give their input unit variance, whatever it had."""


@dataclass(frozen=True, eq=False)
class Follower:
    """An activation that a model applies somewhere; one object for each place.

    Attributes:
        name: Its catalog name, or the callee's name where the catalog has none.
        activation: Its definition, where that is known.
        parameters: The values of its parameters, as far as they can be read from a module.
        apply: The function itself, where it is known.
        like: A tensor of the element type and on the device that `apply` expects, if known.
        parts: Of a concatenation, the share of each part and the activations that made it.
    """

    name: str
    activation: Activation | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    apply: Callable[[Tensor], Tensor] | None = None
    like: Tensor | None = None
    parts: tuple[tuple[float, tuple[Follower, ...]], ...] = ()


def of_module(module: nn.Module) -> Follower | None:
    """Return what an activation module computes; None for any other module."""
    if type(module) is nn.GLU:
        return Follower("glu", catalog.gated("glu"))
    if isinstance(module, GatedModule) and not module.projected:
        return Follower(module.unit.name, module.unit, dict(module.values))
    if isinstance(module, RowwiseModule) and module.record.name in ("crelu", "maxout"):
        return Follower(module.record.name, parameters=dict(module.options))
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


@dataclass(frozen=True)
class Flow:
    """What is applied between the layers of a model, by the layer's path.

    Attributes:
        after: The activations that a layer's output reaches first.
        before: The activations that made a layer's input: several for a product of them, none
            where that is data or comes from another layer or a normalisation.
    """

    after: Mapping[str, tuple[Follower, ...]]
    before: Mapping[str, tuple[Follower, ...]]


def by_order(model: nn.Module, layers: Mapping[str, nn.Module]) -> Flow:
    """Return what is applied around each layer of a plain sequence of modules.

    Args:
        model: An ``nn.Sequential`` of known modules, sequences within it included.
        layers: The layers of interest, by path.

    Raises:
        InvalidInputError: The order of the modules does not tell what ``forward`` does.
    """
    after: dict[str, tuple[Follower, ...]] = {}
    before: dict[str, tuple[Follower, ...]] = {}
    last: str | None = None
    latest: tuple[Follower, ...] = ()
    for name, module in _in_order(model, ""):
        follower = of_module(module)
        if isinstance(module, WEIGHTED):
            before[name], last, latest = latest, name, ()
        elif isinstance(module, _NORMS):
            latest = ()
        elif follower is not None:
            latest = (follower,)
            if last in layers:
                after[str(last)] = latest
            last = None
    return Flow(after, {name: found for name, found in before.items() if name in layers})


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
    # A class says ``reshapes`` of itself where its forward only gives a batch another shape.
    if isinstance(module, RowwiseModule) or getattr(type(module), "reshapes", False) is True:
        return True
    return home.startswith("torch.nn.modules.") and (
        home.rpartition(".")[2] in _TRANSPARENT
        or isinstance(module, nn.Identity | nn.Softmax | nn.LogSoftmax | nn.Embedding)
    )


def by_sample(model: nn.Module, layers: Mapping[str, nn.Module], sample: Any) -> Flow:
    """Return what is applied around each layer, as it runs on a sample.

    Args:
        model: Any model; its modes, buffers and gradients are as before afterwards.
        layers: The layers of interest, by path.
        sample: One input, or a tuple of the positional arguments.

    Raises:
        InvalidInputError: The model does not run on the sample.
    """
    listener = _Listener({id(layer): name for name, layer in layers.items()})
    handles = [
        layer.register_forward_pre_hook(
            functools.partial(listener.entering, name), with_kwargs=True
        )
        for name, layer in layers.items()
    ]
    handles += [
        module.register_forward_hook(listener.left)
        for module in model.modules()
        if isinstance(module, RowwiseModule) and module.record.name == "maxout"
    ]
    handles += [
        module.register_forward_hook(listener.attended)
        for module in model.modules()
        if isinstance(module, nn.MultiheadAttention)
    ]
    try:
        with (
            sites.Interception([listener], [model]),
            torch.enable_grad(),
            gated_calls.seen(listener.on_gated),
            running(model, sample) as run,
        ):
            run()
    finally:
        for handle in handles:
            handle.remove()
    return listener.flow()


def _joined(chain: tuple[Follower, ...], by_itself: bool) -> Follower:
    """Return the function that several make together, as in ``h * tanh(softplus(h))``."""

    def apply(tensor: Tensor) -> Tensor:
        value = tensor
        for follower in chain:
            value = follower.apply(value) if follower.apply is not None else value
        return tensor * value if by_itself else value

    name = "".join(f"{follower.name}(" for follower in reversed(chain)) + "x" + ")" * len(chain)
    if any(follower.apply is None for follower in chain):
        return chain[-1]
    like = chain[0].like
    return Follower(f"x * {name}" if by_itself else name, apply=apply, like=like)


def _mixed(parts: tuple[tuple[float, tuple[Follower, ...]], ...]) -> Follower:
    """Return what made a concatenation; one within it counts as its own parts."""
    parts = tuple(
        (share * own, inner)
        for share, made in parts
        for own, inner in (made[0].parts if len(made) == 1 and made[0].parts else ((1.0, made),))
    )
    names = (" * ".join(f.name for f in made) or "x" for share, made in parts if share > 0)
    return Follower(f"cat({', '.join(dict.fromkeys(names))})", parts=parts)


class _Listener(sites.Observer):
    """Notes for each layer the activations that its output reaches, and those that feed it.

    A normalisation has weights too, so it may be what feeds a site; then the layer that ran last
    before it is meant.
    """

    def __init__(self, paths: Mapping[int, str]) -> None:
        self._after: dict[str, list[Follower]] = {}
        self._reads: dict[str, Any] = {}
        self._origins: Origins[Follower] = Origins(_joined, _mixed)
        self._known: dict[int, tuple[sites.Site, Follower]] = {}
        self._paths = paths
        self._before: dict[int, str | None] = {}
        self._latest: str | None = None
        self._attended: list[sites.Layer] = []

    def flow(self) -> Flow:
        """What was seen."""
        return Flow(
            {name: tuple(found) for name, found in self._after.items()},
            {name: self._origins.of(read) for name, read in self._reads.items()},
        )

    def entering(
        self, name: str, _module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """A layer is about to run; one that runs more than once counts as it runs last."""
        tensor = args[0] if args else kwargs.get("input")
        if isinstance(tensor, Tensor):
            self._reads[name] = self._origins.note(tensor)

    def on_layer(self, layer: sites.Layer, output: Any) -> None:
        """A layer has run: one of ours, or what rescales the output of the latest of ours."""
        module = layer.module()
        self._latest = self._paths.get(id(module), self._latest)
        others = isinstance(module, WEIGHTED) and id(module) not in self._paths
        if others or isinstance(module, nn.RNNBase | nn.RNNCellBase):
            self._latest = None  # frozen or recurrent: what follows it is not ours to fit
        self._before[id(layer)] = self._latest
        self._origins.mark(output, ())

    def on_site(self, site: sites.Site, input: Tensor, output: Tensor) -> None:
        """An activation has run."""
        known = self._known.get(id(site))
        if known is None:
            module = site.module()
            follower = of_module(module) if module is not None else None
            if follower is None:
                follower = Follower(site.function, apply=site.apply, like=input.detach()[:0])
            self._known[id(site)] = site, follower  # the site is kept, so that its id stays its own
        else:
            follower = known[1]
        self._origins.mark(output, (follower,), input.grad_fn)
        self._follows(site.feeding, follower)

    def on_gated(self, unit: Activation, input: Tensor, output: Tensor) -> None:
        """A gated unit has run on both its halves at once."""
        self._ran(Follower(unit.name, unit), input, output)

    def attended(self, module: nn.MultiheadAttention, _args: Any, output: Any) -> None:
        """Attention has run; its output layer did so without being called as a module."""
        last = sites.Layer("out_proj", "Linear", "", 0, _module=weakref.ref(module.out_proj))
        self._attended.append(last)  # kept, so that its id stays its own
        mark(output[0], last, sys.maxsize)
        self.on_layer(last, output[0])

    def left(self, module: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
        """A module has run that is no site, because its output is shorter than its input."""
        follower = of_module(module)
        if follower is not None and args:
            self._ran(follower, args[0], output)

    def _ran(self, follower: Follower, input: Tensor, output: Tensor) -> None:
        found = nearest(input)
        self._origins.mark(output, (follower,))
        self._follows(None if found is None else found[0], follower)

    def _follows(self, layer: sites.Layer | None, follower: Follower) -> None:
        name = None if layer is None else self._before.get(id(layer))
        if name is not None and follower not in self._after.setdefault(name, []):
            self._after[name].append(follower)

"""Put another activation at every site of a model: ``rt.swap(model, "relu", "gelu")``.

Layer: torch front end, on `rectifier.torch.sites`. Activation modules are replaced where they are
held. Functional calls are caught while the model's ``forward`` runs, through the same interception
that watches: ``model.forward`` becomes an object that switches it on, which ``copy.deepcopy``,
``pickle`` and ``state_dict`` carry along. That costs a few microseconds a torch call, so a model of
one's own is better edited for good.
"""

from __future__ import annotations

import inspect
import sys
import threading
import types
from collections.abc import Callable, Collection
from typing import Any

from torch import Tensor, nn

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError, OtherKindError, UnknownNameError
from rectifier.torch import modules
from rectifier.torch.activation_modules import ACTIVATION_MODULES, module_function
from rectifier.torch.boundary import Boundary
from rectifier.torch.calls import Calls
from rectifier.torch.naming import Sources
from rectifier.torch.observer import Observer, Site
from rectifier.torch.registry import Registry
from rectifier.torch.tracing import trace

HOLDER = "swapped"
"""Attribute of the model that holds what functional sites with parameters of their own apply."""

New = str | Activation | Callable[[], nn.Module]


def swap(
    model: nn.Module,
    old: str | Activation,
    new: New,
    sample: tuple[Any, ...] | None = None,
    *,
    only: Collection[str] | None = None,
) -> int:
    """Replace an activation at every site of a model.

    Args:
        model: Changed in place.
        old: Name of the activation to replace.
        new: Name or `Activation` to put there, or what makes a module (``nn.GELU``).
        sample: Arguments of one forward pass. With it functional sites are counted now and, where
            ``new`` has parameters, each gets its own.
        only: Names of the sites (`rectifier.torch.sites.trace`) to replace; needs a sample. None:
            all where ``old`` is applied. An activation module goes with the first of its sites.

    Returns:
        How many sites were replaced: with a sample all of them, without it the activation modules
        (functional calls are replaced too, but known only once the model runs).

    Raises:
        UnknownNameError: There is no such activation.
        InvalidInputError: ``model`` is itself the activation, or cannot take one; ``old`` is a
            gated unit; the sample meets ``old`` as a formula written out between two layers, which
            nothing can stand in for.

    Example:
        >>> import rectifier.torch as rt
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.ReLU())
        >>> rt.swap(model, "relu", "gelu")
        2
    """
    if not isinstance(model, nn.Module):
        raise InvalidInputError(f"model must be a torch.nn.Module, got {type(model).__name__}.")
    name = _known(old)
    make = _maker(new)
    if module_function(model) is not None:
        raise InvalidInputError(
            "the model is itself an activation; make a new one with rectifier.torch.activation."
        )
    if only is not None and sample is None:
        raise InvalidInputError("only= names sites, which are known from a run: pass sample= too.")
    sites = [s for s in trace(model, *sample) if s.function == name] if sample is not None else []
    if only is not None:
        sites = [site for site in sites if site.name in only]
    for site in sites:
        if site.written:
            raise InvalidInputError(
                f"{name} at {site.source} is written out as a formula, which swap cannot replace; "
                "put rectifier.torch.activation(...) there by hand"
            )
    functional_sites = [site for site in sites if site.module() is None]
    chosen = None if only is None else {id(site.module()) for site in sites}
    replaced = _replace_modules(model, name, make, chosen)
    probe = make()
    learnable = any(True for _ in probe.parameters())
    if sample is not None:
        if learnable and functional_sites:
            _hold(model, functional_sites, make)
        if not functional_sites:
            return len(sites)
    names = None if only is None else frozenset(site.name for site in functional_sites)
    inner = model.__dict__.get("forward")
    model.forward = _Forward(model, inner, name, probe, learnable, names)
    return replaced if sample is None else len(sites)


def _known(old: str | Activation) -> str:
    if isinstance(old, Activation):
        return old.name
    try:
        return catalog.get(old).name
    except UnknownNameError as error:
        names = set(ACTIVATION_MODULES.values())
        if old in names:
            return old
        if isinstance(error, OtherKindError):
            kind = "gated unit" if error.kind == "gated" else "function of a whole row"
            raise InvalidInputError(
                f"expected an activation of one number to replace, such as relu; {old} is a "
                f"{kind}: put another module in its place where the model is built"
            ) from error
        raise UnknownNameError("activation", old, names | set(catalog.names())) from error


def _maker(new: New) -> Callable[[], nn.Module]:
    if isinstance(new, str | Activation):
        spec = catalog.get(new)
        return lambda: modules.activation(spec)
    if isinstance(new, nn.Module) or not callable(new):
        raise InvalidInputError(
            "new must be a name, an Activation or what makes a module, such as nn.GELU or "
            f"lambda: nn.LeakyReLU(0.2); got {type(new).__name__}."
        )
    if not isinstance(new(), nn.Module):
        raise InvalidInputError(f"new must make a torch.nn.Module, but {new!r} does not.")
    return new


def _replace_modules(
    model: nn.Module, name: str, make: Callable[[], nn.Module], chosen: Collection[int] | None
) -> int:
    """Replace activation modules, those of these ids; one held in several places stays one."""
    made: dict[int, nn.Module] = {}
    for parent in list(model.modules()):
        for attribute, child in list(parent._modules.items()):
            if child is None or module_function(child) != name:
                continue
            if chosen is not None and id(child) not in chosen:
                continue
            if id(child) not in made:
                made[id(child)] = _placed(make(), model).train(child.training)
            parent._modules[attribute] = made[id(child)]
    return len(made)


def _placed(module: nn.Module, model: nn.Module) -> nn.Module:
    """On the device and of the type of the model's weights."""
    for parameter in model.parameters():
        if parameter.is_floating_point():
            return module.to(parameter.device, parameter.dtype)
    return module


def _hold(model: nn.Module, sites: list[Site], make: Callable[[], nn.Module]) -> None:
    held = model._modules.get(HOLDER)
    if held is None:
        if hasattr(model, HOLDER):
            raise InvalidInputError(
                f"the model already has an attribute {HOLDER!r}, which swap needs for the "
                "parameters of functional sites; rename it."
            )
        held = nn.ModuleDict()
        model.add_module(HOLDER, held)
    for site in sites:
        held.add_module(_key(site), _placed(make(), model))


def _key(site: Site) -> str:
    return site.name.replace(".", "_").replace(":", "_")


class _Swapper(Observer):
    """Applies the new function at the functional sites of the old one."""

    def __init__(
        self,
        model: nn.Module,
        old: str,
        new: nn.Module,
        learnable: bool,
        only: frozenset[str] | None,
    ) -> None:
        self._model = model
        self._old = old
        self._new = new
        self._learnable = learnable
        self._only = only
        self.error: InvalidInputError | None = None

    def replace(
        self, site: Site, input: Tensor, apply: Callable[[Tensor], Tensor]
    ) -> Tensor | None:
        """What the new activation gives."""
        if site.function != self._old or (self._only is not None and site.name not in self._only):
            return None
        module = self._new
        if self._learnable:
            held = self._model._modules.get(HOLDER)
            own = held._modules.get(_key(site)) if held is not None else None
            if own is None:
                self.error = InvalidInputError(
                    f"{self._old} at {site.source} is a function call, and what was swapped in has "
                    "parameters: give swap a sample=(inputs,) so that the site gets its own."
                )
                return None
            module = own
        result: Tensor = module.forward(input)
        return result


class _Forward:
    """A model's ``forward`` while functional activations in it are swapped."""

    def __init__(
        self,
        model: nn.Module,
        inner: Any,
        old: str,
        new: nn.Module,
        learnable: bool,
        only: frozenset[str] | None,
    ) -> None:
        self._model = model
        self._inner = inner
        self._old = old
        self._new = new
        self._learnable = learnable
        self._only = only
        self._local: threading.local | None = None

    @property
    def __signature__(self) -> inspect.Signature:
        """As of the class's own ``forward``."""
        signature = inspect.signature(type(self._model).forward)
        return signature.replace(parameters=list(signature.parameters.values())[1:])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_local": None}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model's own forward with the new activation in place of the old."""
        calls, boundary, swapper = self._tools()
        boundary.thread = threading.get_ident()
        boundary.choose()
        with calls.within(self._model):
            if self._inner is not None:
                result = self._inner(*args, **kwargs)
            else:
                result = type(self._model).forward(self._model, *args, **kwargs)
        if swapper.error is not None:
            error, swapper.error = swapper.error, None
            raise error
        if boundary.notes:
            raise RuntimeError(boundary.notes[-1])
        return result

    def _tools(self) -> tuple[Calls, Boundary, _Swapper]:
        """The interception, one a thread; made anew in a copy of the model."""
        local = self._local
        if local is None:
            local = self._local = threading.local()
        if not hasattr(local, "tools"):
            swapper = _Swapper(self._model, self._old, self._new, self._learnable, self._only)
            registry = Registry(Sources())
            boundary = Boundary([swapper], lambda: None)
            only = (registry.models.add(self._model),)
            local.tools = Calls(boundary, registry, only), boundary, swapper
        tools: tuple[Calls, Boundary, _Swapper] = local.tools
        return tools


class _Callable(types.ModuleType):
    """``rt.swap`` is this module once it is imported by name, and must still be the function."""

    def __call__(self, *args: Any, **kwargs: Any) -> int:
        return swap(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable

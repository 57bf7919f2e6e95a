"""Make a whole model keep less for backward: ``rt.lean_(model, keep="code4")``.

Layer: torch front end, on `rectifier.torch.lean` (the policies), `rectifier.torch.sites` and
`rectifier.torch.swap` (activations that are function calls). A model is only changed where what is
put there computes the same function; the rest stays, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError, RectifierError, UnknownNameError
from rectifier.kernels import residual
from rectifier.torch import lean
from rectifier.torch.followers import of_module
from rectifier.torch.functional import function
from rectifier.torch.gated_modules import GatedModule
from rectifier.torch.modules import ActivationModule, activation
from rectifier.torch.observer import Site
from rectifier.torch.rowwise_modules import RowwiseModule
from rectifier.torch.swap import swap
from rectifier.torch.tracing import trace

_ROUNDING = 1e-4
"""What two implementations of one function may differ by, of the largest value."""


@dataclass(frozen=True)
class LeanSite:
    """What became of one activation.

    Attributes:
        name: Its path in the model; for function calls the name of the site.
        function: What it computes.
        keep: What it keeps now.
        reason: Why it was left alone; empty where it was changed.
    """

    name: str
    function: str
    keep: str
    reason: str = ""

    def __str__(self) -> str:
        why = f", {self.reason}" if self.reason else ""
        return f"{self.name} ({self.function}): keeps {self.keep}{why}"


def lean_(
    model: nn.Module, keep: str = "code4", sample: tuple[Any, ...] | None = None
) -> tuple[LeanSite, ...]:
    """Let the activations of a model keep less for backward, in place.

    Args:
        model: Any module that is not itself one activation.
        keep: What to keep; see `rectifier.torch.lean`. ``"input"`` undoes it for modules.
        sample: Arguments of one forward pass. With it activations that are function calls are
            changed too; they are intercepted from then on, which costs microseconds a call.

    Returns:
        One record for each activation, with the reason where one was left alone.

    Raises:
        UnknownNameError: There is no such policy.
        InvalidInputError: The model is itself an activation.

    Example:
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.GELU(), nn.Linear(3, 1))
        >>> print(lean_(model, keep="code4")[0])
        1 (gelu): keeps code4
    """
    residual.check(keep)
    if of_module(model) is not None:
        raise InvalidInputError("the model is itself an activation; give it keep= when it is made.")
    done: list[LeanSite] = []
    for path, parent in list(model.named_modules()):
        for attribute, child in list(parent._modules.items()):
            follower = None if child is None else of_module(child)
            if child is None or follower is None:
                continue
            name = f"{path}.{attribute}" if path else attribute
            spec, parameters = follower.activation, follower.parameters
            outcome = _change(parent, attribute, child, spec, parameters, keep)
            done.append(LeanSite(name, follower.name, *outcome))
    if sample is not None:
        done += _functional(model, keep, sample)
    return tuple(done)


def _change(
    parent: nn.Module,
    attribute: str,
    child: nn.Module,
    spec: Activation | None,
    parameters: Mapping[str, float],
    keep: str,
) -> tuple[str, str]:
    """Change one module; return what it keeps, and why not what was asked for."""
    if isinstance(child, nn.GLU | GatedModule | RowwiseModule):
        return "input", "it is no function of one number"
    if spec is None:
        return "input", "it is not in the catalog"
    if keep == "input":
        if isinstance(child, ActivationModule):
            child.keep = keep
        return "input", ""
    if any(True for _ in child.parameters()):
        return "input", "it has parameters that are learned, whose gradient needs the input"
    if getattr(child, "inplace", False):
        return "input", "it works in place"
    values = tuple({**_defaults(spec), **parameters}.values())
    reason = _unsuitable(spec, values, keep)
    if reason:
        return "input", reason
    if isinstance(child, ActivationModule):
        child.keep = keep
        return keep, ""
    options: dict[str, Any] = {**parameters, "keep": keep}
    new = activation(spec, **options)
    if not _same(child, new):
        return "input", f"it does not compute the catalog's {spec.name}"
    parent._modules[attribute] = new.train(child.training)
    return keep, ""


def _functional(model: nn.Module, keep: str, sample: tuple[Any, ...]) -> list[LeanSite]:
    sites = [site for site in trace(model, *sample) if site.module() is None]
    done = []
    for name in dict.fromkeys(site.function for site in sites):
        group = [site for site in sites if site.function == name]
        reason = _obstacle(name, group, keep)
        if not reason and keep != "input":
            swap(model, name, lambda name=name: activation(name, keep=keep))  # type: ignore[misc]
        kept = "input" if reason else keep
        done += [LeanSite(site.name, name, kept, reason) for site in group]
    return done


def _obstacle(name: str, sites: list[Site], keep: str) -> str:
    try:
        spec = catalog.get(name)
    except UnknownNameError:
        return "it is not in the catalog"
    if spec.learnable:
        return "it has parameters that are learned, whose gradient needs the input"
    reason = _unsuitable(spec, tuple(_defaults(spec).values()), keep)
    if not reason and not all(s.apply is None or _same(s.apply, function(spec)) for s in sites):
        return f"some call of it has other parameters than the catalog's {name}"
    return reason


def _defaults(spec: Activation) -> dict[str, float]:
    return {name: param.default for name, param in spec.params.items()}


def _unsuitable(spec: Activation, values: tuple[float, ...], keep: str) -> str:
    if keep == "input":
        return ""
    try:
        lean.recipe(spec, values, keep)
    except RectifierError as error:
        return str(error)
    return ""


def _same(one: Any, other: Any) -> bool:
    """Whether two functions give the same, but for rounding, between -20 and 20."""
    x = torch.linspace(-20.0, 20.0, 4001)
    with torch.no_grad():
        found: Tensor = one(x.clone())
        expected: Tensor = other(x.clone())
    if found.shape != expected.shape:
        return False
    error = float((found - expected).abs().max())
    return error <= _ROUNDING * float(expected.abs().max())

"""``swap_activation``: another function at the sites that a finding names.

Layer: doctor's remedies, on sites and the front end's functions. Settings: ``from``, ``to``, and
``omega`` for a sine's frequency; scope: ``sites``, and ``reinitialize`` where weights must be drawn
anew to suit the new function (for a sine of high frequency as SIREN does: Sitzmann et al. 2020,
section 3.2). ``from`` may be a softmax between hidden layers; scope: ``layers`` before it. With
``dim`` a softmax stays one and goes over that dimension. Copies of the model follow
(`_counterparts`).
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from rectifier import catalog
from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action, Site, apart
from rectifier.doctor.remedies._counterparts import Counterparts
from rectifier.doctor.remedies._hook import Hook
from rectifier.doctor.remedies._smooth import Smooth
from rectifier.doctor.remedies._softmax import SwapSoftmax, TurnSoftmax
from rectifier.doctor.remedies._straight import StraightThrough
from rectifier.doctor.remedies.reinitialize import KNOWN
from rectifier.errors import InvalidInputError
from rectifier.torch import functional
from rectifier.torch.activation_modules import is_torch

FAINT = 0.5
"""Gain that suits the old function alone: behind an exponential, which makes numbers of some e, it
is a third of any usual one's, and depth takes such a signal to nothing."""


class SwapActivation(Action):
    """Applies the new function where the program calls the old one."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        new = catalog.get(str(remedy.settings.get("to", "")))
        if new.learnable:
            raise InvalidInputError(
                f"remedy 'swap_activation' takes functions without learnable parameters, got "
                f"{new.name!r}; use rectifier.torch.swap for that one"
            )
        self.name = new.name
        self.function: Callable[[Tensor], Tensor] = getattr(functional, new.name)
        self.old = remedy.settings.get("from")
        self.omega = float(remedy.settings.get("omega", 1.0))
        if self.omega != 1.0:
            plain = self.function
            self.function = lambda x: plain(self.omega * x)
        self._counterparts = Counterparts()
        self._models: dict[str, weakref.ref[nn.Module]] = {}
        self._changed: weakref.WeakSet[nn.Module] = weakref.WeakSet()

    def on_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """What it holds is no copy."""
        self._counterparts.know(optimizer)

    def wants_step(self, step: int) -> bool:
        """At every step."""
        del step
        return True

    def on_model(
        self, model: nn.Module, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """Draw new weights first, where the remedy asks for it."""
        del kwargs
        self._models[name] = weakref.ref(model)
        if not self.remedy.scope.get("reinitialize"):
            return
        if not any(isinstance(module, KNOWN) for module in model.modules()):
            return  # layers of the user's own kind: their weights stay, the function is new
        from rectifier.torch import init_

        with apart():
            rows = init_(model, tuple(args) or None)
            if any(row.reads == self.old and 0 < row.gain < FAINT for row in rows):
                init_(model, tuple(args) or None, activation=self.name)
            if self.omega != 1.0:
                _as_siren(model, self.omega)
        self.say(f"weights of {name} drawn anew, for {self.name}")

    def replace(
        self, site: Site, input: Tensor, apply: Callable[[Tensor], Tensor]
    ) -> Tensor | None:
        """The new function's output at the sites concerned."""
        del apply
        if site.function != self.old:
            return None
        if self._counterparts.of(site) is None:
            if not self.concerns(site):
                return None
            self._counterparts.meet(site)
            self._hang_in(site)
            self.say_at(f"{site.function} → {self.name} at", site.name)
        return self.function(input)

    def _hang_in(self, site: Site) -> None:
        """A module of the user's own that is nothing but the activation: evaluated, too, it is new.

        What it computes inside is met as a site only while gradients are recorded.
        """
        held = self._models.get(site.model)
        model = None if held is None else held()
        module = None if model is None else dict(model.named_modules()).get(site.name)
        if module is None or is_torch(module) or module in self._changed:
            return
        if any(True for _ in module.children()) or any(True for _ in module.parameters()):
            return
        self._changed.add(module)
        self.handles.append(module.register_forward_hook(Hook(self._evaluated)))

    def _evaluated(self, module: nn.Module, args: Any, output: Any) -> Any:
        """Hook: the new function's output where no gradient is recorded."""
        if torch.is_grad_enabled() or not args or not isinstance(args[0], Tensor):
            return output
        return self.function(args[0])

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Swap at every site of that function, for good."""
        del optimizer
        from rectifier.torch.swap import swap

        swap(model, str(self.old), self.name)
        self.say(f"{self.old} → {self.name} in {type(model).__name__}")


def _as_siren(model: nn.Module, omega: float) -> None:
    """Uniform weights: the first layer's spread over one period a unit, the others' over omega."""
    layers = [m for m in model.modules() if isinstance(m, nn.Linear)]
    with torch.no_grad():
        for place, layer in enumerate(layers):
            inputs = layer.in_features
            bound = 1.0 / inputs if place == 0 else math.sqrt(6.0 / inputs) / omega
            layer.weight.uniform_(-bound, bound)
            if layer.bias is not None:
                layer.bias.uniform_(-1.0 / math.sqrt(inputs), 1.0 / math.sqrt(inputs))


def of(remedy: Remedy) -> Action:
    """The action; a softmax (of several units), thresholds and signs are met at their calls."""
    if remedy.settings.get("to") == "straight_through":
        return StraightThrough(remedy)
    if "dim" in remedy.settings:
        return TurnSoftmax(remedy)
    if remedy.settings.get("from") in ("sign", "sgn"):
        return Smooth(remedy)
    return (SwapSoftmax if remedy.settings.get("from") == "softmax" else SwapActivation)(remedy)


ACTION = of

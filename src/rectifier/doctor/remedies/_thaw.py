"""``add_to_optimizer`` with ``how="thaw"``: layers frozen before their first step are trained.

With ``how="heed"``: so are the parameters of a module that was given ``requires_grad = True``.

Layer: doctor's remedies. Scope: ``layers``, by name. Each requires gradients from the first pass in
which it is met, and joins the optimiser that steps next.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action
from rectifier.torch.sites import Layer


class Thaw(Action):
    """Lets named layers learn."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._missing = {str(name) for name in self.remedy.scope.get("layers", ())}
        self._thawed: list[Tensor] = []

    def wants_step(self, step: int) -> bool:
        """Until all were met: adapters come into a model late."""
        del step
        return bool(self._missing)

    def on_layer(self, layer: Layer, output: Any) -> None:
        """Thaw it."""
        del output
        if layer.name in self._missing:
            self._missing.discard(layer.name)
            self._thaw(layer.name, layer.tensors())

    def _thaw(self, name: str, tensors: Any) -> None:
        new = [t for t in tensors if t.is_leaf and not t.requires_grad and t.is_floating_point()]
        for tensor in new:
            tensor.requires_grad_(True)
        self._thawed += new
        if new:
            self.say_at("gradients are required now by", name)

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Hand over what was thawed; it is stepped as soon as it has a gradient."""
        del step
        if optimizer is None or not self._thawed:
            return
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        new = [p for p in self._thawed if id(p) not in held]
        optimizer.param_groups[0]["params"] += new  # schedulers count the groups
        self._thawed.clear()

    def apply(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        """Thaw the named layers of a live model."""
        for name in sorted(self._missing):
            self._thaw(name, list(model.get_submodule(name).parameters(recurse=False)))
        self._missing.clear()
        self.before_step(optimizer, 0)


class Heed(Thaw):
    """Lets the parameters of a module learn that was told so by an attribute, whenever it is."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._roots: list[weakref.ref[nn.Module]] = []

    def wants_step(self, step: int) -> bool:
        """Always: a module may be frozen, and told, between two trainings."""
        del step
        return True

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """See to its modules before its first pass, and later before each step."""
        del name, args, kwargs
        self._roots.append(weakref.ref(model))
        self._look(model)

    def _look(self, model: nn.Module) -> None:
        for path, module in model.named_modules():
            if module.__dict__.get("requires_grad") is True:
                self._thaw(path, module.parameters())

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """What was told since the last step learns from the next one on."""
        for model in filter(None, (reference() for reference in self._roots)):
            self._look(model)
        super().before_step(optimizer, step)

    def apply(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        """The same in a live model."""
        self._look(model)
        super().before_step(optimizer, 0)

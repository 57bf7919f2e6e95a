"""``insert_normalization`` with ``how="train"``: batch normalisations that rest normalise again.

Layer: doctor's remedies. Scope: ``layers``, by name. In each pass that records gradients they are
in training mode; outside of it as the program has them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action
from rectifier.doctor.remedies._hook import Hook
from rectifier.torch.sites import Layer


class Waking(Action):
    """Puts named normalisations into training mode where the network trains."""

    meets_models = True

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._names = {str(name) for name in self.remedy.scope.get("layers", ())}
        self._modes: list[tuple[nn.Module, bool]] = []

    def on_layer(self, layer: Layer, output: Any) -> None:
        """Hook it; of a model in evaluation mode nobody is told as a whole."""
        del output
        module = layer.module()
        if layer.name in self._names and module is not None:
            self._hook(layer.name, module)

    def _hook(self, name: str, module: nn.Module) -> None:
        self._names.discard(name)
        self.handles.append(module.register_forward_pre_hook(Hook(self._before)))
        self.handles.append(module.register_forward_hook(Hook(self._after), always_call=True))
        self.say_at("in training mode wherever gradients are recorded:", name)

    def apply(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        """Hook the named modules of a live model."""
        del optimizer
        for name in sorted(self._names):
            self._hook(name, model.get_submodule(name))

    def _before(self, module: nn.Module, args: Any) -> None:
        del args
        self._modes.append((module, module.training))
        if torch.is_grad_enabled():
            module.training = True

    def _after(self, module: nn.Module, args: Any, output: Any) -> None:
        del args, output
        while self._modes:
            known, mode = self._modes.pop()
            known.training = mode
            if known is module:
                return

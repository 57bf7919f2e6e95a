"""``add_activation``: a function between layers that follow each other without one.

Layer: doctor's remedies. Settings: ``function``; scope: ``layers``, behind each of which it comes.
With ``before`` (``nll_loss``) and no layers: ``log_softmax`` before a loss that wants logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier import catalog
from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies._rewriting import Rewriting, keyword
from rectifier.torch import functional


class AddActivation(Rewriting):
    """Hangs the function behind each layer, or the logarithm before the loss."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.before = str(remedy.settings.get("before", ""))
        self.names = frozenset({self.before}) if self.before else frozenset()
        name = str(remedy.settings.get("function", "relu"))
        self.function: Any = F.log_softmax
        if not self.before:
            self.function = getattr(functional, catalog.get(name).name)
        self.name = name

    def wants_step(self, step: int) -> bool:
        """The first: models are told of only while a step is seen."""
        return step == 0

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Hang the function behind the layers."""
        del args, kwargs
        self._hang(model, name)

    def _hang(self, model: nn.Module, name: str) -> None:
        modules = dict(model.named_modules())
        for layer in self.remedy.scope.get("layers", ()):
            module = modules.get(str(layer)) or (model if layer == name else None)
            if module is not None:
                self.handles.append(module.register_forward_hook(self._activate))
                self.say_at(f"{self.name} added behind", str(layer))

    def _activate(self, module: nn.Module, args: Any, output: Any) -> Any:
        del module, args
        return self.function(output) if isinstance(output, Tensor) else None

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The loss gets log-probabilities."""
        given = keyword(args, kwargs, 0, "input")
        if not isinstance(given, Tensor) or given.dim() < 1:
            return func(*args, **kwargs)
        self.say(f"log_softmax added before {name}")
        logs = F.log_softmax(given, dim=1 if given.dim() > 1 else 0)
        kwargs = {key: value for key, value in kwargs.items() if key != "input"}
        return func(logs, *args[1:], **kwargs)

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Add it, for good."""
        del optimizer
        if self.before:
            self.stay()
            self.say(f"log_softmax added before {self.before}")
        self._hang(model, type(model).__name__)


ACTION = AddActivation

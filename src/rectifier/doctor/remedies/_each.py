"""``remove_output_activation`` with ``each``: a sigmoid a class in place of the output's softmax.

Layer: doctor's remedies. Classes that may hold at once do not share one whole. The softmax is known
by what it is given, the output of the last layer, so that one inside the network stays; what the
model returns changes, in evaluation too.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import program_line
from rectifier.doctor.remedies._rewriting import Rewriting, keyword, tensor


class SigmoidEach(Rewriting):
    """Takes the sigmoid of what the last layer gave."""

    names = frozenset({"softmax"})

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._layer = str(remedy.scope.get("layer", ""))
        self._given: weakref.ref[Tensor] | None = None

    def wants_step(self, step: int) -> bool:
        """The first: models are told of only while a step is seen."""
        return step == 0

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Follow what the last layer gives."""
        del args, kwargs
        module = dict(model.named_modules()).get(self._layer)
        module = model if module is None and self._layer == name else module
        if module is not None:
            self.handles.append(module.register_forward_hook(self._remember))

    def _remember(self, module: nn.Module, args: Any, output: Any) -> None:
        del module, args
        self._given = weakref.ref(output) if isinstance(output, Tensor) else None

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A sigmoid, if this is the output."""
        del name
        given = tensor(keyword(args, kwargs, 0, "input"))
        if given is None or self._given is None or given is not self._given():
            return func(*args, **kwargs)
        place = ["softmax", *program_line()]
        if place not in self.met.setdefault("places", []):
            self.met["places"].append(place)
        self.say(f"sigmoid in place of softmax behind {self._layer}")
        return torch.sigmoid(given)

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """From now on."""
        del optimizer
        self.on_model(model, type(model).__name__, (), {})
        self.stay()

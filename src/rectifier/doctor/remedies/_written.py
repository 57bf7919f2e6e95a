"""``add_to_optimizer`` with ``how="write"``: what an update gives is written into its weight.

Layer: doctor's remedies. ``p = p - rate * p.grad`` in a loop over weights gives the name another
tensor. Where, under no_grad, a step along a weight's last gradient is taken off it, the line is an
update, and from then on the weight becomes what that line gives.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import program_line
from rectifier.doctor.remedies._rewriting import Rewriting, tensor
from rectifier.torch.sites import Layer

_LOOKS = 3
"""Steps in which layers are looked for."""

_ALONG = 0.99
"""Cosine of a step and a gradient from which one is a multiple of the other."""


class Written(Rewriting):
    """Copies the results of updates into the weights."""

    names = frozenset({"sub", "__sub__", "add", "__add__"})

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._gradients: dict[int, Tensor] = {}
        self._weights: dict[int, Tensor] = {}
        self._lines: set[tuple[str, int]] = set()

    def wants_step(self, step: int) -> bool:
        """The first few: layers are told of only while a step is seen."""
        return step - self.since < _LOOKS

    def on_layer(self, layer: Layer, output: Any) -> None:
        """Remember the gradients of its weights."""
        del output
        for weight in layer.tensors():
            if weight.is_leaf and weight.requires_grad and id(weight) not in self._weights:
                self._weights[id(weight)] = weight
                hook: Any = weight.register_post_accumulate_grad_hook
                self.handles.append(hook(self._arrived))

    def _arrived(self, weight: Tensor) -> None:
        if weight.grad is not None:
            self._gradients[id(weight)] = weight.grad.detach().clone()

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Write the result of an update into what it updates."""
        del name
        result = func(*args, **kwargs)
        weight, step = (*args, None, None)[:2]
        if torch.is_grad_enabled() or tensor(weight) is None or tensor(step) is None:
            return result
        with torch._C.DisableTorchFunction():
            if not (weight.is_leaf and weight.requires_grad) or weight.shape != step.shape:
                return result
            line = program_line()
            if line not in self._lines and not self._is_along(weight, step):
                return result
            self._lines.add(line)
            weight.copy_(result)
        self.say(f"the update in line {line[1]} is written into the weights")
        return result

    def _is_along(self, weight: Tensor, step: Tensor) -> bool:
        gradient = self._gradients.get(id(weight))
        if gradient is None:
            return False
        size = float(gradient.norm() * step.norm())
        return size > 0 and abs(float((gradient * step).sum())) >= _ALONG * size

    def apply(self, model: Any, optimizer: Any) -> None:
        """Nothing: whoever holds the model in hand updates it."""
        del model, optimizer

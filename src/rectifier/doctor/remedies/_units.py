"""``stabilize_loss`` with ``target_std``: the targets' own spread becomes the unit of the output.

Layer: doctor's remedies. What the last layer gives is multiplied by ``target_std`` and added to
``target_mean``, so that it starts where the targets are; and the gradient that comes back is that
of a loss whose targets have mean zero and spread one. The program's loss, its targets and what it
predicts stay in their own unit. ``degree``: 2 for squared errors, 1 for absolute ones, which grow
as the unit itself. With ``means`` and ``stds``: one for each output along ``axis``, as of an
autoencoder. Scope: ``layers``, the last one. Where the program keeps a copy of the model, both are
left alone: targets that the copy gives (Q-learning, self-distillation) would grow with the unit.

Source: LeCun, Bottou, Orr and Müller 1998, "Efficient BackProp", sections 4.3 and 4.5 (scale inputs
and targets to the network's range).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action
from rectifier.doctor.remedies._shadows import copies_of


class _Rescaled(torch.autograd.Function):
    """``y * std + mean``, of which the gradient is another one than its own."""

    @staticmethod
    def forward(
        ctx: Any, y: Tensor, mean: float | Tensor, std: float | Tensor, factor: float | Tensor
    ) -> Tensor:
        ctx.factor = factor
        return y * std + mean

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        return gradients[0] * ctx.factor, None, None, None


class Units(Action):
    """Hangs the change of unit behind the last layer."""

    meets_models = True

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.std = self.number("target_std")
        self.mean = float(remedy.settings.get("target_mean", 0.0))
        self.power = 1 - int(remedy.settings.get("degree", 2))
        self.means = [float(v) for v in remedy.settings.get("means", ())]
        self.stds = [float(v) for v in remedy.settings.get("stds", ())]
        self.axis = int(remedy.settings.get("axis", -1))
        self._left = {str(name) for name in remedy.scope.get("layers", ())}
        self.unwritten = True

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Hang it in."""
        del args, kwargs
        if copies_of(model):
            self._left.clear()
            self.met["idle"] = [True]
            self.say("targets may come from a copy of the network, so their unit is left as it is")
            return
        modules = dict(model.named_modules())
        for layer in tuple(self._left):
            whole = layer not in modules and self.is_called(model, name, str(layer))
            if layer in modules or whole:
                self._left.discard(layer)
                self.hang(model, "" if whole else layer, self._rescale)
                each = "its feature's spread plus its mean"
                unit = each if self.stds else f"{self.std:g} plus {self.mean:g}"
                self.say(f"what {layer} gives is times {unit}")

    def _rescale(self, module: nn.Module, args: Any, output: Any) -> Any:
        del module, args
        if not isinstance(output, Tensor) or not output.is_floating_point():
            return None
        mean, std = self._unit(output)
        return _Rescaled.apply(  # type: ignore[no-untyped-call]
            output, mean, std, std**self.power
        )

    def _unit(self, output: Tensor) -> tuple[float | Tensor, float | Tensor]:
        """Mean and spread of all targets, or of each feature's where there are as many outputs."""
        axis = self.axis % output.dim()
        if not self.stds or output.shape[axis] != len(self.stds):
            return self.mean, self.std
        shape = [-1 if d == axis else 1 for d in range(output.dim())]
        return output.new_tensor(self.means).view(shape), output.new_tensor(self.stds).view(shape)

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Hang it in, for good."""
        del optimizer
        self.on_model(model, type(model).__name__, (), {})

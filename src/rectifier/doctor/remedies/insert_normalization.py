"""``insert_normalization``: batch normalisation of the pre-activations at the sites concerned.

Layer: doctor's remedies, on sites. Settings: ``how``: ``train`` (those that are there, in
evaluation mode, are put into training mode: `_waking`) or ``scores`` (attention's, before its
softmax, by one constant: `_cooling`). Scope: ``sites``. Each unit is normalised
over the batch, with a learnable scale and shift that join the optimiser; evaluation uses running
statistics. Copies of the model, which no optimiser holds, share them (`_counterparts`).
Source: Ioffe and Szegedy 2015, "Batch normalization", algorithm 1: before the nonlinearity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action, Site
from rectifier.doctor.remedies._cooling import CoolScores
from rectifier.doctor.remedies._counterparts import Counterparts
from rectifier.doctor.remedies._waking import Waking


class UnitNormalization(nn.Module):
    """Batch normalisation along any axis.

    Args:
        units: Number of units.
        axis: The dimension they lie on.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, units: int, axis: int, device: torch.device, dtype: torch.dtype) -> None:
        super().__init__()
        self.axis = axis
        self.weight = nn.Parameter(torch.ones(units, device=device, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(units, device=device, dtype=dtype))
        self.register_buffer("running_mean", torch.zeros(units, device=device, dtype=dtype))
        self.register_buffer("running_var", torch.ones(units, device=device, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise; with one element per unit there is no spread, so running statistics serve."""
        units_second = x.movedim(self.axis, 1) if x.dim() > 1 else x.unsqueeze(0)
        several = units_second.numel() > units_second.shape[1]
        normal = F.batch_norm(
            units_second,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=self.training and several,
        )
        return normal.movedim(1, self.axis) if x.dim() > 1 else normal.squeeze(0)


class InsertNormalization(Action):
    """Normalises what enters the sites that the remedy names."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._layers: dict[str, UnitNormalization] = {}
        self._waiting: list[tuple[UnitNormalization, nn.Module | None]] = []
        self._counterparts = Counterparts()

    def on_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """What it holds is no copy."""
        self._counterparts.know(optimizer)

    def wants_step(self, step: int) -> bool:
        """At every step."""
        del step
        return True

    def before_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Scale and shift join the optimiser of the layer before them, at its first step."""
        del step
        if optimizer is None:
            return
        for layer, feeding in tuple(self._waiting):
            if _join(layer, feeding, optimizer):
                self._waiting.remove((layer, feeding))

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Clear the gradients here: a program that calls ``model.zero_grad`` does not know them."""
        del step, optimizer
        for layer in self._layers.values():
            layer.zero_grad(set_to_none=True)

    def replace(
        self, site: Site, input: Tensor, apply: Callable[[Tensor], Tensor]
    ) -> Tensor | None:
        """The site's own function of the normalised input."""
        if not input.is_floating_point():
            return None
        trained = self._counterparts.of(site)
        if trained is None and not self.concerns(site):
            return None
        name = site.name if trained is None else trained.name
        if name not in self._layers:
            self._layers[name] = self._insert(site, input)
            self._counterparts.meet(site)
        layer = self._layers[name]
        if layer.weight.numel() != input.shape[site.axis_in(input)]:
            return None  # of a copy, a call that was taken for another
        if layer.weight.device != input.device:
            layer.to(input.device)
        layer.axis = site.axis_in(input)
        feeding = site.layer_module()
        layer.train(feeding.training if feeding is not None else torch.is_grad_enabled())
        return apply(layer(input).to(input.dtype))

    def _insert(self, site: Site, input: Tensor) -> UnitNormalization:
        dtype = input.dtype if input.dtype == torch.float64 else torch.float32
        layer = UnitNormalization(input.shape[site.unit_axis], site.unit_axis, input.device, dtype)
        self._waiting.append((layer, site.layer_module()))
        self.say_at("batch normalisation inserted before", site.name)
        return layer

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Hang a normalisation behind each layer named in the scope."""
        modules = dict(model.named_modules())
        for name in self.remedy.scope.get("layers", ()):
            feeding = modules.get(str(name))
            weight = getattr(feeding, "weight", None)
            if feeding is None or not isinstance(weight, Tensor):
                continue
            axis = 1 if weight.dim() > 2 else -1
            layer = UnitNormalization(weight.shape[0], axis, weight.device, weight.dtype)
            feeding.add_module("normalization", layer)
            feeding.register_forward_hook(_normalise)
            if optimizer is not None:
                _join(layer, feeding, optimizer)
            self.say(f"batch normalisation inserted behind {name}")


def _normalise(module: nn.Module, args: Any, output: Tensor) -> Tensor:
    del args
    normal: Tensor = module.get_submodule("normalization")(output)
    return normal


def _join(
    layer: UnitNormalization, feeding: nn.Module | None, optimizer: torch.optim.Optimizer
) -> bool:
    """Add scale and shift to the group that holds the layer's weight.

    Not to a group of their own: schedulers made earlier count the groups.
    """
    weight = getattr(feeding, "weight", None)
    for group in optimizer.param_groups:
        held = group["params"]
        if weight is None or any(p is weight for p in held):
            held += [layer.weight, layer.bias]
            return True
    return False


def ACTION(remedy: Remedy) -> Action:  # noqa: N802 - the name that the scan looks for
    """The remedy for normalisations that lack, or that rest."""
    if remedy.settings.get("how") == "scores":
        return CoolScores(remedy)
    return (Waking if remedy.settings.get("how") == "train" else InsertNormalization)(remedy)

"""``normalize_input`` with ``how="centre"``: an autoencoder starts from the mean of its data.

Layer: doctor's remedies. Settings: ``mean``, ``std`` (as of ``normalize_input``; the spread stays
as it is, since what is to be given back has it too); scope: ``layers``, the first ones;
``parameters``: the trained vector that is added to what the last layer gives. It starts at the
data's mean in place of nought. Where the program takes it off its data as well, that centres them;
where it does not, the mean is taken off before the first layer.

Source: Bricken et al. 2023, "Towards monosemanticity", appendix "Sparse autoencoder training": the
decoder's bias is taken off the data, and starts at their (geometric) median.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import _products
from rectifier.doctor.remedies._shadows import copies_of
from rectifier.doctor.remedies.normalize_input import NormalizeInput

HALF = 0.5
"""Of the known mean's length, what the mean of what enters has left where nothing took it off."""


class Centring(NormalizeInput):
    """Starts the output's bias at the mean, and takes that off what enters where it is still on."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.known = {
            size: (mean, torch.ones_like(std)) for size, (mean, std) in self.known.items()
        }
        self._first: set[int] = set()
        self._shifted: dict[int, bool] = {}

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Set the bias, in what the program keeps of the model too."""
        for each in (model, *copies_of(model)):
            self._set(each, name)
        super().on_model(model, name, args, kwargs)

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Likewise for good."""
        self._set(model, type(model).__name__)
        super().apply(model, optimizer)

    def _set(self, model: nn.Module, name: str) -> None:
        named = dict(model.named_parameters())
        layers = {str(layer) for layer in self.remedy.scope.get("layers", ())}
        self._first |= {id(p) for path, p in named.items() if path in layers}
        for path in self.remedy.scope.get("parameters", ()):
            bias = named.get(str(path))
            mean, _ = self.known.get(0 if bias is None else bias.numel(), (None, None))
            if bias is None or mean is None or bool(bias.norm() > HALF * mean.norm()):
                continue  # not met, or somewhere already
            with torch.no_grad():
                bias.copy_(mean.view_as(bias))
            self.unwritten = True
            self.say(f"{path} of {name} starts at the mean of the data")

    def _normal(self, x: Tensor, axis: int) -> Tensor:
        """What enters a layer, its mean taken off where that is still on."""
        mean, _ = self.known[x.shape[axis]]
        with torch.no_grad():
            rest = x.detach().double().movedim(axis, -1).reshape(-1, mean.numel()).mean(0)
            off = bool(rest.norm() > HALF * mean.norm())
        if not off:
            return x
        self.say("the mean of the data is taken off before the first layer")
        return super()._normal(x, axis)

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Data of a layer of bare tensors, known by its weight."""
        with torch._C.DisableTorchFunction():
            met = _products.product(name, args, kwargs)
            known = met is not None and id(met.weight) in self._first
            normal = None
            if met is not None and known and met.features(args) in self.known:
                normal = self._normal(args[met.place], met.axis)
        if met is None or normal is None:
            return func(*args, **kwargs)
        return func(*args[: met.place], normal, *args[met.place + 1 :], **kwargs)

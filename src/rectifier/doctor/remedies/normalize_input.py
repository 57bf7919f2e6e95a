"""``normalize_input``: the data that enter the first layer get mean zero and spread one.

Layer: doctor's remedies. Settings: ``mean``, ``std`` (one value a feature, as measured in the sick
run), ``axis`` of the features, ``clip`` where outliers are cut off, ``others``: the ``mean`` and
``std`` of layers that are fed another number of features, ``how``: ``centre`` (an autoencoder's
output starts at the mean: `_centring`); scope: ``layers``, the first ones. Acts in training and
evaluation alike. A layer of bare tensors is met where the program multiplies: what takes no
gradient there, while gradients are recorded, is data.
Source: LeCun, Bottou, Orr and Müller 1998, "Efficient BackProp", section 4.3.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action, _products
from rectifier.doctor.remedies._rewriting import Rewriting
from rectifier.doctor.remedies._shadows import copies_of
from rectifier.errors import InvalidInputError


class NormalizeInput(Rewriting):
    """Hangs a normalisation before the first layer."""

    meets_models = True

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.known: dict[int, tuple[Tensor, Tensor]] = {}
        for given in (remedy.settings, *remedy.settings.get("others", ())):
            mean, std = (
                torch.tensor(list(given.get(name, ())), dtype=torch.float64)
                for name in ("mean", "std")
            )
            fits = mean.numel() > 0 and mean.shape == std.shape
            if not fits or bool((std <= 0).any()):
                raise InvalidInputError(
                    "remedy 'normalize_input' needs 'mean' and positive 'std' of the same length, "
                    f"got {mean.numel()} and {std.numel()} values"
                )
            self.known.setdefault(mean.numel(), (mean, std))
        self.axis = int(remedy.settings.get("axis", -1))
        self.clip = float(remedy.settings.get("clip", math.inf))
        self.names = _products.NAMES
        self._left = {str(layer) for layer in remedy.scope.get("layers", ())}
        self._own: set[int] = set()
        self._seen: weakref.WeakSet[nn.Module] = weakref.WeakSet()
        self._fed: dict[int, Tensor] = {}

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Hang it in, and into what the program keeps of it."""
        del args, kwargs
        for each in (model, *copies_of(model)):
            self._hang(each, name)

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Hang it in, for good."""
        del optimizer
        self._hang(model, type(model).__name__)

    def _hang(self, model: nn.Module, name: str) -> None:
        if model in self._seen:
            return
        self._seen.add(model)
        modules = dict(model.named_modules())
        self._own |= _products.own(model)
        for layer in self.remedy.scope.get("layers", ()):
            whole = str(layer) not in modules and self.is_called(model, name, str(layer))
            if str(layer) not in modules and not whole:
                continue
            self._left.discard(str(layer))
            self.hang(model, "" if whole else str(layer), self._normalise, before=True)
            count = " or ".join(map(str, self.known))
            self.say(f"{count} features normalised before {layer}")

    def _normalise(self, module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        if not args or not isinstance(args[0], Tensor) or not args[0].is_floating_point():
            return None
        x = args[0]
        axis = self.axis % x.dim() if self.axis < 0 else self.axis
        weight = getattr(module, "weight", None)
        if self.axis == 1 and isinstance(weight, Tensor) and x.dim() < weight.dim():
            axis = 0  # an image, or a line of sound, without a batch
        if x.shape[axis] not in self.known:
            return None
        return (self._normal(x, axis), *args[1:])

    def _normal(self, x: Tensor, axis: int) -> Tensor:
        axis %= x.dim()
        shape = [-1 if d == axis else 1 for d in range(x.dim())]
        mean, std = (v.to(x.device).view(shape) for v in self.known[x.shape[axis]])
        normal = ((x.double() - mean) / std).clamp(-self.clip, self.clip)
        return normal.to(x.dtype)

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Data of a layer of bare tensors."""
        if not self._left:
            return func(*args, **kwargs)
        with torch._C.DisableTorchFunction():
            met = _products.product(name, args, kwargs)
            fed = met is not None and id(met.weight) not in self._own and self._is_fed(met, args)
            normal = self._normal(args[met.place], met.axis) if met is not None and fed else None
        if met is None or normal is None:
            return func(*args, **kwargs)
        self.unwritten = True
        self.say(f"{met.features(args)} features normalised before a layer of bare tensors")
        return func(*args[: met.place], normal, *args[met.place + 1 :], **kwargs)

    def _is_fed(self, met: _products.Product, args: tuple[Any, ...]) -> bool:
        """Whether it is a first layer, learnt in training, where what is hidden has a gradient."""
        if met.features(args) not in self.known:
            return False
        if torch.is_grad_enabled() and not args[met.place].requires_grad:
            self._fed[id(met.weight)] = met.weight
        return id(met.weight) in self._fed


def ACTION(remedy: Remedy) -> Action:  # noqa: N802 - the name that the scan looks for
    """The remedy for data off scale, or of an autoencoder off centre."""
    from rectifier.doctor.remedies._centring import Centring  # which is built on this one

    return (Centring if remedy.settings.get("how") == "centre" else NormalizeInput)(remedy)

"""``add_activation``: a function between layers that follow each other without one.

Layer: doctor's remedies. Settings: ``function``; scope: ``layers``, behind each of which it comes.
Behind a layer of bare tensors it comes once a forward pass has shown which tensors those are, and
whether a bias is added behind them, which it then follows. With ``before`` (``nll_loss``) and no
layers: ``log_softmax`` before a loss that wants logarithms.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier import catalog
from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import _products
from rectifier.doctor.remedies._rewriting import Rewriting, keyword
from rectifier.torch import functional
from rectifier.torch.sites import Layer


class AddActivation(Rewriting):
    """Hangs the function behind each layer, or the logarithm before the loss."""

    meets_models = True

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.before = str(remedy.settings.get("before", ""))
        bare = {*_products.NAMES, "add", "__add__", "__radd__", "add_", "__iadd__"}
        self.names = frozenset({self.before}) if self.before else frozenset(bare)
        self._bare: dict[int, bool | None] = {}  # by weight: whether a bias is added behind it
        self._weights: list[Tensor] = []
        self._waiting: tuple[weakref.ref[Tensor], int] | None = None
        name = str(remedy.settings.get("function", "relu"))
        self.function: Any = F.log_softmax
        if not self.before:
            self.function = getattr(functional, catalog.get(name).name)
        self.name = name

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Hang the function behind the layers."""
        del args, kwargs
        self._hang(model, name)

    def _hang(self, model: nn.Module, name: str) -> None:
        modules = dict(model.named_modules())
        for layer in self.remedy.scope.get("layers", ()):
            whole = str(layer) not in modules and self.is_called(model, name, str(layer))
            if str(layer) in modules or whole:
                self.hang(model, "" if whole else str(layer), self._activate)
                self.say_at(f"{self.name} added behind", str(layer))

    def _activate(self, module: nn.Module, args: Any, output: Any) -> Any:
        del module, args
        return self.function(output) if isinstance(output, Tensor) else None

    def on_layer(self, layer: Layer, output: Any) -> None:
        """A layer of bare tensors, known from now on."""
        del output
        if layer.module() is not None or layer.name not in self.remedy.scope.get("layers", ()):
            return
        weight = layer.weight()
        if weight is not None:
            self._bare.setdefault(id(weight), None)
            self._weights.append(weight)  # an id is its own while the weight lives
            self.unwritten = True
            self.say_at(f"{self.name} added behind", layer.name)

    def _behind(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The function of what a known layer gives, after its bias."""
        result = func(*args, **kwargs)
        if not self._bare or not isinstance(result, Tensor):
            return result
        if name in ("add", "radd", "iadd"):
            waiting, self._waiting = self._waiting, None
            if waiting is None or not any(x is waiting[0]() for x in args):
                return result
            bias = next((x for x in args if _is_bias(x)), None)
            self._bare[waiting[1]] = bias is not None
            return result if bias is None else self.function(result)
        if self._waiting is not None:  # no bias came
            self._bare[self._waiting[1]], self._waiting = False, None
        with torch._C.DisableTorchFunction():
            met = _products.product(name, args, kwargs)
        if met is None or id(met.weight) not in self._bare:
            return result
        if met.biased or self._bare[id(met.weight)] is False:
            return self.function(result)
        self._waiting = weakref.ref(result), id(met.weight)
        return result

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The loss gets log-probabilities."""
        if not self.before:
            return self._behind(name, func, args, kwargs)
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


def _is_bias(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_leaf and value.requires_grad


ACTION = AddActivation

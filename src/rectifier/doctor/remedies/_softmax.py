"""A softmax between hidden layers exchanged, or one that goes over the batch turned to the classes.

Layer: doctor's remedies; part of ``swap_activation``. A softmax is no site, so its calls are
rewritten: those whose input comes from a layer that the remedy names, and wherever else (in
evaluation, where no graph tells) the same line or module calls it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies._rewriting import Rewriting, keyword, tensor
from rectifier.torch import activation, functional
from rectifier.torch.feeding import nearest

_GIVEN = ("input", "dim")
_OURS = (str(Path(torch.__file__).parent), str(Path(__file__).resolve().parents[2]))


class SwapSoftmax(Rewriting):
    """Applies another function where a softmax follows one of the layers named."""

    names = frozenset({"softmax"})

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.to = str(remedy.settings["to"])
        self.function: Callable[[Tensor], Tensor] = getattr(functional, self.to)
        self._layers = frozenset(map(str, remedy.scope.get("layers", ())))
        self._calls: set[Hashable] = set()

    def wants_step(self, step: int) -> bool:
        """At every step: layers mark what they give only while a step is seen."""
        del step
        return True

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Exchange it, or call it."""
        x = tensor(keyword(args, kwargs, 0, "input"))
        if x is None:
            return func(*args, **kwargs)
        found, place = nearest(x), caller()
        if found is not None and found[0].name in self._layers:
            self._calls.add(place)
            self.say_at(f"{name} → {self.to} behind", found[0].name)
        return self.function(x) if place in self._calls else func(*args, **kwargs)

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Exchange the modules that follow a layer named, in the containers that hold both."""
        del optimizer
        paths = dict(model.named_modules())
        for path in self._layers:
            parent = paths.get(path.rpartition(".")[0])
            names = list(parent._modules) if isinstance(parent, nn.Sequential) else []
            place = names.index(path.rpartition(".")[2]) + 1 if names else 0
            following = parent._modules[names[place]] if parent and names[place:] else None
            if parent is not None and isinstance(following, nn.Softmax):
                parent._modules[names[place]] = activation(self.to)
                self.say_at(f"softmax → {self.to} behind", path)


class TurnSoftmax(SwapSoftmax):
    """Lets a softmax behind one of the layers named go over the classes: dimension 1."""

    names = frozenset({"softmax", "log_softmax"})

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(Remedy(remedy.action, remedy.why, {"to": "relu"}, remedy.scope))
        self.remedy = remedy

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Turn it, or call it."""
        x = tensor(keyword(args, kwargs, 0, "input"))
        if x is None or x.dim() < 2 or keyword(args, kwargs, 1, "dim") not in (0, -x.dim()):
            return func(*args, **kwargs)
        found, place = nearest(x), caller()
        if found is not None and found[0].name in self._layers:
            self._calls.add(place)
            self.say_at(f"{name} over dimension 1 behind", found[0].name)
        if place not in self._calls:
            return func(*args, **kwargs)
        return func(x, 1, *args[2:], **{k: v for k, v in kwargs.items() if k not in _GIVEN})

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Turn the modules that follow a layer named, in the same module."""
        del optimizer
        paths = dict(model.named_modules())
        for path in self._layers:
            parent = paths.get(path.rpartition(".")[0])
            for child in () if parent is None else parent.children():
                if isinstance(child, nn.Softmax | nn.LogSoftmax) and child.dim == 0:
                    child.dim = 1
                    self.say_at("softmax over dimension 1 behind", path)


def caller() -> Hashable:
    """The module that calls a softmax, or else the user's line that does; for a remedy's `call`."""
    frame = sys._getframe(2)
    for _ in range(24):
        held = frame.f_locals.get("self")
        if isinstance(held, nn.Softmax | nn.Softmax2d | nn.LogSoftmax):
            return id(held)
        if not frame.f_code.co_filename.startswith(_OURS):
            return frame.f_code.co_filename, frame.f_lineno
        if frame.f_back is None:
            break
        frame = frame.f_back
    return None

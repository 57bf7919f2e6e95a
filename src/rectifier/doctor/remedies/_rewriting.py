"""Calls of torch functions that a remedy rewrites, whoever makes them.

Layer: doctor, on torch. Activations are replaced at their sites; what is no site (a logarithm, a
softmax, a loss) is rewritten here, through the same kind of mode that the interception puts on. It
is in place exactly while the remedy is attached to an interception.
"""

from __future__ import annotations

import abc
import weakref
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action
from rectifier.doctor.remedies._hook import Hook
from rectifier.torch.mode import Own, put_on, take_out


class _Mode(Own):
    def __init__(self, owner: Rewriting) -> None:
        super().__init__()
        self._owner = owner

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {} if kwargs is None else kwargs
        name = getattr(func, "__name__", "")
        if name in self._owner.names:
            return self._owner.call(name.strip("_"), func, args, given)
        return func(*args, **given)


class Rewriting(Action, abc.ABC):
    """A remedy that sees calls of torch functions by name while it is attached.

    Attributes:
        names: Names of the functions that `call` is given (``log``, ``__truediv__``).
    """

    names: frozenset[str] = frozenset()

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._interception: Any = None
        self._mode = _Mode(self)

    @property
    def interception(self) -> Any:
        """Set while attached."""
        return self._interception

    @interception.setter
    def interception(self, value: Any) -> None:
        if value is not None and self._interception is None:
            put_on(self._mode)
        elif value is None and self._interception is not None:
            take_out(self._mode)
        self._interception = value

    @abc.abstractmethod
    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make the call, or another one in its place; ``name`` without underscores around it."""

    def stay(self) -> None:
        """Put the mode on for good, outside any interception."""
        put_on(self._mode)


class Following(Rewriting):
    """One that knows what the last layer gave, by the layer's name in the remedy's scope."""

    meets_models = True

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.layer = str(remedy.scope.get("layer", ""))
        self._given: weakref.ref[torch.Tensor] | None = None

    def given(self) -> torch.Tensor | None:
        """What the layer gave last, as long as anybody holds it."""
        return None if self._given is None else self._given()

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Follow what the layer gives."""
        del args, kwargs
        module = dict(model.named_modules()).get(self.layer)
        called = module is None and self.is_called(model, name, self.layer)
        module = model if called else module
        if module is not None:
            self.handles.append(module.register_forward_hook(Hook(self._remember, follows=False)))

    def _remember(self, module: nn.Module, args: Any, output: Any) -> None:
        del module, args
        self._given = weakref.ref(output) if isinstance(output, torch.Tensor) else None

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """From now on, in this thread."""
        del optimizer
        self.on_model(model, type(model).__name__, (), {})
        self.stay()


def keyword(args: tuple[Any, ...], kwargs: dict[str, Any], place: int, name: str) -> Any:
    """An argument, given by place or by name; None where it is not."""
    return kwargs.get(name, args[place] if len(args) > place else None)


def tensor(value: Any) -> torch.Tensor | None:
    """The value if it is a floating-point tensor."""
    is_tensor = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value if is_tensor else None

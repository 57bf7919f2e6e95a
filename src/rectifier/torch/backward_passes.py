"""Backward passes, and whether each is a step of its own.

Part of the torch front end's interception (`rectifier.torch.interception`, which alone uses it):
what takes the place of ``Tensor.backward``, ``torch.autograd.backward`` and ``grad``, and of a
``GradScaler``'s ``scale``, whose factor is no part of the loss. Where no optimiser steps, each
backward pass counts as a step.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.torch.boundary import Boundary
from rectifier.torch.calls import Calls
from rectifier.torch.memory import bare
from rectifier.torch.mode import are_own
from rectifier.torch.naps import MOST as _MANUAL_AFTER
from rectifier.torch.naps import Nap
from rectifier.torch.registry import Registry


class StepCounter(Protocol):
    """What backward passes need of those who count steps."""

    stepping: list[int]

    @property
    def here(self) -> bool:
        """Whether what happens now is the program's, in the thread that entered."""

    @property
    def entered(self) -> bool:
        """Whether the interception is in place."""

    def rouse(self) -> None:
        """Nobody sleeps any more."""

    def over(self) -> None:
        """A backward pass is over: look at calls again, if that was put off till then."""

    def by_hand(self) -> None:
        """A step without an optimiser begins and ends."""


class BackwardPasses:
    """Tells of backward passes.

    Args:
        boundary: Holds the observers.
        calls: Are no forward pass while a backward pass runs (checkpointing).
        nap: Notes passes while all observers sleep.
        registry: Knows the weights of the models.
        steps: Is told of steps by hand.

    Attributes:
        count: Backward passes since the latest step.
        manual: Whether each of them is a step.
        known_optimizers: Whether the program has an optimiser.
        gradient_scale: As `Interception` has it.
    """

    def __init__(
        self, boundary: Boundary, calls: Calls, nap: Nap, registry: Registry, steps: StepCounter
    ) -> None:
        self._boundary, self._calls, self._nap = boundary, calls, nap
        self._registry, self._steps = registry, steps
        self.count = 0
        self.manual = False
        self.known_optimizers = False
        self.gradient_scale: Tensor | None = None

    def direct(self, original: Any) -> Any:
        """``Tensor.backward`` without our modes.

        While a mode handles a call torch takes it off the stack and then puts it back: a step that
        ends inside, as without an optimiser, could not take it out for good.
        """
        modes, autograd = torch._C._len_torch_function_stack, torch.autograd

        def backward(
            tensor: Tensor,
            gradient: Tensor | None = None,
            retain_graph: bool | None = None,
            create_graph: bool = False,
            inputs: Any = None,
        ) -> Any:
            way = autograd.backward
            if type(tensor) not in (Tensor, nn.Parameter) or (modes() and not are_own()):
                way = original
            return way(tensor, gradient, retain_graph, create_graph, inputs=inputs)

        return self._nap.passage(backward)

    def scaling(self, original: Any) -> Any:
        """``GradScaler.scale``, which tells what it scaled and by how much."""

        def scale(scaler: Any, outputs: Any) -> Any:
            scaled = original(scaler, outputs)
            if self._steps.here and isinstance(scaled, Tensor) and isinstance(outputs, Tensor):
                self._nap.scaled = scaled, outputs
                factor = getattr(scaler, "_scale", None)
                self.gradient_scale = factor if isinstance(factor, Tensor) else None
            return scaled

        return scale

    def backward(self, original: Any) -> Any:
        """``torch.autograd.backward``, through which all backward passes go."""
        boundary, way, steps = self._boundary, self._calls.way, self._steps

        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if boundary.busy or threading.get_ident() != boundary.thread or not steps.entered:
                return original(tensors, *args, **kwargs)
            if self._nap.left:
                self._note(tensors)
                way.paused += 1
                try:
                    return original(tensors, *args, **kwargs)
                finally:
                    way.paused -= 1
                    steps.over()
            if boundary.live:
                with _Backward(self, tensors):
                    return original(tensors, *args, **kwargs)
            # nobody looks: the same, as short as can be
            if way.paused == 0:
                boundary.guard(self._begins, tensors)
            way.paused += 1
            try:
                result = original(tensors, *args, **kwargs)
            finally:
                way.paused -= 1
            if way.paused == 0:
                boundary.guard(self._ended, True)
            return result

        return backward

    def grad(self, original: Any) -> Any:
        """``torch.autograd.grad``: a backward pass too where it goes to leaves and ends there."""

        def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._steps.here:
                return original(outputs, inputs, *args, **kwargs)
            differentiable = kwargs.get("create_graph") or (len(args) > 2 and args[2])
            trained = _first(inputs)
            step = trained is not None and trained.is_leaf and not differentiable
            if step:
                self._steps.rouse()
            if differentiable:
                tensors = _first(outputs), trained
                self._boundary.guard(self._boundary.announce, "on_derivative", *tensors)
            with _Backward(self, outputs if step else None):
                return original(outputs, inputs, *args, **kwargs)

        return grad

    def _note(self, losses: Any) -> None:
        """A backward pass begins while all sleep."""
        loss = losses if type(losses) is Tensor else _first(losses)
        if self._nap.scaled is not None:
            scaled, self._nap.scaled = self._nap.scaled, None
            loss = scaled[1] if scaled[0] is loss else loss
        with torch._C.DisableTorchFunction():
            self._nap.note(None if loss is None else bare(loss))
        if self._nap.backwards > _MANUAL_AFTER:
            self._steps.rouse()

    def _begins(self, losses: Any) -> None:
        loss = _first(losses)
        scaled, self._nap.scaled = self._nap.scaled, None
        if scaled is not None and scaled[0] is loss:
            loss = scaled[1]
        else:
            self.gradient_scale = None
        if loss is not None:
            self._boundary.announce("on_backward", loss)

    def _ended(self, trained: bool) -> None:
        self._calls.way.token += 1
        self._steps.over()
        if not trained:
            return
        self.count += 1
        if self._steps.stepping:
            return
        if not self.known_optimizers and not self.manual:
            self.known_optimizers = _held_by_an_optimizer(self._registry.weights())
            self.manual = not self.known_optimizers
        if not self.manual and self.count > _MANUAL_AFTER and self.known_optimizers:
            self.manual = True
            self._boundary.notes.append(
                f"No optimiser has stepped in {_MANUAL_AFTER} backward passes; from step "
                f"{self._boundary.step} on each backward pass counts as a step."
            )
        if self.manual:
            self._steps.by_hand()


class _Backward:
    """A backward pass: what runs again inside it (checkpointing) is no forward pass."""

    def __init__(self, owner: BackwardPasses, losses: Any) -> None:
        self._owner = owner
        self._losses = losses

    def __enter__(self) -> None:
        owner, way = self._owner, self._owner._calls.way
        if self._losses is not None and way.paused == 0:
            owner._boundary.guard(owner._begins, self._losses)
        way.paused += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        owner, way = self._owner, self._owner._calls.way
        way.paused -= 1
        if way.paused == 0 and kind is None:
            owner._boundary.guard(owner._ended, self._losses is not None)


def _held_by_an_optimizer(weights: set[int]) -> bool:
    """Whether an optimiser that was constructed before we came holds one of these tensors (ids)."""
    return any(
        id(parameter) in weights
        for thing in gc.get_objects()
        if issubclass(type(thing), Optimizer)
        for group in thing.param_groups
        for parameter in group["params"]
    )


def _first(value: Any) -> Tensor | None:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Sequence) and value and isinstance(value[0], Tensor):
        return value[0]
    return None

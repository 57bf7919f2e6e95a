"""``add_to_optimizer`` with ``how="attach"``: a ``detach()`` that cuts layers off is left out.

A ``no_grad`` within a module's ``forward`` does the same harm; the layers named compute with
gradients then, as long as the model itself was called with gradients. So does ``.data`` there.

Layer: doctor's remedies. Scope: ``parameters``, the names of those to which no gradient comes. Left
out are calls within a module's ``forward`` on what depends on these parameters; outside only those
after which the optimiser of these parameters found no gradient, on a line that serves no other
optimiser's step (a generator's output given to a discriminator, a loss kept for a mean, is meant).
A choice by ``argmax``, or by a comparison with such a parameter, gets a way back too (`_choice`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import _engine_run_backward

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import program_line
from rectifier.doctor.remedies._choice import COMPARISONS, Choice
from rectifier.doctor.remedies._hook import Hook
from rectifier.doctor.remedies._rewriting import Rewriting, tensor
from rectifier.torch import graph

_FORWARD = nn.Module._call_impl.__code__

_DATA: Any = vars(torch._C.TensorBase)["data"].__get__
"""What reads ``.data``; other attributes are read by functions of the same name."""

_LOOKS = 3
"""Steps without a gradient after which what a call gives is known to be for later."""


class Attach(Rewriting):
    """Lets the gradient through to layers that a ``detach()`` cuts off from the loss."""

    meets_models = True

    names = frozenset({"detach", "__get__", *Choice.names})

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._cut: dict[int, str] = {}
        self._woken: set[int] = set()
        self._choice = Choice()
        self._since: set[str] = set()
        self._guilty: set[str] = set()
        self._passing: set[str] = set()
        self._looked: dict[str, int] = {}
        self._probes: list[tuple[str, Tensor, Tensor]] = []
        self._meant: set[str] = set()

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Know the parameters that are cut off; the model is running just now."""
        del name, args, kwargs
        self._know(model)
        self._wake(model, calls=[torch.is_grad_enabled()])

    def _know(self, model: nn.Module) -> None:
        named = set(self.remedy.scope.get("parameters", ()))
        for path, parameter in model.named_parameters():
            if not named or path in named:
                self._cut[id(parameter)] = path

    def _wake(self, model: nn.Module, calls: list[bool]) -> None:
        """Layers whose own parameters are cut off, and what lies between them, see gradients.

        Args:
            model: The root.
            calls: Whether gradients were on at each call of it that is going on.
        """
        if id(model) in self._woken:
            return
        self._woken.add(id(model))

        def enter(module: nn.Module, args: Any) -> None:
            del module, args
            calls.append(torch.is_grad_enabled())

        def leave(module: nn.Module, args: Any, output: Any) -> None:
            del module, args, output
            if calls:
                calls.pop()

        def wake(module: nn.Module, args: Any) -> None:
            del module, args
            if calls and calls[-1] and not torch.is_grad_enabled():
                torch.set_grad_enabled(True)  # until the no_grad ends, which puts back what was
                self.say("a no_grad() in forward is left out, so that the gradient passes")

        self.handles.append(model.register_forward_pre_hook(Hook(enter, follows=False)))
        self.handles.append(
            model.register_forward_hook(Hook(leave, follows=False), always_call=True)
        )
        for module in model.modules():
            if any(id(p) in self._cut for p in module.parameters(recurse=False)):
                self.handles.append(module.register_forward_pre_hook(Hook(wake, follows=False)))

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Pass the tensor on as it is, where it depends on what is cut off."""
        if name == "get" and func != _DATA:
            return func(*args, **kwargs)
        if name in COMPARISONS:
            result = func(*args, **kwargs)
            if any(id(arg) in self._cut for arg in args):  # no other comparison passes anything
                with torch._C.DisableTorchFunction():
                    self._choice.compare(name, args, result)
                self.unwritten = True
                self.say("a comparison with a parameter passes the gradient of a sigmoid")
            return result
        if name not in ("detach", "get"):
            result = func(*args, **kwargs)
            carried = self._choice.result(name, args, result)
            if carried is None:
                return result
            if not self._choice.is_step(args[0]):
                self.note_place("argmax")
                self.say("a choice by argmax passes the gradient of a softmax")
            return carried
        x = tensor(args[0]) if args else None
        if x is None or x.grad_fn is None or not torch.is_grad_enabled():
            return func(*args, **kwargs)
        leaves = (graph.variable_of(node) for node in graph.nodes(x.grad_fn))
        if not any(id(leaf) in self._cut for leaf in leaves if leaf is not None):
            return func(*args, **kwargs)
        if in_forward():
            return self._in_forward(name, x, func, args, kwargs)
        if name == "get":  # outside a forward pass it reads a value, or moves a weight
            return func(*args, **kwargs)
        line = _line()
        if line in self._guilty - self._meant:
            self.note_place("detach")
            self.say(f"the detach() at {line} is left out, so that the gradient passes")
            return x.view_as(x)
        self._since.add(line)
        return func(*args, **kwargs)

    def _in_forward(
        self, name: str, x: Tensor, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Pass on what the loss of this very pass depends on, not a state that the next one takes.

        Which it is, a leaf in its place tells once: a gradient arrives there, and is sent on before
        the step, or none does.
        """
        line = _line()
        if self._looked.get(line, 0) >= _LOOKS:
            return func(*args, **kwargs)
        if line not in self._passing:
            leaf = x.detach().requires_grad_()
            self._probes.append((line, leaf, x))
            return leaf.view_as(leaf)
        called = "detach()" if name == "detach" else ".data"
        self.unwritten |= name == "get"
        self.note_place("detach")
        self.say(f"a {called} in forward is left out, so that the gradient passes")
        return x.view_as(x)

    def before_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Which lines cut this optimiser's own parameters off, and which serve another's step?"""
        del step
        self._settle_probes()
        held = [p for g in optimizer.param_groups for p in g["params"]] if optimizer else []
        own = [p for p in held if id(p) in self._cut]
        if not own:
            self._meant |= self._since
        elif not any(p.grad is not None and bool(p.grad.any()) for p in own):
            self._guilty |= self._since
        self._since.clear()

    def _settle_probes(self) -> None:
        """Where did the gradient of this step's passes arrive?"""
        for line, leaf, x in reversed(self._probes):  # one may have come out of another
            if leaf.grad is not None and bool(leaf.grad.any()):
                self._passing.add(line)
                _send_on(x, leaf.grad)
        for line in {line for line, _, _ in self._probes} - self._passing:
            self._looked[line] = self._looked.get(line, 0) + 1
        self._probes.clear()

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Choices are not kept beyond a step."""
        del optimizer, step
        self._choice.forget()

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Leave such calls out from now on, in this thread."""
        del optimizer
        self._know(model)
        self._wake(model, calls=[])
        self.stay()
        self.say("a detach() of what these parameters give is left out from now on")


def _send_on(x: Tensor, gradient: Tensor) -> None:
    """A backward pass of ours, which is none of the program's: nobody is told of its loss.

    The graph is kept, as each step of a sequence may have been cut off by itself.
    """
    _engine_run_backward(  # what Tensor.backward calls, whoever wrapped that
        (x,), (gradient,), True, False, (), allow_unreachable=True, accumulate_grad=True
    )


def _line() -> str:
    """``file.py:line`` of the program's call."""
    file, line = program_line(3)
    return f"{Path(file).name}:{line}" if file else ""


def in_forward() -> bool:
    """Whether the call that a `Rewriting` was given is made within a module's ``forward``."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        if frame.f_code is _FORWARD:
            return True
        frame = frame.f_back
    return False

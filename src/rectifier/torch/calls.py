"""Sees the calls of modules and of torch functions while a step is observed.

Part of the torch front end's interception (`rectifier.torch.sites`). `Calls` puts one
``TorchFunctionMode`` on the stack (what it sees goes to `rectifier.torch.functions`) and global
hooks around module calls, finds out which modules are activations and layers, and hands them to
`Telling`. Nothing is kept of the user's tensors beyond the pass.

A module whose whole forward is one activation is one site, whatever it calls inside. That holds for
torch's and rectifier's activation modules, for the user's own that turn out to apply an activation
elementwise, and for custom ``torch.autograd.Function``s (`rectifier.torch.own_code`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as global_hooks
from torch.utils.hooks import RemovableHandle

from rectifier.torch import forms
from rectifier.torch.activation_modules import (
    apply_of,
    is_layer,
    is_torch,
    may_be_activation,
    module_function,
)
from rectifier.torch.arguments import first_floating, keywords
from rectifier.torch.boundary import Boundary
from rectifier.torch.brief_steps import BriefSteps
from rectifier.torch.eagerly import Eagerly
from rectifier.torch.functions import Functions
from rectifier.torch.identity import ByIdentity
from rectifier.torch.insides import Insides
from rectifier.torch.leaf import Leaf, is_as_made, leaf_of
from rectifier.torch.mode import Seeing, put_on, take_off, take_out
from rectifier.torch.naming import Model, is_wrapper
from rectifier.torch.observer import Site
from rectifier.torch.opening import Opening
from rectifier.torch.own_code import OwnCode
from rectifier.torch.recurrent import Given
from rectifier.torch.registry import Registry
from rectifier.torch.telling import Telling
from rectifier.torch.underway import Entered, Underway


class Calls:
    """Sees calls between `begin` and `end`.

    Args:
        boundary: Holds the observers.
        registry: Names what is seen.
        models: Only these models' sites count; none given: all.
    """

    def __init__(self, boundary: Boundary, registry: Registry, models: tuple[Model, ...]) -> None:
        self.way = way = Underway(boundary)
        self._boundary = boundary
        self._registry = registry
        self._telling = telling = Telling(boundary)
        self._announced: ByIdentity[bool] = ByIdentity()
        self._brief = brief = BriefSteps(boundary, registry, telling)
        self._opening = opening = Opening(way, boundary, registry, brief, models)
        shared = way, boundary, registry, telling, brief, opening
        self._own = OwnCode(*shared)
        self._functions = functions = Functions(*shared)
        self._insides = Insides(way, boundary, registry, opening)
        self._eagerly = Eagerly(way.note)
        self.custom = self._own.custom
        self._made: Seeing | None = None
        self._handles: list[RemovableHandle] = []
        self._resting: RemovableHandle | None = None
        hooks = self._enter_module, self._leave_module
        self._quick = functions.quick = brief.quick(
            way, *hooks, self._tell_settled, functions.dispatch, functions.saw_other
        )
        self._hooks = hooks if self._quick is None else (self._quick.enter, self._quick.leave)

    # On and off

    @property
    def seeing(self) -> bool:
        """Whether calls are being seen."""
        return self.way.mode is not None and not self.way.idle

    def begin(self) -> None:
        """Start to see calls."""
        self._brief.begin()
        if self.way.mode is not None:
            self.way.choose_curiosity(close=not self._brief.on)
            if self.way.idle or self.way.off is not None:  # an interrupt may have left it off
                self.way.idle, self.way.off = False, None
                put_on(self.way.mode)
                self._eagerly.begin()
            return
        if self._made is None:
            self._made = Seeing(
                forms.KINDS,
                forms.OWN_FUNCTIONS,
                self._functions.dispatch,
                self._functions.saw_other,
            )
            if self._quick is not None:
                self._made.see_by(self._quick.see)
        self.way.mode = self._made
        self.way.choose_curiosity(close=not self._brief.on)
        self._attach(self.way.mode)
        self._eagerly.begin()

    def _attach(self, mode: Seeing) -> None:
        put_on(mode)
        self._handles = [
            global_hooks.register_module_forward_pre_hook(self._hooks[0]),
            global_hooks.register_module_forward_hook(self._hooks[1], always_call=True),
        ]

    def _detach(self, mode: Seeing) -> None:
        take_out(mode)
        for handle in self._handles:
            handle.remove()
        self._handles = []
        resting, self._resting = self._resting, None
        if resting is not None:
            resting.remove()

    def end(self) -> None:
        """See no more; everything is as it was before."""
        mode, self.way.mode = self.way.mode, None
        self.way.idle, self.way.off = False, None
        if mode is None:
            return
        self._detach(mode)
        self._eagerly.end()
        self.forget()

    def leave(self) -> None:
        """See no more, ever; nothing of ours is left on this thread's stack of modes.

        `end` may have been called, after a failure, while torch held our mode apart, to put it back
        after the function that it handled, or in a hook of a backward pass, on a copy of the stack.
        """
        self.end()
        if self._made is not None:
            take_out(self._made)

    def rest(self) -> None:
        """See no more until `begin`: an optimiser steps, and then the next step will be seen too.

        The hooks of modules stay: to take them out and put them in costs a tenth of a millisecond.
        """
        if self.way.mode is None or self.way.idle:
            return
        if self._resting is not None:
            self.end()
            return
        self.way.idle, self.way.off = True, None
        if not take_off(self.way.mode):
            take_out(self.way.mode)
        if self._eagerly.on:
            self._eagerly.end()  # the optimiser may be compiled
        if (
            self.way.stack
            or self.way.inside
            or self._insides.script is not None
            or self._telling.pending
        ):
            self.forget()

    @contextlib.contextmanager
    def within(self, module: nn.Module) -> Iterator[None]:
        """See calls for the time of one forward pass of ``module`` that is already under way."""
        self.begin()
        self._boundary.hidden(self._enter, module, ())
        try:
            yield
        finally:
            self.end()

    def forget(self) -> None:
        """No module call is under way, and nothing is waiting to be told."""
        self.way.stack.clear()
        self._functions.forget()
        self._insides.end_script()
        self._telling.forget()
        self.way.inside = 0

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """See nothing for a while, at no cost: what runs is no forward pass."""
        mode = self.way.mode
        if mode is None or self.way.idle or not take_out(mode):  # or is off, for who calls us
            yield
            return
        try:
            yield
        finally:
            if self.way.mode is mode and not self.way.idle:
                put_on(mode)

    # Modules

    def _enter_module(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        if self.way.elsewhere():
            return
        mode = self.way.mode
        if (
            mode is not None
            and self.way.stack
            and self._brief.knows(module)
            and is_as_made(module)
            and not self._telling.pending
            and take_off(mode)
        ):
            self.way.off = module
            return
        leaf = leaf_of(module)
        if leaf is Leaf.NONE and is_wrapper(module):
            return
        seeing = None if leaf is Leaf.NONE or not self.way.stack else self.way.mode
        if seeing is not None and is_as_made(module) and take_off(seeing):
            self.way.off = module  # what it calls is known
            self._functions.taken(args)
            if self._telling.pending:
                self._boundary.hidden(self._telling.confirm, args)
            if leaf is not Leaf.ACTIVATION:
                return
        if not self.way.stack and not torch.is_grad_enabled() and self._rest(module):
            return
        self._boundary.hidden(self._enter, module, args)
        if self._insides.script is None and isinstance(module, torch.jit.ScriptModule):
            self._insides.begin_script(module)

    def _rest(self, module: nn.Module) -> bool:
        """Leave an evaluation that nobody wants to hear of alone, until ``module`` returns.

        Our hooks would keep torch from its fast paths, whose results differ in the last digit.
        """
        mode, boundary = self.way.mode, self._boundary
        if mode is None or boundary.replacers or isinstance(module, torch.jit.ScriptModule):
            return False
        if not all(observer.training_only for observer in boundary.live):
            return False

        def resume(module: nn.Module, args: Any, output: Any) -> None:
            if self.way.mode is mode and self._resting is not None:
                self._detach(mode)
                self._attach(mode)

        self._detach(mode)
        self._resting = module.register_forward_hook(resume, always_call=True)
        return True

    def _enter(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        top = self.way.stack[-1] if self.way.stack else None
        model = top.model if top is not None else self._registry.models.find(module)
        path = model.path(module)
        if path is None:
            model = self._registry.models.find(module)
            path = model.path(module) or ""
        entered = Entered(module, model, path, self.way.tick)
        if top is None:
            self._enter_root(entered, args)
        else:
            self._functions.taken(args)
        self.way.stack.append(entered)
        if top is not None and top.application is not None:
            return
        if leaf_of(module) is Leaf.PLAIN:
            return
        entered.given = Given.of(module, args)
        tensor = args[0] if args and isinstance(args[0], Tensor) else None
        if tensor is None or not tensor.is_floating_point() or tensor.dim() == 0:
            return
        function = module_function(module)
        if function is not None:
            entered.application = self._opening.open(_module_form(function, module, tensor), module)
        elif may_be_activation(module) and self._own.may_be(type(module)):
            entered.unsure, entered.version = tensor, tensor._version
            self.way.choose_curiosity(close=not self._brief.on)

    def _enter_root(self, entered: Entered, args: tuple[Any, ...]) -> None:
        self.way.token += 1
        self._telling.confirm(args)
        module, model = entered.module, entered.model
        if module is None or not model.has_parameters() or not torch.is_grad_enabled():
            return
        given_names = keywords()
        root = model.root
        if module.training and root is not None and root not in self._announced:
            self._announced[root] = True
            given = (args, given_names) if root is module else ((), {})
            with torch._C._EnableTorchFunction():  # an observer may look into the model with a mode
                self._boundary.announce("on_model", root, model.name, *given)
            model.refresh()
            entered.path = model.path(module) or entered.path
        tensor = first_floating((args, given_names)) if self._opening.concerns(model) else None
        if tensor is not None:
            for observer in self._boundary.live:
                self._boundary.notify(observer, "on_input", model.name, tensor)

    def _leave_module(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        if self.way.off is module:
            return self._leave_leaf(module, args, output)
        if self._insides.script is module:
            self._insides.end_script()
        if self.way.elsewhere():
            return None
        return self._boundary.hidden(self._leave, module, output)

    def _leave_leaf(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        """One of torch's own modules has run, and what it called was not looked at."""
        self.way.off = None
        mode = self.way.mode
        if mode is not None and not self.way.idle:
            put_on(mode)
        if self._brief.knows(module):
            self.way.tick += 1
            site = self._brief.settled.site(module)
            if site is not None and output is not None:
                self._tell_settled(site, self._brief.settled.dims(module), args, output)
            return None
        if leaf_of(module) is Leaf.ACTIVATION:
            return self._boundary.hidden(self._leave, module, output)
        if output is not None and module._parameters and self.way.stack:
            self._boundary.hidden(self._leave_layer, module, output)
        self._brief.settled.put(module, None)
        return None

    def _tell_settled(self, site: Site, dims: int, args: tuple[Any, ...], output: Any) -> None:
        self._boundary.hidden(self._leave_settled, site, dims, args, output)

    def _leave_settled(self, site: Site, dims: int, args: tuple[Any, ...], output: Any) -> None:
        """A known site has run in a step that is looked at briefly."""
        if not self.way.stack or self.way.stack[-1].application is not None:
            return
        if not (torch.is_grad_enabled() or (args and args[0].requires_grad)):
            return
        self._brief.tell(site, dims, output, self.way.token)

    def _leave_layer(self, module: nn.Module, output: Any) -> None:
        if not is_layer(module):
            return
        model = self.way.stack[-1].model
        path = model.path(module)
        if path is None:
            model = self._registry.models.find(module)
            path = model.path(module) or ""
        self._functions.ran(self._registry.module_layer(model, path, module), output)

    def _leave(self, module: nn.Module, output: Any) -> Any:
        depth = len(self.way.stack) - 1
        while depth >= 0 and self.way.stack[depth].module is not module:
            depth -= 1
        if depth < 0:
            return None
        entered = self.way.stack[depth]
        caller = self.way.stack[depth - 1].module if depth > 0 else None
        del self.way.stack[depth:]
        if output is None:
            return None
        if entered.unsure is not None:
            self.way.choose_curiosity(close=not self._brief.on)
            entered.application = self._own.decide(entered, type(module), output, caller)
        application = entered.application
        if application is not None:
            if leaf_of(module) is Leaf.ACTIVATION and application.site.model:
                self._brief.settled.put(module, application.site, application.input.dim())
            return self._telling.finish(application, output, self._registry.variant, self.way.token)
        if is_layer(module) and (is_torch(module) or self.way.tick == entered.since):
            layer = self._registry.module_layer(entered.model, entered.path, module)
            self._functions.ran(layer, output)
            if entered.given is not None:
                self._insides.recurrent(entered, layer, entered.given, output)
        return None


def _module_form(function: str, module: nn.Module, tensor: Tensor) -> forms.Form:
    inplace = bool(getattr(module, "inplace", False))
    return forms.Form(function, tensor, inplace, True, apply_of(module))

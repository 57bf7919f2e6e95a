"""Sees the calls of modules and of torch functions while a step is observed.

Part of the torch front end's interception (`rectifier.torch.sites`). `Calls` puts one
``TorchFunctionMode`` on the stack and global hooks around module calls, finds out which calls are
activations, layers and losses, and hands them to `Telling`. Nothing is kept of the user's tensors
beyond the pass.

A module whose whole forward is one activation is one site, whatever it calls inside. That holds for
torch's and rectifier's activation modules, for the user's own parameter-free modules that turn out
to apply an activation elementwise, and for custom ``torch.autograd.Function``s.

One file, though long: all of it reads and writes one stack of the calls under way.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as global_hooks
from torch.utils.hooks import RemovableHandle

from rectifier.torch import feeding, forms
from rectifier.torch.activation_modules import (
    NOT_ELEMENTWISE,
    apply_of,
    is_layer,
    is_torch,
    may_be_activation,
    module_function,
    named_like,
    only_matrix,
)
from rectifier.torch.arguments import first_floating, keywords
from rectifier.torch.boundary import Boundary
from rectifier.torch.brief_steps import BriefSteps
from rectifier.torch.feeding import Layer
from rectifier.torch.identity import ByIdentity
from rectifier.torch.leaf import Leaf, is_as_made, leaf_of
from rectifier.torch.mode import Seeing, put_on, take_off, take_out
from rectifier.torch.naming import Model, is_wrapper
from rectifier.torch.observer import Site
from rectifier.torch.recurrent import Given, gates
from rectifier.torch.registry import Registry
from rectifier.torch.scripted import Scripted
from rectifier.torch.telling import Application, Telling

_REENTRANT = "Inside checkpoints with use_reentrant=True nothing is seen; with False it is."


@dataclass(slots=True)
class _Entered:
    """A call of a module, or of a custom autograd function, under way."""

    module: nn.Module | None
    model: Model
    path: str
    since: int
    application: Application | None = None
    unsure: Tensor | None = None
    version: int = 0
    inner: list[tuple[Application, Tensor]] = field(default_factory=list)
    elementwise: bool = True
    given: Given | None = None


class Calls:
    """Sees calls between `begin` and `end`.

    Args:
        boundary: Holds the observers.
        registry: Names what is seen.
        models: Only these models' sites count; none given: all.
    """

    def __init__(self, boundary: Boundary, registry: Registry, models: tuple[Model, ...]) -> None:
        self.token = 0
        self.paused = 0
        self._boundary = boundary
        self._registry = registry
        self._telling = Telling(boundary)
        self._only = models
        self._announced: ByIdentity[bool] = ByIdentity()
        self._stack: list[_Entered] = []
        self._tick = 0
        self._last: tuple[Layer, int] | None = None
        self._inside = 0
        self._verdicts: dict[type, bool] = {}
        self._brief = BriefSteps(boundary, registry, self._telling)
        self._masks = forms.Masks()
        self._mode: Seeing | None = None
        self._made: Seeing | None = None
        self._script: tuple[nn.Module, Any] | None = None
        self._idle = False
        self._off: nn.Module | None = None
        self._handles: list[RemovableHandle] = []
        self._resting: RemovableHandle | None = None
        self._apply: Any = None
        self._eager: Any = None
        self._optimized_call: Any = None
        hooks = self._enter_module, self._leave_module
        self._quick = self._brief.quick(
            self, *hooks, self._tell_settled, self.dispatch, self._saw_other
        )
        self._hooks = hooks if self._quick is None else (self._quick.enter, self._quick.leave)

    # On and off

    @property
    def seeing(self) -> bool:
        """Whether calls are being seen."""
        return self._mode is not None and not self._idle

    def begin(self) -> None:
        """Start to see calls."""
        self._brief.begin()
        if self._mode is not None:
            if self._idle or self._off is not None:  # an interrupt may have left it off
                self._idle, self._off = False, None
                put_on(self._mode)
                self._run_compiled_eagerly()
            return
        if self._made is None:
            self._made = Seeing(forms.KINDS, forms.OWN_FUNCTIONS, self.dispatch, self._saw_other)
            if self._quick is not None:
                self._made.see_by(self._quick.see)
        self._mode = self._made
        self._attach(self._mode)
        functions: Any = torch.autograd.Function
        self._apply = functions.__dict__["apply"]
        functions.apply = classmethod(self._custom(self._apply.__func__))
        self._run_compiled_eagerly()

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
        mode, self._mode = self._mode, None
        self._idle, self._off = False, None
        if mode is None:
            return
        self._detach(mode)
        functions: Any = torch.autograd.Function
        functions.apply = self._apply
        self._run_compiled_again()
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
        if self._mode is None or self._idle:
            return
        if self._resting is not None:
            self.end()
            return
        self._idle, self._off = True, None
        if not take_off(self._mode):
            take_out(self._mode)
        if self._eager is not None:
            self._run_compiled_again()  # the optimiser may be compiled
        if self._stack or self._inside or self._script is not None or self._telling.pending:
            self.forget()

    def _run_compiled_again(self) -> None:
        eager, self._eager = self._eager, None
        if eager is not None:
            eager.__exit__(None, None, None)
            wrapper: Any = torch._dynamo.OptimizedModule
            if self._optimized_call is not None:
                wrapper.__call__ = self._optimized_call

    def _run_compiled_eagerly(self) -> None:
        """While calls are seen, what ``torch.compile`` made runs as it was written."""
        if self._mode is None or self._eager is not None or "torch._dynamo" not in sys.modules:
            return
        stance = getattr(torch.compiler, "set_stance", None)
        if stance is None:
            self._note("This torch cannot run compiled code eagerly; it is not seen inside.")
            return
        self._eager = stance("force_eager")
        wrapper: Any = torch._dynamo.OptimizedModule
        self._optimized_call = wrapper.__dict__.get("__call__")
        if self._optimized_call is not None:  # it would warn of our hooks
            wrapper.__call__ = nn.Module.__call__

    def _note(self, sentence: str) -> None:
        if sentence not in self._boundary.notes:
            self._boundary.notes.append(sentence)

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
        self._stack.clear()
        self._end_script()
        self._telling.forget()
        self._inside = 0

    @property
    def _unsure(self) -> bool:
        """Whether what runs now may turn out to be one activation as a whole."""
        return bool(self._stack) and self._stack[-1].unsure is not None

    def _elsewhere(self) -> bool:
        boundary = self._boundary  # looked into, not asked: this is called for every module
        if self._inside or self.paused or self._idle or boundary.busy:
            return True
        if threading.get_ident() != boundary.thread:
            return True
        if torch._C._functorch.peek_interpreter_stack() is None:
            return False
        self._note("What runs inside transforms of torch.func (grad, vmap, …) is not seen.")
        return True

    def _set_curious(self, curious: bool) -> None:
        if self._mode is not None:
            self._mode.curious = curious

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """See nothing for a while, at no cost: what runs is no forward pass."""
        mode = self._mode
        if mode is None or self._idle or not take_out(mode):  # or is off, for who calls us
            yield
            return
        try:
            yield
        finally:
            if self._mode is mode and not self._idle:
                put_on(mode)

    # Modules

    def _enter_module(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        if self._elsewhere():
            return
        mode = self._mode
        if (
            mode is not None
            and self._stack
            and self._brief.knows(module)
            and is_as_made(module)
            and not self._telling.pending
            and take_off(mode)
        ):
            self._off = module
            return
        leaf = leaf_of(module)
        if leaf is Leaf.NONE and is_wrapper(module):
            return
        seeing = None if leaf is Leaf.NONE or not self._stack else self._mode
        if seeing is not None and is_as_made(module) and take_off(seeing):
            self._off = module  # what it calls is known
            if self._telling.pending:
                self._boundary.hidden(self._telling.confirm, args)
            if leaf is not Leaf.ACTIVATION:
                return
        if not self._stack and not torch.is_grad_enabled() and self._rest(module):
            return
        self._boundary.hidden(self._enter, module, args)
        if self._script is None and isinstance(module, torch.jit.ScriptModule):
            self._note("Inside TorchScript modules outputs are seen, but not gradients.")
            scripted: Any = Scripted(self._saw_scripted)
            self._script = module, scripted
            scripted.__enter__()

    def _rest(self, module: nn.Module) -> bool:
        """Leave an evaluation that nobody wants to hear of alone, until ``module`` returns.

        Our hooks would keep torch from its fast paths, whose results differ in the last digit.
        """
        mode, boundary = self._mode, self._boundary
        if mode is None or boundary.replacers or isinstance(module, torch.jit.ScriptModule):
            return False
        if not all(observer.training_only for observer in boundary.live):
            return False

        def resume(module: nn.Module, args: Any, output: Any) -> None:
            if self._mode is mode and self._resting is not None:
                self._detach(mode)
                self._attach(mode)

        self._detach(mode)
        self._resting = module.register_forward_hook(resume, always_call=True)
        return True

    def _enter(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        top = self._stack[-1] if self._stack else None
        model = top.model if top is not None else self._registry.models.find(module)
        path = model.path(module)
        if path is None:
            model = self._registry.models.find(module)
            path = model.path(module) or ""
        entered = _Entered(module, model, path, self._tick)
        if top is None:
            self._enter_root(entered, args)
        self._stack.append(entered)
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
            entered.application = self._open(_module_form(function, module, tensor), module)
        elif may_be_activation(module) and self._verdicts.get(type(module), True):
            entered.unsure, entered.version = tensor, tensor._version
            self._set_curious(True)

    def _enter_root(self, entered: _Entered, args: tuple[Any, ...]) -> None:
        self.token += 1
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
        tensor = first_floating((args, given_names)) if self._concerns(model) else None
        if tensor is not None:
            for observer in self._boundary.live:
                self._boundary.notify(observer, "on_input", model.name, tensor)

    def _leave_module(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        if self._off is module:
            return self._leave_leaf(module, args, output)
        if self._script is not None and self._script[0] is module:
            self._end_script()
        if self._elsewhere():
            return None
        return self._boundary.hidden(self._leave, module, output)

    def _leave_leaf(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        """One of torch's own modules has run, and what it called was not looked at."""
        self._off = None
        mode = self._mode
        if mode is not None and not self._idle:
            put_on(mode)
        if self._brief.knows(module):
            self._tick += 1
            site = self._brief.settled.site(module)
            if site is not None and output is not None:
                self._tell_settled(site, self._brief.settled.dims(module), args, output)
            return None
        if leaf_of(module) is Leaf.ACTIVATION:
            return self._boundary.hidden(self._leave, module, output)
        if output is not None and module._parameters and self._stack:
            self._boundary.hidden(self._leave_layer, module, output)
        self._brief.settled.put(module, None)
        return None

    def _tell_settled(self, site: Site, dims: int, args: tuple[Any, ...], output: Any) -> None:
        self._boundary.hidden(self._leave_settled, site, dims, args, output)

    def _leave_settled(self, site: Site, dims: int, args: tuple[Any, ...], output: Any) -> None:
        """A known site has run in a step that is looked at briefly."""
        if not self._stack or self._stack[-1].application is not None:
            return
        if not (torch.is_grad_enabled() or (args and args[0].requires_grad)):
            return
        self._brief.tell(site, dims, output, self.token)

    def _leave_layer(self, module: nn.Module, output: Any) -> None:
        if not is_layer(module):
            return
        model = self._stack[-1].model
        path = model.path(module)
        if path is None:
            model = self._registry.models.find(module)
            path = model.path(module) or ""
        self._ran(self._registry.module_layer(model, path, module), output)

    def _end_script(self) -> None:
        script, self._script = self._script, None
        if script is not None:
            script[1].__exit__(None, None, None)

    def _saw_scripted(
        self,
        function: str,
        input: Tensor,
        output: Tensor,
        weight: int,
        apply: Callable[[Tensor], Tensor],
    ) -> None:
        if not self._elsewhere():
            form = forms.Form(function, input, False, True, apply)
            self._boundary.hidden(self._tell_scripted, form, output, weight)

    def _tell_scripted(self, form: forms.Form, output: Tensor, weight: int) -> None:
        trains = torch.is_grad_enabled()
        entered = self._stack[-1] if self._stack else None
        if entered is None or not self._concerns(entered.model):
            return
        held = next((p for p in entered.model.parameters() if p.data_ptr() == weight), None)
        layer = None if held is None else self._registry.call_layer("linear", held, None)
        frame = self._registry.sources.frame(2)
        where = entered.model, entered.path, layer
        site = self._registry.site(form, None, *where, True, frame, None)
        for observer in self._boundary.live if site is not None else ():
            if trains or not observer.training_only:
                self._boundary.notify(observer, "on_site", site, form.input, output)

    def _leave(self, module: nn.Module, output: Any) -> Any:
        depth = len(self._stack) - 1
        while depth >= 0 and self._stack[depth].module is not module:
            depth -= 1
        if depth < 0:
            return None
        entered = self._stack[depth]
        caller = self._stack[depth - 1].module if depth > 0 else None
        del self._stack[depth:]
        if output is None:
            return None
        if entered.unsure is not None:
            self._set_curious(self._unsure)
            entered.application = self._decide(entered, type(module), output, caller)
        application = entered.application
        if application is not None:
            if leaf_of(module) is Leaf.ACTIVATION and application.site.model:
                self._brief.settled.put(module, application.site, application.input.dim())
            return self._finish(application, output)
        if is_layer(module) and (is_torch(module) or self._tick == entered.since):
            layer = self._registry.module_layer(entered.model, entered.path, module)
            self._ran(layer, output)
            if entered.given is not None:
                self._inside_recurrent(entered, layer, entered.given, output)
        return None

    def _inside_recurrent(self, entered: _Entered, layer: Layer, given: Given, output: Any) -> None:
        """Tell of the gates of a recurrent layer."""
        trains = torch.is_grad_enabled()
        observers = [o for o in self._boundary.live if trains or not o.training_only]
        module = entered.module
        if not observers or module is None or not self._concerns(entered.model):
            return
        self._inside += 1
        try:
            with torch._C.DisableTorchFunction():
                found, missing = gates(module, given, output)
        finally:
            self._inside -= 1
        if missing:
            self._note(missing)
        frame = self._registry.sources.frame(2)
        for gate in found:
            form = forms.Form(gate.function, gate.input, False, True, getattr(torch, gate.function))
            path = ".".join(p for p in (entered.path, gate.part) if p)
            site = self._registry.site(form, None, entered.model, path, layer, True, frame, None)
            for observer in observers if site is not None else ():
                self._boundary.notify(observer, "on_site", site, gate.input, gate.output)

    def _finish(self, application: Application, output: Any) -> Tensor | None:
        if not isinstance(output, Tensor):
            return None
        replaced = self._telling.replaced(application, self._registry.variant)
        self._telling.close(application, output if replaced is None else replaced, self.token)
        return replaced

    # Modules and functions of the user's own that may be one activation

    def _decide(
        self, entered: _Entered, kind: type, output: Any, caller: nn.Module | None
    ) -> Application | None:
        """Tell whether what has just run was one activation; if not, tell of what ran inside."""
        tensor = entered.unsure
        if tensor is None:
            return None
        alike = isinstance(output, Tensor) and output.shape == tensor.shape
        untouched = tensor._version == entered.version
        one = bool(entered.inner) and entered.elementwise and self._tick == entered.since
        if not (alike and untouched and one):
            if entered.inner or not entered.elementwise:
                self._verdicts[kind] = False
            for application, result in entered.inner:
                self._telling.close(application, result, self.token)
            return None
        self._verdicts[kind] = self._brief.composed = True
        first, result = entered.inner[0]
        plain = len(entered.inner) == 1 and result is output
        function = first.site.function if plain else named_like(kind)
        apply = first.apply if plain else apply_of(entered.module)
        for inner, _ in reversed(entered.inner):
            self._registry.withdraw(inner.site)
        form = forms.Form(function, tensor, False, True, apply, assured=plain)
        return self._open(form, entered.module, caller)

    def _custom(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """What stands in for ``torch.autograd.Function.apply`` while calls are seen."""

        @functools.wraps(original)
        def apply(cls: type, *args: Any, **kwargs: Any) -> Any:
            if cls.__module__ == "torch.utils.checkpoint":
                self._note(_REENTRANT)
            entered = (
                None if self._elsewhere() else self._boundary.hidden(self._enter_custom, cls, args)
            )
            if entered is None:
                return original(cls, *args, **kwargs)
            try:
                result = original(cls, *args, **kwargs)
            except BaseException:
                self._drop(entered)
                raise
            replaced = self._boundary.hidden(self._leave_custom, entered, cls, result)
            return result if replaced is None else replaced

        return apply

    def _enter_custom(self, cls: type, args: tuple[Any, ...]) -> _Entered | None:
        tensor = args[0] if args and isinstance(args[0], Tensor) else None
        if tensor is None or not tensor.is_floating_point() or tensor.dim() == 0:
            return None
        top = self._stack[-1] if self._stack else None
        if top is None or top.application is not None or self._verdicts.get(cls) is False:
            return None
        entered = _Entered(None, top.model, top.path, self._tick, unsure=tensor)
        entered.version = tensor._version
        self._stack.append(entered)
        self._set_curious(True)
        return entered

    def _drop(self, entered: _Entered) -> None:
        if entered in self._stack:
            del self._stack[self._stack.index(entered) :]

    def _leave_custom(self, entered: _Entered, cls: type, output: Any) -> Tensor | None:
        self._drop(entered)
        application = self._decide(entered, cls, output, None)
        if application is None:
            return None
        if self._unsure:
            self._stack[-1].inner.append((application, output))
            return None
        return self._finish(application, output)

    # Functions

    def _saw_other(self, func: Any) -> None:
        """A function that is no activation ran inside what may turn out to be one."""
        if self._unsure and func.__name__ in NOT_ELEMENTWISE:
            self._stack[-1].elementwise = False

    def dispatch(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Run a torch function, and see what it was."""
        kind = forms.KINDS.get(func, forms.Kind.ACTIVATION)
        if self._elsewhere():
            return func(*args, **kwargs)
        if kind is forms.Kind.ACTIVATION:
            return self._activation(func, args, kwargs)
        self._boundary.hidden(self._telling.confirm, args)
        self._inside += 1
        try:
            result = func(*args, **kwargs)
        finally:
            self._inside -= 1
        self._boundary.hidden(self._after, kind, func, args, kwargs, result)
        return result

    def _after(self, kind: forms.Kind, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        if kind is forms.Kind.WEIGHTED:
            self._weighted(forms.WEIGHTED[func], args, kwargs, result)
        elif kind is forms.Kind.LOSS:
            self._lost(forms.LOSS_FUNCTIONS[func], result)
            if torch.is_grad_enabled():
                self._brief.losses.add(func)
        elif kind is forms.Kind.COMPARISON:
            self._masks.compared(forms.COMPARISONS[func], args, result)
        elif args and isinstance(args[0], Tensor) and args[0].dtype is torch.bool:
            self._masks.converted(args[0], result)

    def _activation(self, func: Any, args: Any, kwargs: Any) -> Any:
        if self._stack and self._stack[-1].application is not None:
            return func(*args, **kwargs)
        application = self._boundary.hidden(self._recognise, func, args, kwargs)
        if application is None:
            return func(*args, **kwargs)
        self._inside += 1
        try:
            result = None
            if self._boundary.replacers and not self._unsure:
                result = self._boundary.guard(
                    self._telling.replaced, application, self._registry.variant
                )
            if result is None:
                result = func(*args, **kwargs)
            elif application.inplace:
                result = application.original.copy_(result)
        finally:
            self._inside -= 1
        if isinstance(result, Tensor):
            self._boundary.hidden(self._applied, application, result)
            if self._brief.on and self._quick is not None:
                self._boundary.hidden(self._remember, application.site, func, args, kwargs, result)
        return result

    def _remember(self, site: Site, func: Any, args: Any, kwargs: Any, result: Tensor) -> None:
        """A function was seen in a step that is looked at briefly: the next time it is known."""
        module = self._stack[-1].module if self._stack and not self._unsure else None
        key = None if module is None or not site.model else self._quick.place(func, module)
        if module is not None and key is not None and args:
            self._brief.settled.put_place(key, module, args, kwargs, site, result.dim())

    def _recognise(self, func: Any, args: Any, kwargs: Any) -> Application | None:
        form = forms.recognise(func, args, kwargs, self._masks)
        return None if form is None else self._open(form, None)

    def _applied(self, application: Application, result: Tensor) -> None:
        if self._unsure:
            self._stack[-1].inner.append((application, result))
        else:
            self._telling.close(application, result, self.token)

    def _weighted(self, name: str, args: Any, kwargs: Any, result: Any) -> None:
        entered = self._stack[-1] if self._stack else None
        module = None if entered is None else entered.module
        if module is not None and is_torch(module) and is_layer(module):
            return  # the module's own hook marks it
        if entered is not None and "parametrizations" in entered.path.split("."):
            return  # makes a weight of others, and applies none
        candidates = [*args, *kwargs.values()]
        leaves = [t for t in candidates if isinstance(t, Tensor) and t.is_leaf and t.requires_grad]
        weights = [t for t in leaves if t.dim() > 1] or [t for t in leaves if "norm" in name]
        if not weights and name.strip("_") in ("matmul", "mm") and len(args) > 1:
            turned = feeding.untransposed(args[1])
            if turned is not None:
                name, weights = "linear", [turned]  # x @ w.T, which is what linear computes
        if not weights:
            return
        weight = weights[0]
        biases = [t for t in leaves if t is not weight and t.dim() == 1]
        if name.strip("_") in ("matmul", "mm") and args and args[0] is weight:
            name = feeding.ROWS_ARE_UNITS
        if entered is not None and module is not None and only_matrix(module) is weight:
            called = name.strip("_")
            layer = self._registry.module_layer(entered.model, entered.path, module, called)
        else:
            layer = self._registry.call_layer(name, weight, biases[0] if biases else None)
        self._ran(layer, result)

    def _ran(self, layer: Layer, output: Any) -> None:
        self._tick += 1
        if self._brief.on:
            return
        self._last = (layer, self._tick)
        feeding.mark(output, layer, self._tick)
        for observer in self._boundary.live:
            if not observer.brief and (not observer.training_only or torch.is_grad_enabled()):
                self._boundary.notify(observer, "on_layer", layer, output)

    def _lost(self, name: str, result: Any) -> None:
        if not isinstance(result, Tensor) or not torch.is_grad_enabled():
            return
        frame = self._registry.sources.frame(2)
        code = None if frame is None else frame.f_code.co_filename
        line = 0 if frame is None else frame.f_lineno
        source = "" if code is None else self._registry.sources.text(code, line)
        for observer in self._boundary.live:
            self._boundary.notify(observer, "on_loss", name, result, source)

    # Activations

    def _concerns(self, model: Model | None) -> bool:
        return not self._only or model in self._only

    def _open(
        self, form: forms.Form, module: nn.Module | None, caller: nn.Module | None = None
    ) -> Application | None:
        """Prepare to tell of an activation that is about to run; None if nobody is to know."""
        live, replacers = self._boundary.live, self._boundary.replacers
        trains = torch.is_grad_enabled() or form.input.requires_grad
        observers = tuple(o for o in live if trains or not o.training_only)
        if not observers and not replacers:
            return None
        frame = self._registry.sources.frame(2)
        owner, path, since = self._owner(frame, module)
        if not self._concerns(owner):
            return None
        if self._brief.on:
            site = self._site_of_place(form, module, owner, path, frame, caller)
            return (
                None if site is None else Application.of(site, form, observers, replaceable=False)
            )
        found = feeding.nearest(form.input, since)
        known = found is not None or form.input.requires_grad
        if not known and owner is not None:
            last = self._last
            found = last if last is not None and last[0].model == owner.name else None
        if found is None and not form.certain:
            return None
        if caller is None:
            caller = self._applying(module)
        if module is not None:
            path = (owner.path(module) if owner is not None else None) or path
        layer = None if found is None else found[0]
        site = self._registry.site(form, module, owner, path, layer, known, frame, caller)
        if site is None:
            return None
        return Application.of(site, form, observers, replaceable=bool(replacers))

    def _site_of_place(
        self,
        form: forms.Form,
        module: nn.Module | None,
        owner: Model | None,
        path: str,
        frame: FrameType | None,
        caller: nn.Module | None,
    ) -> Site | None:
        """The site of a form in a step that is looked at briefly; None where it is not known."""
        if caller is None:
            caller = self._applying(module)
        if module is not None:
            path = (owner.path(module) if owner is not None else None) or path
        return self._brief.site(form, module, owner, path, frame, caller)

    def _applying(self, module: nn.Module | None) -> nn.Module | None:
        """The module whose code runs; not ``module`` itself, which is just being entered."""
        entering = module is not None and self._stack and self._stack[-1].module is module
        stack = self._stack[:-1] if entering else self._stack
        return stack[-1].module if stack else None

    def _owner(
        self, frame: FrameType | None, module: nn.Module | None
    ) -> tuple[Model | None, str, int]:
        """The model and module whose code is running, and the tick at which it was entered."""
        if self._stack:
            entering = module is not None and self._stack[-1].module is module
            entered = self._stack[-2 if entering and len(self._stack) > 1 else -1]
            if entered.model.has_parameters():
                return entered.model, entered.path, entered.since
            return None, "", -1
        model, path = self._registry.owner(frame)
        return model, path, -1


def _module_form(function: str, module: nn.Module, tensor: Tensor) -> forms.Form:
    inplace = bool(getattr(module, "inplace", False))
    return forms.Form(function, tensor, inplace, True, apply_of(module))

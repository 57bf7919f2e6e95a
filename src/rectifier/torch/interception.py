"""The hooks by which a running program is seen, put in and taken out again.

Part of the torch front end's interception; `rectifier.torch.sites` is its public face. Always in while
an `Interception` is entered, and costing next to nothing: hooks around every optimiser's step, a
wrapper of its construction, wrappers of ``torch.autograd.backward`` and ``grad``. Only while a step
that some observer wants is under way: one ``TorchFunctionMode`` and global hooks on module calls.
Only the thread and the process that entered are seen.

What to make of it is left to the observers; a failure in them or here is caught at `_guard` and
`_notify`, becomes a note, and never reaches the user's program.
"""

from __future__ import annotations

import functools
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.modules import module as global_hooks
from torch.optim import Optimizer
from torch.optim import optimizer as optimizer_hooks
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from rectifier.torch import feeding, forms
from rectifier.torch.feeding import Layer
from rectifier.torch.naming import Model, Models, Sources, is_wrapper
from rectifier.torch.observer import Observer, Site

_MOST_SITES = 2000
"""A program that makes new sites without end (a name per batch) is not followed beyond this."""

_MANUAL_AFTER = 256
"""Backward passes without a step of any optimiser after which they are counted as steps."""

_PENDING = "rectifier_pending"


@dataclass(slots=True)
class _Entered:
    """A module call under way."""

    module: nn.Module
    model: Model
    path: str
    since: int
    call: _Call | None = None


@dataclass(slots=True)
class _Call:
    """One application of an activation under way."""

    site: Site
    original: Tensor
    input: Tensor
    observers: tuple[Observer, ...]
    apply: Callable[[Tensor], Tensor]
    inplace: bool
    node: Any
    number: int
    output: Tensor | None = None


class _Mode(TorchFunctionMode):
    """Hands every call of a torch function to the interception."""

    def __init__(self, owner: Interception) -> None:
        super().__init__()
        self._owner = owner

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self._owner._dispatch(func, args, {} if kwargs is None else kwargs)


def _take_out(mode: TorchFunctionMode) -> None:
    """Remove a mode from wherever it is on the stack; others may lie above it."""
    above: list[Any] = []
    try:
        while torch._C._len_torch_function_stack() > 0:
            top = torch._C._pop_torch_function_stack()
            if top is mode:
                break
            above.append(top)
    finally:
        for other in reversed(above):
            torch._C._push_on_torch_function_stack(other)


class Interception:
    """Tells observers what the program does between entering and leaving; leaves nothing behind.

    Args:
        observers: Who is told, in this order.
        models: Root modules whose sites count; none given: all that the program calls.
        optimizers: Optimisers whose steps count; none given: all.
        folder: Source files are named relative to it; the current folder if not given.

    Attributes:
        step: Number of the step under way.
        token: Number of the forward pass under way; gradients come with that of their pass.
        notes: What could not be seen, and which observer failed, as sentences.
        seconds: Time spent in observing.
    """

    def __init__(
        self,
        observers: Sequence[Observer],
        models: Sequence[nn.Module] = (),
        *,
        optimizers: Sequence[Optimizer] = (),
        folder: Path | None = None,
    ) -> None:
        self.observers = list(observers)
        self.step = 0
        self.token = 0
        self.notes: list[str] = []
        self.seconds = 0.0
        self.sources = Sources(folder)
        self._models = Models(self.sources)
        self._only = tuple(self._models.add(model) for model in models)
        self._optimizers = {id(optimizer) for optimizer in optimizers}
        self._announced: set[int] = set()
        self._known_optimizers = bool(optimizers)
        self._sites: dict[tuple[Any, ...], Site] = {}
        self._names: dict[str, int] = {}
        self._layers: dict[int, tuple[weakref.ref[Any], Layer]] = {}
        self._confirmed: set[str] = set()
        self._pending: dict[str, _Call] = {}
        self._built: weakref.WeakKeyDictionary[nn.Module, tuple[str, int]] = (
            weakref.WeakKeyDictionary()
        )
        self._stack: list[_Entered] = []
        self._stepping: list[int] = []
        self._live: tuple[Observer, ...] = ()
        self._replacers: tuple[Observer, ...] = ()
        self._tick = 0
        self._last: tuple[Layer, int] | None = None
        self._backward_depth = 0
        self._backwards = 0
        self._manual = False
        self._busy = 0
        self._guarding = 0
        self._thread = 0
        self._masks = forms.Masks()
        self._mode: _Mode | None = None
        self._handles: list[RemovableHandle] = []
        self._watching: list[RemovableHandle] = []
        self._restore: list[tuple[Any, str, Any]] = []

    # Entering and leaving

    def __enter__(self) -> Self:
        self._thread = threading.get_ident()
        self._handles = [
            optimizer_hooks.register_optimizer_step_pre_hook(self._before),
            optimizer_hooks.register_optimizer_step_post_hook(self._after),
        ]
        self._wrap(Optimizer, "__init__", self._constructing)
        self._wrap(nn.Module, "__init__", self._building)
        self._wrap(torch.autograd, "backward", self._backward)
        self._wrap(torch.autograd, "grad", self._grad)
        _ENTERED.add(self)
        for observer in self.observers:
            observer.interception = self
        self._choose()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        if self._handles and self._backwards and self._thread == threading.get_ident():
            self._guard(self._close_unstepped)
        self.abandon()

    def abandon(self) -> None:
        """Take every hook out, and tell nobody."""
        self._rest()
        for handle in self._handles:
            handle.remove()
        self._handles = []
        while self._restore:
            owner, name, original = self._restore.pop()
            setattr(owner, name, original)
        self._live = self._replacers = ()
        for observer in self.observers:
            observer.interception = None
        _ENTERED.discard(self)

    def _wrap(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        self._restore.append((owner, name, original))
        setattr(owner, name, functools.wraps(original)(make(original)))

    def _close_unstepped(self) -> None:
        """Backward passes that no step followed are handed on as one last step."""
        if self.step == 0:
            if not self._manual and self._known_optimizers:
                self.notes.append(
                    "An optimiser was constructed but its step was never called; all passes are "
                    "shown as step 0."
                )
            self._start_step(None)
            self._end_step(None)

    # Choosing what to see

    def _choose(self) -> None:
        """Switch observation on or off for the step that begins."""
        self._live = tuple(
            o for o in tuple(self.observers) if self._notify(o, "wants_step", self.step)
        )
        self._replacers = tuple(o for o in self._live if type(o).replace is not Observer.replace)
        if self._live:
            self._observe()
        else:
            self._rest()

    def _observe(self) -> None:
        if self._mode is not None:
            return
        self._mode = _Mode(self)
        torch._C._push_on_torch_function_stack(self._mode)
        self._watching = [
            global_hooks.register_module_forward_pre_hook(self._enter_module),
            global_hooks.register_module_forward_hook(self._leave_module, always_call=True),
        ]

    def _rest(self) -> None:
        mode, self._mode = self._mode, None
        if mode is not None:
            _take_out(mode)
        for handle in self._watching:
            handle.remove()
        self._watching = []
        self._stack.clear()
        self._pending.clear()

    @property
    def observing(self) -> bool:
        """Whether the step under way is being seen."""
        return self._mode is not None

    # The boundary: nothing that fails here may reach the user's program

    def _notify(self, observer: Observer, method: str, *args: Any) -> Any:
        self._busy += 1
        try:
            return getattr(observer, method)(*args)
        except Exception as error:  # noqa: BLE001 - the boundary to the user's program; noted
            self._detach(observer, method, error)
            return None
        finally:
            self._busy -= 1

    def _detach(self, observer: Observer, method: str, error: Exception) -> None:
        name = type(observer).__name__
        self.notes.append(
            f"{name} was detached at step {self.step}: its {method} raised "
            f"{type(error).__name__}: {error}"
        )
        if observer in self.observers:
            self.observers.remove(observer)
        self._live = tuple(o for o in self._live if o is not observer)
        self._replacers = tuple(o for o in self._replacers if o is not observer)

    def _guard(self, method: Callable[..., Any], *args: Any) -> Any:
        """Run a part of the observation; its failure ends the observation, not the program."""
        self._guarding += 1
        start = time.perf_counter() if self._guarding == 1 else 0.0
        try:
            return method(*args)
        except Exception as error:  # noqa: BLE001 - the boundary to the user's program; noted
            self.notes.append(
                f"Observation ended at step {self.step}: {method.__name__.strip('_')} raised "
                f"{type(error).__name__}: {error}"
            )
            self.observers.clear()
            self._live = self._replacers = ()
            self._rest()
            return None
        finally:
            self._guarding -= 1
            if self._guarding == 0:
                self.seconds += time.perf_counter() - start

    def _elsewhere(self) -> bool:
        return self._busy > 0 or self._backward_depth > 0 or threading.get_ident() != self._thread

    # Steps

    def _counts(self, optimizer: Optimizer) -> bool:
        return not self._optimizers or id(optimizer) in self._optimizers

    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if threading.get_ident() != self._thread or not self._counts(optimizer):
            return
        if id(optimizer) in self._stepping:
            self._stepping.clear()  # its last step raised, so that its end was never seen
        self._stepping.append(id(optimizer))
        if len(self._stepping) == 1:
            self._known_optimizers, self._manual = True, False
            self._stack.clear()
            self._guard(self._start_step, optimizer)

    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if not self._stepping or threading.get_ident() != self._thread:
            return
        if self._stepping[-1] == id(optimizer):
            self._stepping.pop()
        if not self._stepping:
            self._guard(self._end_step, optimizer)

    def _start_step(self, optimizer: Optimizer | None) -> None:
        for observer in tuple(self.observers):
            self._notify(observer, "before_step", optimizer, self.step)

    def _end_step(self, optimizer: Optimizer | None) -> None:
        for observer in tuple(self.observers):
            self._notify(observer, "after_step", optimizer, self.step)
        self.step += 1
        self._backwards = 0
        self._pending.clear()
        self._choose()

    def _constructing(self, original: Any) -> Any:
        owner = self

        def __init__(self: Optimizer, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(self, *args, **kwargs)
            if threading.get_ident() == owner._thread:
                owner._known_optimizers = True
                owner._guard(owner._announce, "on_optimizer", self)

        return __init__

    def _announce(self, method: str, *args: Any) -> None:
        for observer in tuple(self.observers):
            self._notify(observer, method, *args)

    def _building(self, original: Any) -> Any:
        owner = self

        def __init__(self: nn.Module, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(self, *args, **kwargs)
            if type(self) in forms.ACTIVATION_MODULES:
                frame = owner.sources.frame(2)
                if frame is not None:
                    owner._built[self] = (frame.f_code.co_filename, frame.f_lineno)

        return __init__

    # Backward

    def _backward(self, original: Any) -> Any:
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != self._thread:
                return original(tensors, *args, **kwargs)
            with _Depth(self, tensors):
                return original(tensors, *args, **kwargs)

        return backward

    def _grad(self, original: Any) -> Any:
        def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != self._thread:
                return original(outputs, inputs, *args, **kwargs)
            differentiable = kwargs.get("create_graph") or (len(args) > 2 and args[2])
            trained = _first(inputs)
            step = trained is not None and trained.is_leaf and not differentiable
            with _Depth(self, outputs if step else None):
                return original(outputs, inputs, *args, **kwargs)

        return grad

    def _backward_begins(self, tensors: Any) -> None:
        loss = _first(tensors)
        if loss is not None:
            self._announce("on_backward", loss)

    def _backward_ended(self, trained: bool) -> None:
        self.token += 1
        self._pending.clear()
        if not trained:
            return
        self._backwards += 1
        if self._stepping:
            return
        if not self._manual and self._backwards > _MANUAL_AFTER and self._known_optimizers:
            self._manual = True
            self.notes.append(
                f"No optimiser has stepped in {_MANUAL_AFTER} backward passes; from step "
                f"{self.step} on each backward pass counts as a step."
            )
        if self._manual or not self._known_optimizers:
            self._start_step(None)
            self._end_step(None)

    # Modules

    def _enter_module(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        if not self._elsewhere() and not is_wrapper(module):
            self._guard(self._enter, module, args)

    def _enter(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        top = self._stack[-1] if self._stack else None
        model = top.model if top is not None else self._models.find(module)
        path = model.path(module)
        if path is None:
            model = self._models.find(module)
            path = model.path(module) or ""
        entered = _Entered(module, model, path, self._tick)
        if top is None:
            self._enter_root(entered, args)
        elif top.call is not None:
            self._stack.append(entered)
            return
        self._stack.append(entered)
        function = forms.module_function(module)
        if function is not None and args and isinstance(args[0], Tensor):
            inplace = bool(getattr(module, "inplace", False))
            apply = _quiet(module)
            form = forms.Form(function, args[0], inplace, True, apply)
            if args[0].is_floating_point() and args[0].dim() > 0:
                entered.call = self._open(form, module)

    def _enter_root(self, entered: _Entered, args: tuple[Any, ...]) -> None:
        self.token += 1
        if self._pending:
            self._confirm(args)
        if not entered.model.has_parameters() or not torch.is_grad_enabled():
            return
        root = entered.model.root
        if entered.module.training and root is not None and id(root) not in self._announced:
            self._announced.add(id(root))
            given = args if root is entered.module else ()
            kwargs = _keywords() if root is entered.module else {}
            self._announce("on_model", root, entered.model.name, given, kwargs)
            entered.model.refresh()
            entered.path = entered.model.path(entered.module) or entered.path
        tensor = _first_floating((args, _keywords())) if self._live else None
        if tensor is not None and self._concerns(entered.model):
            for observer in self._live:
                self._notify(observer, "on_input", entered.model.name, tensor)

    def _leave_module(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        if self._elsewhere():
            return None
        return self._guard(self._leave, module, output)

    def _leave(self, module: nn.Module, output: Any) -> Any:
        depth = len(self._stack) - 1
        while depth >= 0 and self._stack[depth].module is not module:
            depth -= 1
        if depth < 0:
            return None
        entered = self._stack[depth]
        del self._stack[depth:]
        if output is None:
            return None
        if entered.call is not None:
            return self._finish_module(entered.call, output)
        if _is_layer(module):
            layer = self._module_layer(entered, module)
            self._ran(layer, output)
        return None

    def _finish_module(self, call: _Call, output: Any) -> Any:
        if not isinstance(output, Tensor):
            return None
        replaced = self._replaced(call)
        self._close(call, output if replaced is None else replaced)
        return replaced

    # Layers

    def _module_layer(self, entered: _Entered, module: nn.Module) -> Layer:
        known = self._layers.get(id(module))
        if known is not None and known[0]() is module:
            return known[1]
        kind = type(module).__name__
        if kind.startswith("Parametrized"):
            kind = kind.removeprefix("Parametrized")
        weight = getattr(module, "weight", None)
        layer = Layer(
            name=entered.path or entered.model.own_name,
            kind=kind,
            model=entered.model.name,
            order=len(self._layers),
            fan_in=feeding.fan_in(
                weight if isinstance(weight, Tensor) else None, transposed="ranspose" in kind
            ),
            _module=weakref.ref(module),
        )
        self._layers[id(module)] = (weakref.ref(module), layer)
        return layer

    def _call_layer(self, weight: Tensor, bias: Tensor | None, name: str) -> Layer:
        known = self._layers.get(id(weight))
        if known is not None and known[0]() is weight:
            return known[1]
        model, path = "", ""
        for candidate in self._models:
            path = candidate.parameter(weight)
            if path:
                model = candidate.name
                break
        layer = Layer(
            name=path or self._variable(weight),
            kind=name.strip("_"),
            model=model,
            order=len(self._layers),
            fan_in=feeding.fan_in(weight, transposed="transpose" in name),
            _weight=weakref.ref(weight),
            _bias=None if bias is None else weakref.ref(bias),
        )
        self._layers[id(weight)] = (weakref.ref(weight), layer)
        return layer

    def _variable(self, tensor: Tensor) -> str:
        """The name by which the user's code holds a tensor."""
        for frame in self.sources.frames(2):
            for variable, value in tuple(frame.f_locals.items()):
                if value is tensor:
                    return variable
                if type(value) is dict:
                    for key, member in tuple(value.items()):
                        if member is tensor and not variable.startswith("__"):
                            return f"{variable}.{key}"
                elif type(value) in (list, tuple):
                    for index, member in enumerate(value):
                        if member is tensor:
                            return f"{variable}.{index}"
        return f"weight{len(self._layers)}"

    def _ran(self, layer: Layer, output: Any) -> None:
        self._tick += 1
        self._last = (layer, self._tick)
        feeding.mark(output, layer, self._tick)
        for observer in self._live:
            if not observer.training_only or torch.is_grad_enabled():
                self._notify(observer, "on_layer", layer, output)

    # Functions

    def _dispatch(self, func: Any, args: Any, kwargs: Any) -> Any:
        if func in forms.ACTIVATIONS or forms.is_rectifier(func):
            if not self._elsewhere() and not (self._stack and self._stack[-1].call):
                call = self._guard(self._begin, func, args, kwargs)
                if call is not None:
                    return self._complete(call, func, args, kwargs)
        elif func in forms.WEIGHTED:
            if not self._elsewhere():
                if self._pending:
                    self._guard(self._confirm, args)
                result = func(*args, **kwargs)
                self._guard(self._weighted, forms.WEIGHTED[func], args, kwargs, result)
                return result
        elif func in forms.LOSS_FUNCTIONS:
            result = func(*args, **kwargs)
            if not self._elsewhere():
                self._guard(self._lost, forms.LOSS_FUNCTIONS[func], result)
            return result
        elif func in forms.COMPARISONS:
            result = func(*args, **kwargs)
            if not self._elsewhere():
                self._guard(self._masks.compared, forms.COMPARISONS[func], args, result)
            return result
        elif func in forms.CONVERSIONS:
            result = func(*args, **kwargs)
            if args and isinstance(args[0], Tensor) and args[0].dtype is torch.bool:
                self._masks.converted(args[0], result)
            return result
        return func(*args, **kwargs)

    def _begin(self, func: Any, args: Any, kwargs: Any) -> _Call | None:
        form = forms.recognise(func, args, kwargs, self._masks)
        return None if form is None else self._open(form, None)

    def _complete(self, call: _Call, func: Any, args: Any, kwargs: Any) -> Any:
        result = self._guard(self._replaced, call) if self._replacers else None
        if result is None:
            result = func(*args, **kwargs)
        elif call.inplace:
            result = call.original.copy_(result)
        if isinstance(result, Tensor):
            self._guard(self._close, call, result)
        return result

    def _weighted(self, name: str, args: Any, kwargs: Any, result: Any) -> None:
        if self._stack and _is_layer(self._stack[-1].module):
            return  # the module's own hook marks it
        candidates = [*args, *kwargs.values()]
        leaves = [t for t in candidates if isinstance(t, Tensor) and t.is_leaf and t.requires_grad]
        weights = [t for t in leaves if t.dim() > 1] or [t for t in leaves if "norm" in name]
        if not weights:
            return
        weight = weights[0]
        biases = [t for t in leaves if t is not weight and t.dim() == 1]
        self._ran(self._call_layer(weight, biases[0] if biases else None, name), result)

    def _lost(self, name: str, result: Any) -> None:
        if not isinstance(result, Tensor) or not torch.is_grad_enabled():
            return
        frame = self.sources.frame(2)
        source = (
            "" if frame is None else self.sources.text(frame.f_code.co_filename, frame.f_lineno)
        )
        for observer in self._live:
            self._notify(observer, "on_loss", name, result, source)

    # Sites

    def _concerns(self, model: Model | None) -> bool:
        return not self._only or model in self._only

    def _open(self, form: forms.Form, module: nn.Module | None) -> _Call | None:
        """Prepare to tell of an activation that is about to run; None if nobody is to know."""
        trains = torch.is_grad_enabled()
        observers = tuple(o for o in self._live if trains or not o.training_only)
        if not observers and not self._replacers:
            return None
        frame = self.sources.frame(2)
        owner, path, since = self._owner(frame)
        if not self._concerns(owner):
            return None
        found = feeding.nearest(form.input, since)
        if found is None and not form.input.requires_grad and owner is not None:
            last = self._last
            found = last if last is not None and last[0].model == owner.name else None
        if found is None and not form.certain:
            return None
        layer = None if found is None else found[0]
        site = self._site(form, module, owner, path, layer, frame)
        if site is None:
            return None
        tensor = form.input
        kept = tensor.detach().clone() if form.inplace and observers else tensor
        node = tensor.grad_fn
        number = tensor.output_nr if node is not None else 0
        return _Call(site, tensor, kept, observers, form.apply, form.inplace, node, number)

    def _owner(self, frame: FrameType | None) -> tuple[Model | None, str, int]:
        """The model and module whose code is running, and the tick at which it was entered."""
        for entered in reversed(self._stack):
            if entered.model.has_parameters():
                return entered.model, entered.path, entered.since
            return None, "", -1
        for _ in range(4):
            if frame is None:
                break
            held = frame.f_locals.get("self")
            if issubclass(type(held), nn.Module):
                model = self._models.find(held)
                if model.has_parameters():
                    return model, model.path(held) or "", -1
            frame = frame.f_back
        return None, "", -1

    def _site(
        self,
        form: forms.Form,
        module: nn.Module | None,
        owner: Model | None,
        path: str,
        layer: Layer | None,
        frame: FrameType | None,
    ) -> Site | None:
        filename, line = ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        axis = _unit_axis(form.input, layer)
        units = form.input.shape[axis]
        model = "" if owner is None else owner.name
        key = (model, path, form.function, module is None, filename, line, layer, units)
        known = self._sites.get(key)
        if known is not None:
            return known
        if len(self._sites) >= _MOST_SITES:
            return None
        if module is not None and len(self._stack) > 1:
            caller = self._stack[-2].module if self._stack[-1].module is module else None
            if isinstance(caller, nn.Sequential) and module in self._built:
                filename, line = self._built[module]
        name = path if module is not None else ".".join(p for p in (path, form.function) if p)
        if not name:
            name = owner.own_name if owner is not None else form.function
        count = self._names[name] = self._names.get(name, 0) + 1
        if layer is not None and layer.bias() is None and layer.module() is None:
            layer = self._with_bias(layer, form.input, units)
        site = Site(
            name=name if count == 1 else f"{name}:{count}",
            function=form.function,
            source=self.sources.text(filename, line) if filename else "",
            model=model,
            units=units,
            unit_axis=axis,
            order=len(self._sites),
            feeding=layer,
            apply=form.apply,
            _module=None if module is None else weakref.ref(module),
        )
        self._sites[key] = site
        if len(self._sites) == _MOST_SITES:
            self.notes.append(f"Only the first {_MOST_SITES} sites are followed.")
        return site

    def _with_bias(self, layer: Layer, tensor: Tensor, units: int) -> Layer:
        bias = feeding.added_bias(tensor, units)
        if bias is None:
            return layer
        import dataclasses

        return dataclasses.replace(layer, _bias=weakref.ref(bias))

    def _replaced(self, call: _Call) -> Tensor | None:
        for observer in self._replacers:
            given = call.original.clone() if call.inplace else call.original
            result = self._notify(observer, "replace", call.site, given, call.apply)
            if isinstance(result, Tensor):
                return result
        return None

    def _close(self, call: _Call, output: Tensor) -> None:
        """The activation has run: tell of it, now or once it turns out to be inside a network."""
        if not call.observers:
            return
        call.output = output
        if not call.site.model and call.site.name not in self._confirmed:
            node = output.grad_fn
            if node is not None:
                node.metadata[_PENDING] = call.site.name
                self._pending[call.site.name] = call
            return
        self._tell(call)

    def _confirm(self, args: Any) -> None:
        """What enters a weighted layer came through a site outside any module: it is a hidden one."""
        for tensor in args:
            if not isinstance(tensor, Tensor) or tensor.grad_fn is None:
                continue
            for name in _marked(tensor):
                call = self._pending.pop(name, None)
                if call is not None:
                    self._confirmed.add(name)
                    self._tell(call)

    def _tell(self, call: _Call) -> None:
        output = call.output
        if output is None or output.shape != call.input.shape:
            return
        observers = call.observers
        for observer in observers:
            self._notify(observer, "on_site", call.site, call.input, output)
        listening = [
            o
            for o in observers
            if type(o).on_input_gradient is not Observer.on_input_gradient
            or type(o).on_output_gradient is not Observer.on_output_gradient
        ]
        if listening and output.requires_grad:
            self._listen(call, output, listening)

    def _listen(self, call: _Call, output: Tensor, observers: list[Observer]) -> None:
        """Have the gradients into and out of a site told when the backward pass reaches it."""
        site, token, node = call.site, self.token, output.grad_fn

        def tell(method: str, gradient: Tensor | None) -> None:
            for observer in observers:
                if observer in self.observers:
                    self._notify(observer, method, site, token, gradient)

        edges = () if node is None else node.next_functions
        edge = next(
            (i for i, e in enumerate(edges) if e[0] is not None and e == (call.node, call.number)),
            None,
        )
        if node is not None and edge is not None:

            def at_node(inputs: Any, outputs: Any) -> None:
                self._guard(tell, "on_output_gradient", outputs[0])
                self._guard(tell, "on_input_gradient", inputs[edge])

            node.register_hook(at_node)
            return

        def at_output(gradient: Tensor) -> None:
            self._guard(tell, "on_output_gradient", gradient)

        def at_input(gradient: Tensor) -> None:
            self._guard(tell, "on_input_gradient", gradient)

        output.register_hook(at_output)
        if call.original.requires_grad and not call.inplace:
            call.original.register_hook(at_input)


class _Depth:
    """While a backward pass runs, what runs again inside it is not a forward pass."""

    def __init__(self, owner: Interception, losses: Any) -> None:
        self._owner = owner
        self._losses = losses

    def __enter__(self) -> None:
        if self._losses is not None and self._owner._backward_depth == 0:
            self._owner._guard(self._owner._backward_begins, self._losses)
        self._owner._backward_depth += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._owner._backward_depth -= 1
        if self._owner._backward_depth == 0 and kind is None:
            self._owner._guard(self._owner._backward_ended, self._losses is not None)


def _is_layer(module: nn.Module) -> bool:
    """Whether a module applies weights of its own as one operation."""
    if not any(p is not None for p in module._parameters.values()):
        return "parametrizations" in module._modules
    if module._modules and not isinstance(module, nn.MultiheadAttention):
        return set(module._modules) == {"parametrizations"}
    return forms.module_function(module) is None


def _unit_axis(tensor: Tensor, layer: Layer | None) -> int:
    """The dimension that units lie on: that of channels behind a convolution, else the last."""
    dims = tensor.dim()
    if dims < 3:
        return dims - 1
    if layer is None:
        return 1 if dims in (4, 5) else dims - 1
    if layer.spatial is not None:
        return max(0, dims - layer.spatial - 1) if dims > layer.spatial else dims - 1
    return 1 if layer.channels_first else dims - 1


def _quiet(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """The function of an activation module, never in place."""
    reference = weakref.ref(module)

    def apply(tensor: Tensor) -> Tensor:
        held = reference()
        if held is None:
            raise ReferenceError("the activation module no longer exists")
        given = tensor.clone() if getattr(held, "inplace", False) else tensor
        result: Tensor = held.forward(given)
        return result

    return apply


def _marked(tensor: Tensor) -> Iterator[str]:
    """Names of the pending sites whose output reaches a tensor without passing through weights."""
    level: list[Any] = [tensor.grad_fn]
    for _ in range(8):
        following: list[Any] = []
        for node in level:
            name = node.metadata.get(_PENDING)
            if name is not None:
                yield name
            else:
                following.extend(up for up, _ in node.next_functions if up is not None)
        level = following[:16]


def _first(value: Any) -> Tensor | None:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Sequence) and value and isinstance(value[0], Tensor):
        return value[0]
    return None


def _first_floating(value: Any, depth: int = 0) -> Tensor | None:
    if isinstance(value, Tensor):
        return value if value.is_floating_point() else None
    if depth > 3:
        return None
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            found = _first_floating(item, depth + 1)
            if found is not None:
                return found
    return None


def _keywords() -> Mapping[str, Any]:
    """The keyword arguments of the module call that a global hook, which is not given them, is in."""
    import sys

    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "inner" and frame.f_code.co_filename == global_hooks.__file__:
            found = frame.f_locals.get("kwargs")
            return found if isinstance(found, dict) else {}
        frame = frame.f_back
    return {}


def trace(model: nn.Module, *args: Any) -> list[Site]:
    """The sites of a model in forward order, from one pass in evaluation mode.

    Args:
        model: Any module; its mode, buffers and gradients are as before afterwards.
        *args: What to call it with.

    Returns:
        Its sites.
    """
    collector = _Collector()
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with Interception([collector], [model]), torch.enable_grad():
            model(*args)
    finally:
        for module, training in modes:
            module.training = training
    return collector.sites


class _Collector(Observer):
    def __init__(self) -> None:
        self.sites: list[Site] = []

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        if site not in self.sites:
            self.sites.append(site)


_ENTERED: weakref.WeakSet[Interception] = weakref.WeakSet()


def _in_child() -> None:
    """A forked child (a DataLoader's worker) is not observed."""
    for interception in tuple(_ENTERED):
        interception.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)

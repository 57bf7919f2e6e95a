"""Steps, backward passes, and when to look: the whole of the interception.

Part of the torch front end's interception; `rectifier.torch.sites` is its public face. Always in
place while an `Interception` is entered, and costing next to nothing: hooks around every
optimiser's step, wrappers of its construction, of backward passes
(`rectifier.torch.backward_passes`), and of the construction of modules. Calls
(`rectifier.torch.calls`) are seen only while a step that some observer wants is under way. Only the
thread and the process that entered are seen.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim import optimizer as optimizer_hooks
from torch.utils.data.dataloader import _BaseDataLoaderIter
from torch.utils.hooks import RemovableHandle

from rectifier.torch.activation_modules import module_class_function
from rectifier.torch.backward_passes import BackwardPasses
from rectifier.torch.boundary import Boundary
from rectifier.torch.calls import Calls
from rectifier.torch.functional_steps import FunctionalSteps
from rectifier.torch.naming import Sources
from rectifier.torch.naps import nap
from rectifier.torch.observer import Observer, Sleep
from rectifier.torch.registry import Registry

_COMPILED = "In observed steps what torch.compile made runs as it was written; in others compiled."


class Interception:
    """Tells observers what the program does between entering and leaving; leaves nothing behind.

    A step is one call of an optimiser's ``step``. In a program without optimisers, which updates
    its weights by hand, each backward pass (or ``torch.autograd.grad`` to leaf tensors) is one.

    Args:
        observers: Who is told, in this order.
        models: Root modules whose sites count; none given: all that the program calls.
        optimizers: Optimisers whose steps count; none given: all.
        folder: Source files are named relative to it; the current folder if not given.

    Attributes:
        stepping: The ``id`` of each optimiser whose step is under way.
    """

    def __init__(
        self,
        observers: Sequence[Observer],
        models: Sequence[nn.Module] = (),
        *,
        optimizers: Sequence[Optimizer] = (),
        folder: Path | None = None,
    ) -> None:
        self._registry = Registry(Sources(folder))
        self._boundary = Boundary(observers, self._stop)
        only = tuple(self._registry.models.add(model) for model in models)
        self._calls = Calls(self._boundary, self._registry, only)
        self._optimizers = {id(optimizer) for optimizer in optimizers}
        self.stepping: list[int] = []
        self._late = False
        self._nap = nap(self._boundary, self._calls.way, self.stepping, self)
        self._backward = BackwardPasses(
            self._boundary, self._calls, self._nap, self._registry, self
        )
        self._backward.known_optimizers = bool(optimizers)
        self._handles: list[RemovableHandle] = []
        self._restore: list[tuple[Any, str, Any]] = []

    @property
    def gradient_scale(self) -> Tensor | None:
        """What a ``GradScaler`` multiplied the loss of the latest backward pass with.

        None where there is none. The loss that observers are told of is the unscaled one.
        """
        return self._backward.gradient_scale

    @property
    def step(self) -> int:
        """Number of the step under way."""
        return self._boundary.step

    @property
    def token(self) -> int:
        """Number of the forward pass under way; gradients come with that of their pass."""
        return self._calls.way.token

    @property
    def notes(self) -> list[str]:
        """What failed or could not be seen, as sentences."""
        return self._boundary.notes

    @property
    def observers(self) -> tuple[Observer, ...]:
        """Who is told, in their order."""
        return tuple(self._boundary.observers)

    def name_of(self, model: nn.Module) -> str:
        """What the program calls a root module, as its layer is named where it is one itself."""
        return next((m.own_name for m in self._registry.models if m.root is model), "")

    def exchange(self, old: Sequence[Observer], new: Sequence[Observer]) -> None:
        """Let observers take the place of others from the next step on; these are told no more."""
        self._boundary.exchange(old, new)
        for each in old:
            each.interception = None
        for each in new:
            each.interception = self

    @property
    def seconds(self) -> float:
        """Time spent in observing."""
        return self._boundary.seconds

    @property
    def observing(self) -> bool:
        """Whether the step under way is being seen."""
        return bool(self._boundary.live)

    @property
    def here(self) -> bool:
        """Whether what happens now is the program's, in the thread that entered."""
        return self.entered and not self._boundary.elsewhere()

    @property
    def entered(self) -> bool:
        """Whether the interception is in place."""
        return bool(self._handles)

    def gradients_given(self, gradients: Sequence[Tensor]) -> None:
        """``torch.func`` is about to return these, which observers may change in place."""
        self._boundary.guard(self._boundary.announce, "on_functional_gradients", gradients)

    # Entering and leaving

    def __enter__(self) -> Self:
        self._boundary.thread = self._nap.thread = threading.get_ident()
        self._handles = [
            optimizer_hooks.register_optimizer_step_pre_hook(self._nap.before_step),
            optimizer_hooks.register_optimizer_step_post_hook(self._nap.after_step),
        ]
        self._wrap(Optimizer, "__init__", self._constructing)
        self._wrap(Optimizer, "zero_grad", self._aside)
        self._wrap(nn.Module, "zero_grad", self._aside)
        self._wrap(_BaseDataLoaderIter, "__next__", self._aside)
        self._wrap(nn.Module, "__init__", self._building)
        self._wrap(nn.Module, "load_state_dict", self._loading)
        self._wrap(torch, "compile", self._compiling)
        self._wrap(torch.amp.GradScaler, "scale", self._backward.scaling)
        self._wrap(torch.Tensor, "backward", self._backward.direct)
        self._nap.run = torch.autograd.backward
        self._wrap(torch.autograd, "backward", self._backward.backward)
        self._nap.watched = torch.autograd.backward
        self._wrap(torch.autograd, "grad", self._backward.grad)
        functions: Any = torch.autograd.Function
        apply = functions.__dict__["apply"]
        self._restore.append((functions, "apply", apply))
        functions.apply = classmethod(self._calls.custom(apply))
        functional = FunctionalSteps(self)
        for name in ("grad", "grad_and_value"):
            transform = functools.partial(functional.wrapper, with_value=name != "grad")
            self._wrap(torch.func, name, transform)
        _ENTERED.add(self)
        for each in self._boundary.observers:
            each.interception = self
        self._choose()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        if self.here:
            self.rouse()
            if self._backward.count:
                self._boundary.guard(self._close_unstepped)
        self.abandon()

    def abandon(self) -> None:
        """Take every hook out, and tell nobody."""
        self._nap.take()
        self._stop()
        self._calls.leave()
        for handle in self._handles:
            handle.remove()
        self._handles = []
        while self._restore:
            owner, name, original = self._restore.pop()
            setattr(owner, name, original)
        for each in self._boundary.observers:
            each.interception = None
        _ENTERED.discard(self)

    def _stop(self) -> None:
        self._boundary.live = self._boundary.replacers = ()
        self._calls.end()

    def _wrap(self, owner: Any, name: str, make: Any) -> None:
        original = getattr(owner, name)
        self._restore.append((owner, name, original))
        setattr(owner, name, functools.wraps(original)(make(original)))

    def _close_unstepped(self) -> None:
        """Hand backward passes that no step followed on as one last step."""
        if self.step == 0:
            if self._backward.known_optimizers:
                self.notes.append(
                    "An optimiser was constructed but its step was never called; all passes are "
                    "shown as step 0."
                )
            self.by_hand()

    def by_hand(self) -> None:
        """A step without an optimiser begins and ends."""
        self._start_step(None)
        self._end_step(None)

    def _choose(self) -> None:
        """Look, or not, at the step that begins.

        An optimiser may step in a hook of a backward pass. There the stack of modes is a copy that
        goes with the hook, and ``backward`` itself is a call that our mode, off meanwhile, is put
        back after: taken out there it would come back. So it stays on, and tells nobody.
        """
        self._boundary.choose()
        if self._calls.way.paused:
            self._late = True
        else:
            self._look()

    def _look(self) -> None:
        """See calls, or not, as was chosen."""
        late, self._late = self._late, False
        if self._boundary.live:
            self._calls.begin()
        elif not (late and self._calls.seeing):
            self._calls.end()
            if not self._backward.manual:
                self._nap.left = self._boundary.sleeps()

    # Steps that nobody is to be told of

    def rouse(self) -> None:
        """Tell what was noted while all slept; from now on they are told of everything."""
        sleep = Sleep(*self._nap.take())
        if sleep.stepped:
            self._backward.count = 0
        if sleep.left or sleep.stepped or sleep.losses:
            self._boundary.guard(self._boundary.announce, "after_sleep", self.step, sleep)
            self._boundary.seconds += sleep.seconds

    def woken(self) -> None:
        """The last step of a nap has ended."""
        self.rouse()
        self._boundary.guard(self._choose)

    def over(self) -> None:
        """A backward pass is over: look now, if that was put off until then."""
        if self._late and self._calls.way.paused == 0:
            self._boundary.guard(self._look)

    # Steps

    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """An optimiser is about to step, and not in a way that a nap notes."""
        stepping, boundary = self.stepping, self._boundary
        if self._nap.left and not boundary.elsewhere():
            self.rouse()  # one that nobody has seen yet
        if self._optimizers and id(optimizer) not in self._optimizers:
            return
        if not self.here:
            if self.entered and threading.get_ident() != boundary.thread:
                self._calls.way.note("Steps that another thread takes are not seen.")
            return
        if id(optimizer) in stepping:
            stepping.clear()  # its last step raised, so that its end was never seen
        stepping.append(id(optimizer))
        if len(stepping) == 1:
            self._backward.known_optimizers, self._backward.manual = True, False
            calls = self._calls
            if calls.seeing and not calls.way.paused:
                plain = len(args) == 1 and not kwargs
                if plain or not any(map(callable, (*args[1:], *kwargs.values()))):
                    calls.rest()  # without a closure no forward pass runs in a step
            boundary.guard(self._start_step, optimizer)

    def after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """An optimiser has stepped, and not in a way that a nap notes."""
        stepping, boundary = self.stepping, self._boundary
        if not self.here or id(optimizer) not in stepping:
            return
        del stepping[stepping.index(id(optimizer)) :]
        if not stepping:
            boundary.guard(self._end_step, optimizer)

    def _start_step(self, optimizer: Optimizer | None) -> None:
        if self._calls.seeing:
            self._calls.forget()
        if optimizer is not None:
            self._nap.meet(optimizer)
        self._boundary.announce("before_step", optimizer, self.step)

    def _end_step(self, optimizer: Optimizer | None) -> None:
        self._boundary.announce("after_step", optimizer, self.step)
        self._boundary.step += 1
        self._backward.count = 0
        if self._registry.full:
            self._registry.full = False
            self.notes.append("The program makes ever new sites; only the first are followed.")
        self._choose()

    def _constructing(self, original: Any) -> Any:
        owner = self

        def __init__(self: Optimizer, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(self, *args, **kwargs)
            if owner.here:
                owner.rouse()
                owner._backward.known_optimizers = True
                owner._boundary.guard(owner._boundary.announce, "on_optimizer", self)

        return __init__

    def _loading(self, original: Any) -> Any:
        owner = self

        def load_state_dict(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
            if owner.here:
                owner._boundary.guard(owner._boundary.announce, "on_loaded", self)
                owner._registry.models.loaded(self)
            return original(self, *args, **kwargs)

        return load_state_dict

    def _aside(self, original: Any) -> Any:
        def aside(*args: Any, **kwargs: Any) -> Any:
            if self._nap.left or not self._calls.seeing or not self.here:
                return original(*args, **kwargs)
            with self._calls.aside():
                return original(*args, **kwargs)

        return aside

    def _compiling(self, original: Any) -> Any:
        def compile(*args: Any, **kwargs: Any) -> Any:
            if not self.here:
                return original(*args, **kwargs)
            self._calls.end()  # torch would warn of our hooks
            try:
                return original(*args, **kwargs)
            finally:
                self._boundary.notes.extend({_COMPILED} - set(self._boundary.notes))
                if self._boundary.live:
                    self._calls.begin()

        return compile

    def _building(self, original: Any) -> Any:
        owner = self

        def __init__(self: nn.Module, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(self, *args, **kwargs)
            if owner.here:
                owner._boundary.announce("on_module", self)
                owner._registry.models.built(self)
            kind: Any = type(self)
            if module_class_function(kind) is not None:
                registry = owner._registry
                owner._boundary.guard(registry.built, self, registry.sources.frame(2))

        return __init__


_ENTERED: weakref.WeakSet[Interception] = weakref.WeakSet()


def _in_child() -> None:
    """A forked child (a DataLoader's worker) is not observed."""
    for interception in tuple(_ENTERED):
        interception.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)

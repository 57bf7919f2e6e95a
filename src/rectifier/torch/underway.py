"""What of a program's calls is under way while they are seen.

Part of the torch front end's interception: the state that `rectifier.torch.calls`,
`rectifier.torch.functions` and `rectifier.torch.own_code` share, and that the compiled hooks of
``native/quick.cpp`` read and write by name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from rectifier.torch.boundary import Boundary
from rectifier.torch.feeding import Layer
from rectifier.torch.memory import _tracing
from rectifier.torch.mode import Seeing
from rectifier.torch.naming import Model
from rectifier.torch.recurrent import Given
from rectifier.torch.telling import Application


@dataclass(slots=True)
class Entered:
    """A call of a module, or of a custom autograd function, under way."""

    module: nn.Module | None
    model: Model
    path: str
    since: int
    application: Application | None = None
    unsure: Tensor | None = None
    version: int = 0
    inner: list[tuple[Application, Tensor]] = field(default_factory=list)
    apply: Callable[[Tensor], Tensor] | None = None
    elementwise: bool = True
    given: Given | None = None


@dataclass(slots=True)
class Underway:
    """The calls under way, and whether they are seen.

    Attributes:
        boundary: Holds the observers.
        stack: The calls of modules and of custom functions, outermost first.
        tick: How many layers have run. ``last``: the latest one, and its tick.
        token: Number of the forward pass.
        inside: How many functions that are looked at are running; what they call is not seen.
        paused: How many times over nothing is to be seen.
        idle: Whether nothing is seen until the next step begins.
        mode: What sees functions, while calls are seen.
        off: The module for whose time it is off the stack.
    """

    boundary: Boundary
    stack: list[Entered] = field(default_factory=list)
    tick: int = 0
    last: tuple[Layer, int] | None = None
    token: int = 0
    inside: int = 0
    paused: int = 0
    idle: bool = False
    mode: Seeing | None = None
    off: nn.Module | None = None

    @property
    def unsure(self) -> bool:
        """Whether what runs now may turn out to be one activation as a whole."""
        return bool(self.stack) and self.stack[-1].unsure is not None

    def elsewhere(self) -> bool:
        """Whether what runs now is not to be seen."""
        boundary = self.boundary  # looked into, not asked: this is called for every module
        if self.inside or self.paused or self.idle or boundary.busy:
            return True
        if threading.get_ident() != boundary.thread or _tracing() is not None:
            return True  # what is done while torch.jit records a program would become part of it
        if torch._C._functorch.peek_interpreter_stack() is None:
            return False
        self.note("What runs inside transforms of torch.func (grad, vmap, …) is not seen.")
        return True

    def note(self, sentence: str) -> None:
        """Tell the user something, once."""
        if sentence not in self.boundary.notes:
            self.boundary.notes.append(sentence)

    def choose_curiosity(self, *, close: bool) -> None:
        """Have functions handed over that are no activation where they may tell of one."""
        if self.mode is not None:
            self.mode.curious = close or self.unsure

"""The remedies, one file each, found by scanning this package: a new file needs no registration.

Layer: doctor, on `rectifier.torch.sites`. A file ``remedies/<id>.py`` holds ``ACTION``, a subclass
of `Action`: an observer that changes a running program as a `Remedy` says, and can be applied to a
live model as well. Which one to use is left to the rules and to `rectifier.doctor.repair`.
"""

from __future__ import annotations

import abc
import contextlib
import functools
import importlib
import os
import pkgutil
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils.hooks import RemovableHandle

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies._hook import Hook
from rectifier.doctor.wording import listing
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.torch.sites import Observer, Site

__all__ = ["Action", "Observer", "Site", "apart", "build", "names", "program_line"]


class Action(Observer, abc.ABC):
    """A remedy at work.

    Attributes:
        remedy: What to do. ``log``: one sentence for each thing that was done.
        handles: Of the hooks that it put into the program.
        unwritten: Whether it did what the edit that `rectifier.doctor.patch` knows does not say.
        meets_models: Whether it changes models, or hangs into them, at its first step.
        since: Step from which it is at work: its first, as 0 is the program's.
        met: What it met while it acted, in plain values, for that edit: ``places`` in the program
            (kind of call, file, line), or numbers that it exchanged (``weight_decay``: old, new).
    """

    meets_models: ClassVar[bool] = False

    def __init__(self, remedy: Remedy) -> None:
        super().__init__()
        self.remedy = remedy
        self.log: list[str] = []
        self.handles: list[RemovableHandle] = []
        self.unwritten = False
        self.since = 0
        self.met: dict[str, list[Any]] = {}
        self._places: dict[str, list[str]] = {}
        self._hung: dict[tuple[object, ...], list[tuple[str, bool, Hook]]] = {}
        self._treated: weakref.WeakSet[nn.Module] = weakref.WeakSet()

    def hang(
        self, model: nn.Module, path: str, function: Callable[..., Any], *, before: bool = False
    ) -> None:
        """Put a hook into a module of a model, and into any that its state is loaded into.

        Args:
            model: The root.
            path: Of the module in it; empty for itself.
            function: The forward hook.
            before: Whether it is the one that comes before the module.
        """
        hook = Hook(function)
        self._treated.add(model)
        self._hung.setdefault(kind_of(model), []).append((path, before, hook))
        self._put(model.get_submodule(path), before, hook)

    def _put(self, module: nn.Module, before: bool, hook: Hook) -> None:
        way = module.register_forward_pre_hook if before else module.register_forward_hook
        self.handles.append(way(hook))

    def on_loaded(self, module: nn.Module) -> None:
        """A model that was made for the weights of one that was changed is as that one."""
        known = self._hung.get(kind_of(module), ()) if self._hung else ()
        if module in self._treated:
            return
        for path, before, hook in known:
            inner = module.get_submodule(path)
            there = inner._forward_pre_hooks if before else inner._forward_hooks
            if not any(other is hook for other in there.values()):
                self._put(inner, before, hook)

    def say(self, sentence: str) -> None:
        """Put on record what was done, once."""
        if sentence not in self.log:
            self.log.append(sentence)

    def say_at(self, head: str, site: str) -> None:
        """Put on record that the same was done at one more site: one sentence for all of them."""
        sites = self._places.setdefault(head, [])
        if site in sites:
            return
        known = f"{head} {listing(sites)}" if sites else None
        sites.append(site)
        self.log = [line for line in self.log if line != known]
        self.log.append(f"{head} {listing(sites)}")

    def note_place(self, kind: str) -> None:
        """Remember which line of the program made the call that is changed."""
        place = [kind, *program_line(2)]
        known = self.met.setdefault("places", [])
        if place not in known:
            known.append(place)

    def wants_step(self, step: int) -> bool:
        """Whether sites must be intercepted at a step.

        The first, to meet models: they are told of only while a step is seen. Others where the
        action replaces what sites do, as it says itself.
        """
        return self.meets_models and step == self.since

    def undo(self) -> None:
        """Take out every hook that was put in; what was drawn or stepped is not undone here."""
        for handle in self.handles:
            handle.remove()
        self.handles.clear()
        for _, _, hook in (each for hung in self._hung.values() for each in hung):
            hook.rest()

    @abc.abstractmethod
    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Apply the remedy to a live model, for good."""

    def concerns(self, site: Site) -> bool:
        """Whether the remedy names this site (or names none, and so means all)."""
        sites = self.remedy.scope.get("sites")
        return sites is None or site.name in sites

    def is_called(self, model: nn.Module, name: str, layer: str) -> bool:
        """Whether a layer's name is that of a whole model: of its kind, or the program's own."""
        known = None if self.interception is None else self.interception.name_of(model)
        return layer in (name, known)

    def number(self, name: str) -> float:
        """A number among the settings.

        Raises:
            InvalidInputError: It is missing or no positive number.
        """
        value = self.remedy.settings.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise InvalidInputError(
                f"remedy {self.remedy.action!r} needs a positive number {name!r}, got {value!r}"
            )
        return float(value)


_OURS = str(Path(__file__).resolve().parents[2]) + os.sep
_TORCHS = str(Path(torch.__file__).resolve().parent) + os.sep


def program_line(depth: int = 1) -> tuple[str, int]:
    """File and line of the program's call that led here: neither ours nor torch's own."""
    frame: FrameType | None = sys._getframe(depth)
    while frame is not None and frame.f_code.co_filename.startswith((_OURS, _TORCHS)):
        frame = frame.f_back
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """Draw random numbers without moving the program's own random streams.

    The draws are seeded from where the program's stream stands, so that a repaired run repeats
    exactly, and a unit that is drawn a second time does not get the weights that it died of.
    """
    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(int(torch.randint(2**62, ())))
        yield


def kind_of(model: nn.Module) -> tuple[object, ...]:
    """What models have in common that take each other's state."""
    states = model.state_dict().items()  # of a lazy layer the shape is not known yet
    shapes = tuple((name, () if is_lazy(t) else tuple(t.shape)) for name, t in states)
    return (type(model), *shapes)


@functools.cache
def _actions() -> Mapping[str, Callable[[Remedy], Action]]:
    modules = (
        importlib.import_module(f"{__name__}.{m.name}")
        for m in pkgutil.iter_modules(__path__)
        if not m.name.startswith("_")
    )
    return MappingProxyType(
        {module.__name__.rpartition(".")[2]: module.ACTION for module in modules}
    )


def names() -> tuple[str, ...]:
    """The ids of all remedies that can be applied, sorted."""
    return tuple(sorted(_actions()))


def build(remedy: Remedy) -> Action:
    """The observer that carries out a remedy.

    Raises:
        UnknownNameError: There is no such remedy; the message lists the nearest ones.
        InvalidInputError: The remedy lacks a setting or has a senseless one.
    """
    actions = _actions()
    if remedy.action not in actions:
        raise UnknownNameError("remedy", remedy.action, actions)
    return actions[remedy.action](remedy)

"""What modules, parameters and source lines are called.

Part of the torch front end's interception (`rectifier.torch.sites`). A `Model` is a root module
with the paths of all that it contains; `Models` finds the root that a module belongs to even when
the program calls a part of it directly; `Sources` turns the running program's frames into
``file.py:line`` of the user's own code.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from rectifier.torch.identity import ByIdentity

_WRAPPERS = {
    "DistributedDataParallel": "module",
    "DataParallel": "module",
    "OptimizedModule": "_orig_mod",
}
"""Modules that only wrap another one: class name, and the attribute that holds the wrapped."""

_DEPTH = 40
"""How many frames up from a call are searched for the module that contains what is called."""


def unwrapped(module: nn.Module) -> nn.Module:
    """The module inside wrappers such as ``DistributedDataParallel``."""
    while (held := _WRAPPERS.get(type(module).__name__)) is not None:
        inner = getattr(module, held, None)
        if not isinstance(inner, nn.Module):
            break
        module = inner
    return module


def class_name(module: nn.Module) -> str:
    """The name of a module's class as the user knows it, without what torch puts in front."""
    kind = type(module)
    if kind.__name__.startswith("FSDP") and len(kind.__bases__) == 2:
        kind = kind.__bases__[-1]  # made by fully_shard from FSDPModule and the user's class
    return kind.__name__.removeprefix("Parametrized")


def is_wrapper(module: nn.Module) -> bool:
    """Whether a module only wraps another one."""
    return type(module).__name__ in _WRAPPERS and unwrapped(module) is not module


class Sources:
    """File and line of the user's code, relative to a folder where possible."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = os.path.realpath(folder if folder is not None else Path.cwd())
        packages = (Path(torch.__file__).parent, Path(__file__).parents[1])
        self._inside = tuple(
            {f"{place}{os.sep}" for package in packages for place in (package, package.resolve())}
        )
        own = Path(__file__).parents[1]
        # Networks and trainings that come with the package are read like anybody's.
        self._shown_too = tuple(
            f"{place / part}{os.sep}"
            for place in {own, own.resolve()}
            for part in ("models", "training")
        )
        self._ours: dict[str, bool] = {}
        self._shown: dict[str, str] = {}

    def frame(self, depth: int = 1) -> FrameType | None:
        """The innermost frame of the user's code, or None."""
        frame: FrameType | None = sys._getframe(depth)
        while frame is not None and self.is_inside(frame.f_code.co_filename):
            frame = frame.f_back
        return frame

    def frames(self, depth: int = 1) -> Iterator[FrameType]:
        """The frames of the user's code, innermost first."""
        frame: FrameType | None = sys._getframe(depth)
        for _ in range(_DEPTH):
            if frame is None:
                return
            if not self.is_inside(frame.f_code.co_filename):
                yield frame
            frame = frame.f_back

    def is_inside(self, filename: str) -> bool:
        """Whether a file is torch's, or ours and not to be read like the user's."""
        known = self._ours.get(filename)
        if known is None:
            known = filename.startswith(("<frozen ", *self._inside))
            known = known and not filename.startswith(self._shown_too)
            self._ours[filename] = known
        return known

    def text(self, filename: str, line: int) -> str:
        """``file.py:line`` as a person reads it."""
        shown = self._shown.get(filename)
        if shown is None:
            shown = self._shown[filename] = self._short(filename)
        return f"{shown}:{line}"

    def _short(self, filename: str) -> str:
        if filename.startswith("<"):
            return filename
        full = os.path.realpath(filename)
        inside = full.startswith(self._folder.rstrip(os.sep) + os.sep)
        return os.path.relpath(full, self._folder) if inside else Path(full).name


class Model:
    """One root module and the paths of what it contains.

    Attributes:
        name: Its name in records. ``own_name``: what its own layers and sites are called.
        copied: Whether another root took the place of one that is gone, so that all parts are new.
    """

    def __init__(self, root: nn.Module, name: str, own_name: str) -> None:
        self.name = name
        self.own_name = own_name
        self._root = weakref.ref(root)
        self._kind = class_name(root)
        self.copied = False
        self._paths: dict[int, tuple[weakref.ref[nn.Module], str]] = {}
        self._parameters: dict[int, str] = {}
        self._shapes: tuple[tuple[str, torch.Size | None], ...] = ()
        self.refresh()

    @property
    def root(self) -> nn.Module | None:
        """The root module, while it lives."""
        return self._root()

    def refresh(self) -> None:
        """Read the paths anew; modules may have been added."""
        root = self._root()
        if root is None:
            return
        self._paths = {id(m): (weakref.ref(m), path) for path, m in root.named_modules()}
        named = list(root.named_parameters())
        self._parameters = {id(p): name for name, p in named}
        self._shapes = _shapes(named)

    def is_made_anew(self, root: nn.Module) -> bool:
        """Whether a module wraps the same parts in the same way as this model's root does or did.

        Programs and libraries make such wrappers at every step, as ``Sequential(first, second)``.
        """
        if class_name(root) != self._kind or next(root.parameters(recurse=False), None) is not None:
            return False
        parts = [
            (path, m) for path, m in root.named_modules() if next(m.parameters(), None) is not None
        ]
        return len(parts) > 1 and all(self.path(m) == path for path, m in parts if path)

    def is_continued_by(self, root: nn.Module) -> bool:
        """Whether this model's root is gone, and a module has its class and parameters' shapes."""
        if self._root() is not None or class_name(root) != self._kind or not self._shapes:
            return False
        return self._shapes == _shapes(root.named_parameters())

    def renew(self, root: nn.Module, *, copied: bool = False) -> None:
        """Take another root, which `is_made_anew` or continues the training of one that is gone."""
        self._root = weakref.ref(root)
        self.copied = self.copied or copied
        self.refresh()

    def path(self, module: nn.Module) -> str | None:
        """The module's path, ``""`` for the root; None if it is not part of this model."""
        known = self._paths.get(id(module))
        return known[1] if known is not None and known[0]() is module else None

    def parameters(self) -> Iterator[Tensor]:
        """Its parameters."""
        root = self._root()
        return iter(()) if root is None else iter(root.parameters())

    def parameter(self, tensor: Tensor) -> str:
        """The qualified name of a parameter; empty if it is none of this model's."""
        return self._parameters.get(id(tensor), "")

    @property
    def size(self) -> int:
        """How many modules it contains."""
        return len(self._paths)

    def has_parameters(self) -> bool:
        """Whether there is anything to train in it."""
        return bool(self._parameters)


class Models:
    """All root modules that the program has called so far."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._models: list[Model] = []
        self._counts: dict[str, int] = {}
        self._fresh: ByIdentity[bool] = ByIdentity()

    def built(self, module: nn.Module) -> None:
        """A module was constructed, with weights of its own: it is no copy."""
        self._fresh[module] = True

    def loaded(self, module: nn.Module) -> None:
        """A module was given the weights of another."""
        self._fresh[module] = False

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models)

    def add(self, root: nn.Module, own_name: str = "") -> Model:
        """Take a module as a root."""
        root = unwrapped(root)
        kind = class_name(root)
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        name = kind if count == 1 else f"{kind}:{count}"
        model = Model(root, name, own_name or kind.lower())
        self._models.append(model)
        return model

    def known(self, module: nn.Module) -> Model | None:
        """The model that a module is part of, if it has been seen; the largest where several."""
        best: Model | None = None
        for model in self._models:
            if model.path(module) is not None and (best is None or model.size > best.size):
                best = model
        return best

    def find(self, module: nn.Module) -> Model:
        """The model that a module is part of; a new one is looked for in the callers' variables."""
        known = self.known(module)
        if known is not None:
            return known
        for model in self._models:
            model.refresh()
        known = self.known(module)
        if known is not None:
            return known
        container, name = self._container(module)
        inner = unwrapped(container)
        for model in reversed(self._models):
            if model.is_made_anew(inner):
                model.renew(inner)
                return model
        if inner.training and not self._fresh.get(inner):
            # The clients of a round, the learners of a task: each copied, trained and let go.
            for model in self._models:
                if model.is_continued_by(inner):
                    model.renew(inner, copied=True)
                    return model
        return self.add(container, name)

    def _container(self, module: nn.Module) -> tuple[nn.Module, str]:
        """The largest module in a caller's variables that contains ``module``, and its name."""
        best, best_size, name = module, 0, ""
        for frame in self._sources.frames(2):
            for variable, value in tuple(frame.f_locals.items()):
                if value is module and not name:
                    name = variable
                for candidate, spelling in _modules_in(variable, value):
                    if candidate is module:
                        name = name or spelling
                        continue
                    inner = unwrapped(candidate)
                    members = list(inner.modules())
                    if len(members) > best_size and any(m is module for m in members):
                        best, best_size = inner, len(members)
        return (best, "") if best is not module else (module, name)


def _shapes(
    named: Iterable[tuple[str, nn.Parameter]],
) -> tuple[tuple[str, torch.Size | None], ...]:
    """The shape of each parameter; None of one that is not made yet."""
    return tuple((name, None if is_lazy(p) else p.shape) for name, p in named)


def _modules_in(variable: str, value: Any) -> Iterator[tuple[nn.Module, str]]:
    """The modules that a variable holds, directly or in a list, tuple or dict."""
    if variable.startswith("__"):
        return
    if issubclass(type(value), nn.Module):
        yield value, variable
    elif type(value) in (list, tuple):
        members: Sequence[Any] = value[:64]
        for index, member in enumerate(members):
            if issubclass(type(member), nn.Module):
                yield member, f"{variable}.{index}"
    elif type(value) is dict and len(value) <= 64:
        for key, member in value.items():
            if issubclass(type(member), nn.Module):
                yield member, f"{variable}.{key}"

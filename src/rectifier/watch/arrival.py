"""Act when a module has been imported, without importing it oneself.

Layer: watch, standard library only. A script may set environment variables before it imports torch,
so torch must not be imported for it.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType, TracebackType
from typing import Self


class Arrival(importlib.abc.MetaPathFinder):
    """Calls back once, right after a top-level module was imported; at once if it already is.

    Args:
        name: The module.
        arrived: Called without arguments.
    """

    def __init__(self, name: str, arrived: Callable[[], None]) -> None:
        self._name = name
        self._arrived = arrived
        self._looking = False

    def __enter__(self) -> Self:
        if self._name in sys.modules:
            self._arrived()
        else:
            sys.meta_path.insert(0, self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Let the others find the module, and wrap its loader."""
        if fullname != self._name or self._looking:
            return None
        self._looking = True
        try:
            for finder in sys.meta_path:
                spec = None if finder is self else finder.find_spec(fullname, path, target)
                if spec is not None:
                    break
            else:
                return None
        finally:
            self._looking = False
        if spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self)
        return spec

    def done(self) -> None:
        """The module is there."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        self._arrived()


class _Loader(importlib.abc.Loader):
    """Loads as the wrapped loader does, puts that back, and reports."""

    def __init__(self, loader: importlib.abc.Loader, arrival: Arrival) -> None:
        self._loader = loader
        self._arrival = arrival

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._arrival.done()

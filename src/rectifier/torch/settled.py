"""Modules and calls of which it is known what there is to tell when they have run.

Part of the torch front end's interception (`rectifier.torch.sites`). In a step that is looked at
briefly only the outputs of sites are asked for, and most modules are torch's own layers, of which
then there is nothing to tell, or activation modules that are one site each. A call of a function is
known by the line of the user's code, the module that runs, and its arguments.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from rectifier.torch.observer import Site

_MANY = -1
"""In place of dimensions: one site at one time, another at another."""


class Settled:
    """What steps that were looked at closely tell of modules; they are not kept alive.

    Attributes:
        known: By the ``id`` of a module: the module, its site, and how many dimensions that has.
        places: By function, module and line, as the compiled hooks make keys of them: the module,
            the arguments but the first, the named ones, the site, and its dimensions.
    """

    def __init__(self) -> None:
        self.known: dict[int, tuple[weakref.ref[nn.Module], Site | None, int]] = {}
        self.places: dict[Any, tuple[weakref.ref[nn.Module], Any, Any, Site, int]] = {}

    def put(self, module: nn.Module, site: Site | None, dims: int = 0) -> None:
        """A module of torch's own has run: as this site, or none; of so many dimensions."""
        known = self.known.get(id(module))
        if known is None or known[0]() is not module:
            self.known[id(module)] = weakref.ref(module), site, dims
        elif known[1:] != (site, dims):
            self.known[id(module)] = known[0], None, _MANY

    def put_place(
        self,
        key: Any,
        module: nn.Module,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        site: Site,
        dims: int,
    ) -> None:
        """A function was called by a module, and was this site."""
        rest, named = tuple(args[1:]), dict(kwargs)
        if args and all(map(_is_simple, (*rest, *named.values()))):
            self.places[key] = weakref.ref(module), rest, named, site, dims

    def clear(self) -> None:
        """Forget all."""
        self.known.clear()
        self.places.clear()

    def knows(self, module: nn.Module) -> bool:
        """Whether it is known what there is to tell."""
        known = self.known.get(id(module))
        return known is not None and known[2] != _MANY and known[0]() is module

    def site(self, module: nn.Module) -> Site | None:
        """The site that a known module is, if any."""
        return self.known[id(module)][1]

    def dims(self, module: nn.Module) -> int:
        """How many dimensions the site that a known module is has."""
        return self.known[id(module)][2]


def fits(site: Site, dims: int, output: Tensor) -> bool:
    """Whether an output is like those by which a site is known."""
    return output.dim() == dims and output.shape[site.unit_axis] == site.units


def _is_simple(value: Any) -> bool:
    """Whether two values like this are the same where they are equal."""
    return value is None or isinstance(value, bool | int | float | str)

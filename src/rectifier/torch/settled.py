"""Modules of which it is known what there is to tell when they have run.

Part of the torch front end's interception (`rectifier.torch.sites`). In a step that is looked at
briefly only the outputs of sites are asked for, and most modules are torch's own layers, of which
then there is nothing to tell, or activation modules that are one site each.
"""

from __future__ import annotations

import weakref

from torch import Tensor, nn

from rectifier.torch.observer import Site

_MANY = -1
"""In place of dimensions: one site at one time, another at another."""


class Settled:
    """What steps that were looked at closely tell of modules; they are not kept alive.

    Attributes:
        known: By the ``id`` of a module: the module, its site, and how many dimensions that has.
    """

    def __init__(self) -> None:
        self.known: dict[int, tuple[weakref.ref[nn.Module], Site | None, int]] = {}

    def put(self, module: nn.Module, site: Site | None, dims: int = 0) -> None:
        """A module of torch's own has run: as this site, or none; of so many dimensions."""
        known = self.known.get(id(module))
        if known is None or known[0]() is not module:
            self.known[id(module)] = weakref.ref(module), site, dims
        elif known[1:] != (site, dims):
            self.known[id(module)] = known[0], None, _MANY

    def clear(self) -> None:
        """Forget all."""
        self.known.clear()

    def knows(self, module: nn.Module) -> bool:
        """Whether it is known what there is to tell."""
        known = self.known.get(id(module))
        return known is not None and known[2] != _MANY and known[0]() is module

    def site(self, module: nn.Module) -> Site | None:
        """The site that a known module is, if any."""
        return self.known[id(module)][1]

    def fits(self, module: nn.Module, output: Tensor) -> bool:
        """Whether an output is like those by which its site is known."""
        _, site, dims = self.known[id(module)]
        if site is None or output.dim() != dims:
            return False
        return output.shape[site.unit_axis] == site.units

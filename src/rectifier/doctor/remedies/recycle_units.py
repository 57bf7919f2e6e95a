"""``recycle_units``: dead units get new weights, without changing what the network computes.

Layer: doctor's remedies, on sites. Scope: ``sites``. Settings: ``every`` (steps between two rounds,
100), ``window`` (steps without activity that make a unit dead, 20) and ``tau`` (0: dead units only;
above: also those whose mean |output| in the window is at most tau times their layer's). A round
redraws the incoming weights of dead units as the layer's own initialisation does, sets their
outgoing weights to zero and clears the optimiser's memory of both. Where the layer that reads a
site cannot be told for sure (what entered it must have been zero where the units were dead), the
site is left alone and the log says so.

Source: Sokar, Agarwal, Castro and Evci 2023, "The dormant neuron phenomenon in deep reinforcement
learning", algorithm 1 (ReDo).
"""

from __future__ import annotations

import copy
import dataclasses
import weakref
from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action, Site, apart
from rectifier.doctor.remedies._hook import Hook

_READERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm)


@dataclasses.dataclass(eq=False)
class _Watched:
    """A site during a window: which units were active, and what entered the layer that reads them.

    Attributes:
        site: The site. ``active``: units that were, shape (units,). ``size``: sums of |output|.
        reader: The layer that is taken to read it; None where there is none.
        entered: Inputs of the reader that were not zero, shape (inputs,); None until it ran.
        handle: Of the hook on the reader.
    """

    site: Site
    active: Tensor
    size: Tensor
    reader: nn.Module | None
    entered: Tensor | None = None
    handle: RemovableHandle | None = None

    def note(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        """Hook: see what enters the reader."""
        if not torch.is_grad_enabled() or not args or not isinstance(args[0], Tensor):
            return
        tensor = args[0].detach()
        axis = -1 if isinstance(module, nn.Linear) else 1
        others = [d for d in range(tensor.dim()) if d != axis % tensor.dim()]
        entered = (tensor != 0).any(dim=others)
        self.entered = entered if self.entered is None else self.entered | entered

    def confirmed(self, dead: Tensor) -> bool:
        """Whether the reader was seen to get nothing from dead units, and something from others."""
        if self.entered is None or self.entered.numel() % dead.numel():
            return False
        columns = dead.repeat_interleave(self.entered.numel() // dead.numel())
        return not bool(self.entered[columns].any()) and (
            bool(dead.all()) or bool(self.entered[~columns].any())
        )


class RecycleUnits(Action):
    """Recycles the dead units of the sites that the remedy names, again and again."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.every = int(remedy.settings.get("every", 100))
        self.window = min(int(remedy.settings.get("window", 20)), self.every)
        self.tau = float(remedy.settings.get("tau", 0.0))
        self.recycled: Counter[str] = Counter()
        self._watched: dict[str, _Watched] = {}
        self._models: dict[str, weakref.ref[nn.Module]] = {}

    def wants_step(self, step: int) -> bool:
        """In the window at the end of each round; the first, to know the models."""
        return step == self.since or step % self.every >= self.every - self.window

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Remember it, to find which layer reads a site."""
        del args, kwargs
        self._models[name] = weakref.ref(model)

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        """Note who is active."""
        del input
        if not self.concerns(site) or not torch.is_grad_enabled():
            return
        axis = site.axis_in(output) % output.dim()
        others = [d for d in range(output.dim()) if d != axis]
        active = (output.detach() > 0).any(dim=others) if others else output.detach() > 0
        size = output.detach().abs().double()
        size = size.sum(dim=others) if others else size
        watched = self._watched.get(site.name)
        if watched is not None:
            watched.active |= active
            watched.size += size
            return
        held = self._models.get(site.model)
        model, feeding = (held() if held else None), site.layer_module()
        reader = reader_of(model, feeding) if model is not None and feeding is not None else None
        watched = self._watched[site.name] = _Watched(site, active.clone(), size, reader)
        if reader is not None:
            watched.handle = reader.register_forward_pre_hook(Hook(watched.note, follows=False))

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """At the end of a round, recycle what stayed silent."""
        if step % self.every != self.every - 1:
            return
        for watched in self._watched.values():
            if watched.handle is not None:
                watched.handle.remove()
            self._recycle(watched, optimizer)
        self._watched.clear()

    def _recycle(self, watched: _Watched, optimizer: torch.optim.Optimizer | None) -> None:
        site, dead = watched.site, ~watched.active
        if self.tau > 0:
            dead = watched.size <= self.tau * watched.size.mean()
        feeding, reader = site.layer_module(), watched.reader
        if not bool(dead.any()):
            return
        sure = self.tau > 0 or watched.confirmed(dead)
        if feeding is None or reader is None or not sure:
            self.say(f"{site.name}: left alone, the layer that reads it cannot be told for sure")
        elif recycle(feeding, reader, dead, optimizer):
            self.recycled[site.name] += int(dead.sum())
            head = f"{site.name}: dead units recycled: "
            self.log = [line for line in self.log if not line.startswith(head)]
            self.say(f"{head}{self.recycled[site.name]}")
        else:
            self.say(f"{site.name}: left alone, {type(feeding).__name__} has no rows to redraw")

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Recycle the units that the scope names, by layer, now."""
        modules = dict(model.named_modules())
        for name, numbers in self.remedy.scope.get("units", {}).items():
            feeding = modules.get(str(name))
            reader = reader_of(model, feeding) if feeding is not None else None
            weight = getattr(feeding, "weight", None)
            if feeding is None or reader is None or not isinstance(weight, Tensor):
                self.say(f"{name}: left alone, the layer that reads it cannot be told")
                continue
            dead = torch.zeros(weight.shape[0], dtype=torch.bool, device=weight.device)
            dead[list(numbers)] = True
            if recycle(feeding, reader, dead, optimizer):
                self.say(f"{name}: dead units recycled: {int(dead.sum())}")


def reader_of(model: nn.Module, feeding: nn.Module) -> nn.Module | None:
    """The layer that alone reads a layer's units: the next in an `nn.Sequential`-like order.

    Told from the order of registration and from the widths, which must fit: as many inputs as
    units, or a whole multiple of them where a convolution is flattened in between.
    """
    weight = getattr(feeding, "weight", None)
    if not isinstance(weight, Tensor):
        return None
    layers = [m for m in model.modules() if isinstance(m, _READERS) or m is feeding]
    place = next(i for i, layer in enumerate(layers) if layer is feeding)
    following = [layer for layer in layers[place + 1 :] if isinstance(layer, _READERS)]
    if not following:
        return None
    reader, units = following[0], weight.shape[0]
    wide = reader.weight.shape[1] if isinstance(reader.weight, Tensor) else 0
    flattened = weight.dim() > 2 and isinstance(reader, nn.Linear) and wide % units == 0
    if getattr(reader, "groups", 1) != 1 or _shared(model, reader.weight):
        return None  # what another module uses too (tied embeddings) must not change
    if _shared(model, weight):
        return None
    return reader if wide == units or flattened else None


def _shared(model: nn.Module, weight: Any) -> bool:
    holders = [m for m in model.modules() if getattr(m, "weight", None) is weight]
    return len(holders) > 1


def recycle(
    feeding: nn.Module,
    reader: nn.Module,
    dead: Tensor,
    optimizer: torch.optim.Optimizer | None,
) -> bool:
    """Redraw the incoming weights of dead units, zero the outgoing, forget both.

    Args:
        feeding: The layer whose rows are the units; for a normalisation its scale and shift.
        reader: The layer that reads them.
        dead: Which units, boolean, shape (units,).
        optimizer: Whose memory to clear.

    Returns:
        Whether it was done; False where the layer has no rows to redraw.
    """
    rows, out = getattr(feeding, "weight", None), getattr(reader, "weight", None)
    if not isinstance(rows, Tensor) or not isinstance(out, Tensor) or rows.shape[0] != dead.numel():
        return False
    if not isinstance(feeding, (*_READERS, *_NORMS)) or rows is out:
        return False
    fresh = copy.deepcopy(feeding)
    with apart():
        fresh.reset_parameters()
    columns = dead.repeat_interleave(out.shape[1] // dead.numel())
    with torch.no_grad():
        for name in ("weight", "bias"):
            old, new = getattr(feeding, name, None), getattr(fresh, name, None)
            if isinstance(old, Tensor) and isinstance(new, Tensor):
                old[dead] = new[dead]
                _forget(optimizer, old, dead, axis=0)
        out[:, columns] = 0
        _forget(optimizer, out, columns, axis=1)
    return True


def _forget(
    optimizer: torch.optim.Optimizer | None, parameter: Tensor, chosen: Tensor, axis: int
) -> None:
    """Clear moments of the chosen rows or columns; the count of steps too, where all are chosen."""
    state = optimizer.state.get(parameter) if optimizer is not None else None
    if not state:
        return
    for name, value in state.items():
        if not isinstance(value, Tensor):
            continue
        if value.shape == parameter.shape:
            value.index_fill_(axis, chosen.nonzero().squeeze(1).to(value.device), 0)
        elif name == "step" and bool(chosen.all()):
            value.zero_()


ACTION = RecycleUnits

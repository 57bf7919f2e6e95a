"""The sites and layers that have been seen, one lasting object for each.

Part of the torch front end's interception (`rectifier.torch.sites`). The same place gives the same
`Site` at every step: it is known by the module whose code runs, the function, the source line and
the layer that feeds it, so that one module or one line used in several places makes several sites.
"""

from __future__ import annotations

import dataclasses
import itertools
import weakref
from collections.abc import Iterator
from types import FrameType
from typing import Any

from torch import Tensor, nn

from rectifier.torch import feeding, forms
from rectifier.torch.activation_modules import is_torch, only_matrix
from rectifier.torch.feeding import Layer
from rectifier.torch.identity import ByIdentity
from rectifier.torch.naming import Model, Models, Sources, class_name
from rectifier.torch.observer import Site

_MOST_SITES = 2000
"""A program that makes new sites without end (a name per batch) is not followed beyond this."""

_MOST_LENGTHS = 4
"""So many numbers of units one layer has at one place; more are lengths of batches or sequences."""

_MOST_MEMBERS = 1024
"""Of a longer list no more are looked at: it holds data, not weights."""


class Registry:
    """Gives every place its lasting name.

    Args:
        sources: Tells the user's frames from others'.

    Attributes:
        ambiguous: Whether some place makes several sites, which only the layers before it tell
            apart.
        full: Whether there were more sites than are followed.
    """

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.models = Models(sources)
        self.full = False
        self.ambiguous = False
        self._single: dict[tuple[Any, ...], tuple[Site, int]] = {}
        self._sites: dict[tuple[Any, ...], Site] = {}
        self._places: dict[tuple[Any, ...], Site] = {}
        self._variants: dict[tuple[Site, str], Site] = {}
        self._parts: set[tuple[Any, ...]] = set()
        self._lengths: dict[tuple[Any, ...], set[int]] = {}
        self._names: dict[str, int] = {}
        self._layers: dict[int, tuple[weakref.ref[Any], Layer]] = {}
        self._orders = itertools.count()
        self._placed: dict[tuple[str, str, str], Layer] = {}
        self._built: ByIdentity[tuple[str, int]] = ByIdentity()

    def built(self, module: nn.Module, frame: FrameType | None) -> None:
        """Remember where an activation module was constructed."""
        if frame is not None:
            self._built[module] = (frame.f_code.co_filename, frame.f_lineno)

    def owner(self, frame: FrameType | None) -> tuple[Model | None, str]:
        """The model and module whose method is running, where no module call is under way."""
        for _ in range(4):
            if frame is None:
                break
            held = frame.f_locals.get("self")
            if isinstance(held, nn.Module):
                model = self.models.find(held)
                if model.has_parameters():
                    return model, model.path(held) or ""
            frame = frame.f_back
        return None, ""

    def site(
        self,
        form: forms.Form,
        module: nn.Module | None,
        owner: Model | None,
        path: str,
        layer: Layer | None,
        certain: bool,
        frame: FrameType | None,
        caller: nn.Module | None,
    ) -> Site | None:
        """The site at which a form is applied.

        Args:
            form: What is applied to what.
            module: The activation module, if one applies it.
            owner: The model whose code runs.
            path: Of the module in it whose code runs, or that is the activation.
            layer: The layer that feeds the site, if known.
            certain: Whether the graph told so; without a graph (an evaluation pass) it is a guess,
                and a site already known at this place is taken to be meant.
            frame: The user's innermost frame.
            caller: The module whose code applies it, if any.

        Returns:
            The site; None once there are too many.
        """
        filename, line = ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        axis = unit_axis(form.input, layer)
        units = form.input.shape[axis]
        model = "" if owner is None else owner.name
        where = _where(form, module, owner, path, frame, caller)
        if where in self._parts:
            return None
        place = (*where, units)
        key = (*place, layer)
        known = self._sites.get(key)
        if known is None and not certain:
            known = self._places.get(place)
        if known is not None:
            if module is not None and known.module() is None:
                known.renew(module)
            return known
        if len(self._sites) >= _MOST_SITES:
            self.full = True
            return None
        if layer is not None or form.input.dim() == 1:
            lengths = self._lengths.setdefault((*where, form.input.dim(), layer), set())
            if len(lengths) >= _MOST_LENGTHS and units != _outputs(layer):
                return None
            lengths.add(units)
        built = self._built.get(module)
        if built is not None and isinstance(caller, nn.Sequential):
            filename, line = built  # the line that calls a Sequential says little
        name = path if module is not None else ".".join(p for p in (path, form.function) if p)
        if not name:
            name = owner.own_name if owner is not None else form.function
        site = Site(
            name=self._unique(name),
            function=form.function,
            source=self.sources.text(filename, line) if filename else "",
            model=model,
            units=units,
            unit_axis=axis,
            order=len(self._sites),
            feeding=_with_bias(layer, form.input, units),
            assured=form.assured,
            apply=form.apply,
            written=form.written,
            _module=None if module is None else weakref.ref(module),
            _dims=form.input.dim(),
        )
        self._sites[key] = self._places[place] = site
        self.ambiguous = self.ambiguous or where in self._single
        self._single[where] = site, form.input.dim()
        return site

    def only(
        self,
        form: forms.Form,
        module: nn.Module | None,
        owner: Model | None,
        path: str,
        frame: FrameType | None,
        caller: nn.Module | None,
    ) -> Site | None:
        """As `site`, where no place is `ambiguous`: without regard to what comes before it.

        Returns:
            The site; None where none is known at this place for such an input.
        """
        found = self._single.get(_where(form, module, owner, path, frame, caller))
        if found is None or form.input.dim() != found[1]:
            return None
        site = found[0]
        if module is not None and site.module() is None:
            site.renew(module)
        return site if form.input.shape[site.unit_axis] == site.units else None

    def withdraw(self, site: Site) -> None:
        """Forget a site that has turned out to be a part of another one."""
        self._sites = {key: s for key, s in self._sites.items() if s is not site}
        self._places = {place: s for place, s in self._places.items() if s is not site}
        self._single = {where: s for where, s in self._single.items() if s[0] is not site}
        base, _, count = site.name.partition(":")
        if self._names.get(base, 0) == int(count or 1):
            self._names[base] -= 1

    def absorb(self, site: Site) -> None:
        """Forget a site for good: what runs there is always a part of another one."""
        self._parts.update(where for where, known in self._single.items() if known[0] is site)
        self.withdraw(site)

    def _unique(self, name: str) -> str:
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}:{count}"

    def variant(self, site: Site, function: str) -> Site:
        """The same site while an observer makes it compute another function."""
        known = self._variants.get((site, function))
        if known is None:
            known = dataclasses.replace(site, function=function, apply=None)
            self._variants[site, function] = known
        return known

    def module_layer(self, model: Model, path: str, module: nn.Module, called: str = "") -> Layer:
        """The layer that a module is.

        Args:
            model: That it is part of.
            path: Of the module in it.
            module: The module.
            called: The torch function by which a module of the user's own applies its weight.

        Returns:
            The layer, the same one each time.
        """
        known = self._layers.get(id(module))
        if known is not None and known[0]() is module:
            return known[1]
        kind = class_name(module)
        weight, own = feeding.tensor_of(module, "weight"), only_matrix(module)
        if weight is None:
            weight = own
        matrix = None if own is None or own is not weight else own
        former = self._former(model, path, kind)
        if former is not None:
            former.renew(module, matrix, None)
            self._layers[id(module)] = (weakref.ref(module), former)
            return former
        layer = Layer(
            name=path or model.own_name,
            kind=kind,
            model=model.name,
            order=next(self._orders),
            fan_in=feeding.fan_in(
                weight, transposed="ranspose" in kind or called in feeding.INPUTS_FIRST
            ),
            inputs_first=called in feeding.INPUTS_FIRST,
            _module=weakref.ref(module),
            _weight=None if matrix is None else weakref.ref(matrix),
        )
        self._layers[id(module)] = (weakref.ref(module), layer)
        self._placed[model.name, path, kind] = layer
        return layer

    def _former(self, model: Model | None, path: str, kind: str) -> Layer | None:
        """The layer that was at this place of a model before it went on in a copy."""
        if model is None or not model.copied:
            return None
        layer = self._placed.get((model.name, path, kind))
        if layer is not None:
            gone = [key for key, held in self._layers.items() if held[0]() is None]
            for key in gone:
                del self._layers[key]
        return layer

    def call_layer(self, name: str, weight: Tensor, bias: Tensor | None) -> Layer:
        """The layer that a call of a torch function with a weight is."""
        known = self._layers.get(id(weight))
        if known is not None and known[0]() is weight:
            return known[1]
        model, path = None, ""
        for candidate in self.models:
            path = candidate.parameter(weight)
            if path:
                model = candidate
                break
        kind = name.strip("_")
        former = self._former(model, path, kind)
        if former is not None:
            former.renew(None, weight, bias)
            self._layers[id(weight)] = (weakref.ref(weight), former)
            return former
        transposed = "transpose" in kind or kind in feeding.INPUTS_FIRST
        order = next(self._orders)
        layer = Layer(
            name=path or self._variable(weight) or f"weight{order}",
            kind=kind,
            model="" if model is None else model.name,
            order=order,
            fan_in=feeding.fan_in(weight, transposed=transposed),
            inputs_first=kind in feeding.INPUTS_FIRST,
            _weight=weakref.ref(weight),
            _bias=None if bias is None else weakref.ref(bias),
        )
        self._layers[id(weight)] = (weakref.ref(weight), layer)
        if model is not None:
            self._placed[model.name, path, kind] = layer
        return layer

    def weights(self) -> set[int]:
        """The ``id`` of every weight and bias of the layers seen so far."""
        return {id(t) for _, layer in self._layers.values() for t in layer.tensors()}

    def _variable(self, tensor: Tensor) -> str:
        """The name by which the user's code holds a tensor; empty where it holds it by none.

        Its place in a list rather than the variable of a loop, which is the same for all of them.
        """
        plain = ""
        for frame in self.sources.frames(2):
            for variable, value in tuple(frame.f_locals.items()):
                for member, spelling in _tensors_in(variable, value):
                    if member is not tensor:
                        continue
                    if spelling != variable:
                        return spelling
                    plain = plain or spelling
        return plain


def _where(
    form: forms.Form,
    module: nn.Module | None,
    owner: Model | None,
    path: str,
    frame: FrameType | None,
    caller: nn.Module | None,
) -> tuple[Any, ...]:
    """The place at which a form is applied; for the arguments see `Registry.site`."""
    model = "" if owner is None else owner.name
    inside = caller is not None and is_torch(caller)  # the user's line is that of its caller
    line = ("", 0) if inside or frame is None else (frame.f_code.co_filename, frame.f_lineno)
    return model, path, form.function, module is None, line


def unit_axis(tensor: Tensor, layer: Layer | None) -> int:
    """The dimension that units lie on: that of channels behind a convolution, else the last.

    Behind ``w @ x`` a column is a sample, and units lie on the first dimension.

    Args:
        tensor: A site's input.
        layer: The layer that feeds it, if known.

    Returns:
        The dimension, from 0.
    """
    dims = tensor.dim()
    if dims < 3:
        return 0 if layer is not None and layer.kind == feeding.ROWS_ARE_UNITS else dims - 1
    if layer is None:
        return 1 if dims in (4, 5) else dims - 1
    if layer.spatial is not None:
        return dims - layer.spatial - 1 if dims > layer.spatial else dims - 1
    return 1 if layer.channels_first else dims - 1


def _outputs(layer: Layer | None) -> int:
    """How many units a layer has; 0 where that is not known."""
    weight = None if layer is None else layer.weight()
    if layer is None or weight is None or weight.dim() == 0:
        return 0
    return int(weight.shape[1 if layer.transposed and weight.dim() > 1 else 0])


def _with_bias(layer: Layer | None, tensor: Tensor, units: int) -> Layer | None:
    """A functional layer together with the bias that the program adds itself."""
    if layer is None or layer.module() is not None or layer.bias() is not None:
        return layer
    bias = feeding.added_bias(tensor, units)
    return layer if bias is None else dataclasses.replace(layer, _bias=weakref.ref(bias))


def _tensors_in(variable: str, value: Any, depth: int = 2) -> Iterator[tuple[Tensor, str]]:
    """Tensors that a variable holds, itself or in lists, tuples and dictionaries of such."""
    if isinstance(value, Tensor):
        yield value, variable
    elif variable.startswith("__") or not depth:
        return
    elif type(value) is dict:
        for key, member in tuple(value.items()):
            yield from _tensors_in(f"{variable}.{key}", member, depth - 1)
    elif type(value) in (list, tuple):
        for index, member in enumerate(value[:_MOST_MEMBERS]):
            yield from _tensors_in(f"{variable}.{index}", member, depth - 1)

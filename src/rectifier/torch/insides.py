"""What runs inside scripted models and recurrent layers, where no call of Python is seen.

Part of the torch front end's interception; `rectifier.torch.calls` alone uses it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.torch import forms
from rectifier.torch.boundary import Boundary
from rectifier.torch.feeding import Layer
from rectifier.torch.opening import Opening
from rectifier.torch.recurrent import Given, gates
from rectifier.torch.registry import Registry
from rectifier.torch.scripted import Scripted
from rectifier.torch.underway import Entered, Underway


class Insides:
    """Tells of activations that the outside of a module shows nothing of.

    Args:
        way: The calls under way.
        boundary: Holds the observers.
        registry: Names what is seen.
        opening: Knows which models count.
    """

    def __init__(
        self, way: Underway, boundary: Boundary, registry: Registry, opening: Opening
    ) -> None:
        self._way = way
        self._boundary = boundary
        self._registry = registry
        self._opening = opening
        self._script: tuple[nn.Module, Any] | None = None

    @property
    def script(self) -> nn.Module | None:
        """The scripted module that runs, if one does."""
        return None if self._script is None else self._script[0]

    def begin_script(self, module: nn.Module) -> None:
        """A scripted module is about to run."""
        self._way.note("Inside TorchScript modules outputs are seen, but not gradients.")
        scripted: Any = Scripted(self._saw_scripted)
        self._script = module, scripted
        scripted.__enter__()

    def end_script(self) -> None:
        """It has run, if one did."""
        script, self._script = self._script, None
        if script is not None:
            script[1].__exit__(None, None, None)

    def _saw_scripted(
        self,
        function: str,
        input: Tensor,
        output: Tensor,
        weight: int,
        apply: Callable[[Tensor], Tensor],
    ) -> None:
        if not self._way.elsewhere():
            form = forms.Form(function, input, False, True, apply)
            self._boundary.hidden(self._tell_scripted, form, output, weight)

    def _tell_scripted(self, form: forms.Form, output: Tensor, weight: int) -> None:
        trains = torch.is_grad_enabled()
        entered = self._way.stack[-1] if self._way.stack else None
        if entered is None or not self._opening.concerns(entered.model):
            return
        held = next((p for p in entered.model.parameters() if p.data_ptr() == weight), None)
        layer = None if held is None else self._registry.call_layer("linear", held, None)
        frame = self._registry.sources.frame(2)
        where = entered.model, entered.path, layer
        site = self._registry.site(form, None, *where, True, frame, None)
        for observer in self._boundary.live if site is not None else ():
            if trains or not observer.training_only:
                self._boundary.notify(observer, "on_site", site, form.input, output)

    def recurrent(self, entered: Entered, layer: Layer, given: Given, output: Any) -> None:
        """Tell of the gates of a recurrent layer."""
        trains = torch.is_grad_enabled()
        observers = [o for o in self._boundary.live if trains or not o.training_only]
        module = entered.module
        if not observers or module is None or not self._opening.concerns(entered.model):
            return
        self._way.inside += 1
        try:
            with torch._C.DisableTorchFunction():
                found, missing = gates(module, given, output)
        finally:
            self._way.inside -= 1
        if missing:
            self._way.note(missing)
        frame = self._registry.sources.frame(2)
        for gate in found:
            form = forms.Form(gate.function, gate.input, False, True, getattr(torch, gate.function))
            path = ".".join(p for p in (entered.path, gate.part) if p)
            site = self._registry.site(form, None, entered.model, path, layer, True, frame, None)
            for observer in observers if site is not None else ():
                self._boundary.notify(observer, "on_site", site, gate.input, gate.output)

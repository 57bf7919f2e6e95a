"""Sees calls of torch functions: activations, layers, losses, and formulas between two layers.

Part of the torch front end's interception; `rectifier.torch.calls` puts the mode on the stack that
hands them over.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rectifier.torch import between, composite, feeding, forms
from rectifier.torch.activation_modules import NOT_ELEMENTWISE, is_layer, is_torch, only_matrix
from rectifier.torch.between import Between
from rectifier.torch.boundary import Boundary
from rectifier.torch.brief_steps import BriefSteps
from rectifier.torch.feeding import Layer
from rectifier.torch.observer import Site
from rectifier.torch.opening import Opening
from rectifier.torch.registry import Registry
from rectifier.torch.telling import Application, Telling
from rectifier.torch.underway import Underway


class Functions:
    """Finds out what a torch function was that was called.

    Args:
        way: The calls under way.
        boundary: Holds the observers.
        registry: Names what is seen.
        telling: Hands applications on.
        brief: Knows what suffices in a step that is looked at briefly.
        opening: Finds the site of an activation.

    Attributes:
        quick: The compiled hooks, once there are any.
    """

    def __init__(
        self,
        way: Underway,
        boundary: Boundary,
        registry: Registry,
        telling: Telling,
        brief: BriefSteps,
        opening: Opening,
    ) -> None:
        self.quick: Any = None
        self._way = way
        self._boundary = boundary
        self._registry = registry
        self._telling = telling
        self._brief = brief
        self._opening = opening
        self._masks = forms.Masks()
        self._between = Between()
        self._formulas: dict[Any, str] = {}

    def forget(self) -> None:
        """The pass is over."""
        self._between.forget()

    def saw_other(self, func: Any, args: Any) -> None:
        """A function that is no activation runs, perhaps inside what may turn out to be one."""
        if self._way.unsure:
            if func.__name__ in NOT_ELEMENTWISE:
                self._way.stack[-1].elementwise = False
        elif args and getattr(func, "__name__", "") in between.TAKERS and not self._way.elsewhere():
            several = isinstance(args[0], list | tuple)
            self.taken(args[0] if several else args[:1], summed=func.__name__ in between.SUMS)

    def taken(self, tensors: Any, *, summed: bool = False) -> None:
        """Something takes these in that is no part of an activation: was one written out?

        Args:
            tensors: What is taken in.
            summed: Whether a sum or a mean takes it.
        """
        if (
            not self._brief.on
            and self._way.stack
            and not self._way.unsure
            and torch.is_grad_enabled()
        ):
            self._boundary.hidden(self._find_formulas, tensors, summed)

    def _find_formulas(self, tensors: Any, summed: bool) -> None:
        if self._way.stack[-1].application is not None:
            return
        for tensor in tensors:
            found = self._between.find(tensor)
            if found is None or found.layer.model not in ("", self._way.stack[-1].model.name):
                continue
            frame = self._registry.sources.frame(2)
            place = (found.layer, None if frame is None else (frame.f_code, frame.f_lineno))
            name = self._formulas.get(place) or between.is_function(found, summed=summed)
            if name is None or (found.parts and self._boundary.replacers):
                continue  # a part may have been replaced: what is here is not the program's own
            self._formulas[place] = name
            self._brief.composed = True
            for part in found.parts:
                self._registry.absorb(part)
                for observer in self._boundary.live:
                    self._boundary.notify(observer, "on_absorbed", part)
            apply = composite.named(name) or _no_longer
            form = forms.Form(name, found.input, False, True, apply, written=True)
            application = self._opening.open(form, None)
            if application is not None:
                application.node, application.number = found.node, 0
                self._applied(application, found.output)

    def dispatch(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Run a torch function, and see what it was."""
        kind = forms.KINDS.get(func, forms.Kind.ACTIVATION)
        if self._way.elsewhere():
            return func(*args, **kwargs)
        if kind is forms.Kind.ACTIVATION:
            return self._activation(func, args, kwargs)
        if kind is forms.Kind.WEIGHTED:
            self.taken(args)
        self._boundary.hidden(self._telling.confirm, args)
        self._way.inside += 1
        try:
            result = func(*args, **kwargs)
        finally:
            self._way.inside -= 1
        self._boundary.hidden(self._after, kind, func, args, kwargs, result)
        return result

    def _after(self, kind: forms.Kind, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        if kind is forms.Kind.WEIGHTED:
            self._weighted(forms.WEIGHTED[func], args, kwargs, result)
        elif kind is forms.Kind.LOSS:
            self._lost(forms.LOSS_FUNCTIONS[func], result)
            if torch.is_grad_enabled():
                self._brief.losses.add(func)
        elif kind is forms.Kind.COMPARISON:
            self._masks.compared(forms.COMPARISONS[func], args, result)
        elif args and isinstance(args[0], Tensor) and args[0].dtype is torch.bool:
            self._masks.converted(args[0], result)

    def _activation(self, func: Any, args: Any, kwargs: Any) -> Any:
        if self._way.stack and self._way.stack[-1].application is not None:
            return func(*args, **kwargs)
        application = self._boundary.hidden(self._recognise, func, args, kwargs)
        if application is None:
            return func(*args, **kwargs)
        self._way.inside += 1
        try:
            result = None
            if self._boundary.replacers and not self._way.unsure:
                result = self._boundary.guard(
                    self._telling.replaced, application, self._registry.variant
                )
            if result is None:
                result = func(*args, **kwargs)
            elif application.inplace:
                result = application.original.copy_(result)
        finally:
            self._way.inside -= 1
        if result is None:  # x[x < 0] = 0
            self._boundary.hidden(self._applied, application, application.original)
        elif isinstance(result, Tensor):
            self._boundary.hidden(self._applied, application, result)
            if self._brief.on and self.quick is not None:
                self._boundary.hidden(self._remember, application.site, func, args, kwargs, result)
        return result

    def _remember(self, site: Site, func: Any, args: Any, kwargs: Any, result: Tensor) -> None:
        """A function was seen in a step that is looked at briefly: the next time it is known."""
        module = self._way.stack[-1].module if self._way.stack and not self._way.unsure else None
        key = None if module is None or not site.model else self.quick.place(func, module)
        if module is not None and key is not None and args:
            self._brief.settled.put_place(key, module, args, kwargs, site, result.dim())

    def _recognise(self, func: Any, args: Any, kwargs: Any) -> Application | None:
        form = forms.recognise(func, args, kwargs, self._masks)
        return None if form is None else self._opening.open(form, None)

    def _applied(self, application: Application, result: Tensor) -> None:
        if self._way.unsure:
            self._way.stack[-1].inner.append((application, result))
        else:
            self._telling.close(application, result, self._way.token)

    def _weighted(self, name: str, args: Any, kwargs: Any, result: Any) -> None:
        entered = self._way.stack[-1] if self._way.stack else None
        module = None if entered is None else entered.module
        if module is not None and is_torch(module) and is_layer(module):
            return  # the module's own hook marks it
        if entered is not None and "parametrizations" in entered.path.split("."):
            return  # makes a weight of others, and applies none
        candidates = [*args, *kwargs.values()]
        leaves = [t for t in candidates if isinstance(t, Tensor) and feeding.is_weight(t)]
        weights = [t for t in leaves if t.dim() > 1] or [t for t in leaves if "norm" in name]
        if not weights and name.strip("_") in ("matmul", "mm") and len(args) > 1:
            turned = feeding.untransposed(args[1])
            if turned is not None:
                name, weights = "linear", [turned]  # x @ w.T, which is what linear computes
        if not weights and name.strip("_") in ("matmul", "mv") and feeding.one_unit(args):
            name, weights = "mv", [args[1]]
        if not weights:
            return
        weight = weights[0]
        biases = [t for t in leaves if t is not weight and t.dim() == 1]
        if name.strip("_") in ("matmul", "mm") and args and args[0] is weight:
            name = feeding.ROWS_ARE_UNITS
        if entered is not None and module is not None and only_matrix(module) is weight:
            called = name.strip("_")
            layer = self._registry.module_layer(entered.model, entered.path, module, called)
        else:
            layer = self._registry.call_layer(name, weight, biases[0] if biases else None)
        self.ran(layer, result)

    def ran(self, layer: Layer, output: Any) -> None:
        """A layer has run."""
        self._way.tick += 1
        if self._brief.on:
            return
        self._way.last = (layer, self._way.tick)
        feeding.mark(output, layer, self._way.tick)
        self._between.ran(layer, output)
        for observer in self._boundary.live:
            if not observer.brief and (not observer.training_only or torch.is_grad_enabled()):
                self._boundary.notify(observer, "on_layer", layer, output)

    def _lost(self, name: str, result: Any) -> None:
        if not isinstance(result, Tensor) or not torch.is_grad_enabled():
            return
        frame = self._registry.sources.frame(2)
        code = None if frame is None else frame.f_code.co_filename
        line = 0 if frame is None else frame.f_lineno
        source = "" if code is None else self._registry.sources.text(code, line)
        for observer in self._boundary.live:
            self._boundary.notify(observer, "on_loss", name, result, source)


def _no_longer(tensor: Tensor) -> Tensor:
    raise ReferenceError("a formula in a program's own code cannot be applied again")

"""Modules and custom autograd functions of the user's own that turn out to be one activation.

Part of the torch front end's interception (`rectifier.torch.sites`). What such a thing calls while
it runs is collected; once it has run it is known whether all of it was one activation, and if not
what ran inside is told of after all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.torch import composite, forms
from rectifier.torch.activation_modules import apply_of, called_like, named_like
from rectifier.torch.boundary import Boundary
from rectifier.torch.brief_steps import BriefSteps
from rectifier.torch.opening import Opening
from rectifier.torch.registry import Registry
from rectifier.torch.telling import Application, Telling
from rectifier.torch.underway import Entered, Underway

_REENTRANT = "Inside checkpoints with use_reentrant=True nothing is seen; with False it is."


class OwnCode:
    """Decides what has run.

    Args:
        way: The calls under way.
        boundary: Holds the observers.
        registry: Names what is seen.
        telling: Hands applications on.
        brief: Is told when something is a site as a whole.
        opening: Finds the site.
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
        self._way = way
        self._boundary = boundary
        self._registry = registry
        self._telling = telling
        self._brief = brief
        self._opening = opening
        self._verdicts: dict[type, bool] = {}
        self._names: dict[type, str] = {}

    def may_be(self, kind: type) -> bool:
        """Whether things of a class have not been found to be something else."""
        return self._verdicts.get(kind, True)

    def decide(
        self, entered: Entered, kind: type, output: Any, caller: nn.Module | None
    ) -> Application | None:
        """Tell whether what has just run was one activation; if not, tell of what ran inside."""
        tensor = entered.unsure
        if tensor is None:
            return None
        alike = isinstance(output, Tensor) and output.shape == tensor.shape
        untouched = tensor._version == entered.version
        one = entered.elementwise and self._way.tick == entered.since
        if alike and untouched and one and not entered.inner:
            return self._formula(entered, kind, tensor, output, caller)
        if not (alike and untouched and one):
            if entered.inner or not entered.elementwise:
                self._verdicts[kind] = False
            for application, result in entered.inner:
                self._telling.close(application, result, self._way.token)
            return None
        self._verdicts[kind] = self._brief.composed = True
        first, result = entered.inner[0]
        plain = len(entered.inner) == 1 and result is output
        apply = first.apply if plain else entered.apply or apply_of(entered.module)
        function = first.site.function if plain else self._named(kind, apply, tensor)
        for inner, _ in reversed(entered.inner):
            self._registry.withdraw(inner.site)
        form = forms.Form(function, tensor, False, True, apply, assured=plain)
        return self._opening.open(form, entered.module, caller)

    def _formula(
        self, entered: Entered, kind: type, input: Tensor, output: Tensor, caller: Any
    ) -> Application | None:
        """What has just run called no activation; it may be one all the same."""
        if output is input or not output.is_floating_point():
            return None
        if not composite.is_elementwise(output, input):
            return None
        apply = entered.apply or apply_of(entered.module)
        if not self._verdicts.get(kind) and not composite.is_activation(apply, input, output):
            return None
        self._verdicts[kind] = self._brief.composed = True
        form = forms.Form(
            self._named(kind, apply, input), input, False, False, apply, assured=False
        )
        return self._opening.open(form, entered.module, caller)

    def _named(self, kind: type, apply: Callable[[Tensor], Tensor], like: Tensor) -> str:
        """What a class of the user's own computes: by its name, else by what it gives."""
        name = self._names.get(kind)
        if name is None:
            name = called_like(kind) or composite.function(apply, like) or named_like(kind)
            self._names[kind] = name
        return name

    def custom(self, method: Any) -> Callable[..., Any]:
        """What is to stand in for ``torch.autograd.Function.apply``, seen or not.

        Programs keep it (``spike = Spike.apply``), so it is put in place before they run.

        Args:
            method: What the class holds: a class method of Python, or of C from torch 2.14 on.
        """

        def original(cls: type, *args: Any, **kwargs: Any) -> Any:
            return method.__get__(None, cls)(*args, **kwargs)

        @functools.wraps(method.__get__(None, torch.autograd.Function))
        def apply(cls: type, *args: Any, **kwargs: Any) -> Any:
            if self._way.mode is None or self._way.elsewhere():
                return original(cls, *args, **kwargs)
            if cls.__module__ == "torch.utils.checkpoint":
                self._way.note(_REENTRANT)
            entered = self._boundary.hidden(self._enter_custom, cls, args)
            if entered is None:
                return original(cls, *args, **kwargs)
            try:
                result = original(cls, *args, **kwargs)
            except BaseException:
                self._drop(entered)
                raise
            replaced = self._boundary.hidden(self._leave_custom, entered, cls, result)
            return result if replaced is None else replaced

        return apply

    def _enter_custom(self, cls: type, args: tuple[Any, ...]) -> Entered | None:
        tensor = args[0] if args and isinstance(args[0], Tensor) else None
        if tensor is None or not tensor.is_floating_point() or tensor.dim() == 0:
            return None
        top = self._way.stack[-1] if self._way.stack else None
        if top is None or top.application is not None or self._verdicts.get(cls) is False:
            return None
        entered = Entered(None, top.model, top.path, self._way.tick, unsure=tensor)
        kind: Any = cls
        entered.apply = lambda t: kind.apply(t, *args[1:])
        entered.version = tensor._version
        self._way.stack.append(entered)
        self._way.choose_curiosity(close=not self._brief.on)
        return entered

    def _drop(self, entered: Entered) -> None:
        if entered in self._way.stack:
            del self._way.stack[self._way.stack.index(entered) :]

    def _leave_custom(self, entered: Entered, cls: type, output: Any) -> Tensor | None:
        self._drop(entered)
        application = self.decide(entered, cls, output, None)
        if application is None:
            return None
        if self._way.unsure:
            self._way.stack[-1].inner.append((application, output))
            return None
        return self._telling.finish(application, output, self._registry.variant, self._way.token)

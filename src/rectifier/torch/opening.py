"""Whether an application of an activation is to be told of, and as which site.

Part of the torch front end's interception (`rectifier.torch.sites`).
"""

from __future__ import annotations

from types import FrameType

import torch
from torch import nn

from rectifier.torch import feeding, forms
from rectifier.torch.boundary import Boundary
from rectifier.torch.brief_steps import BriefSteps
from rectifier.torch.naming import Model
from rectifier.torch.observer import Site
from rectifier.torch.registry import Registry
from rectifier.torch.telling import Application
from rectifier.torch.underway import Underway


class Opening:
    """Finds the site of an activation that is about to run.

    Args:
        way: The calls under way.
        boundary: Holds the observers.
        registry: Names what is seen.
        brief: Knows what suffices in a step that is looked at briefly.
        models: Only these models' sites count; none given: all.
    """

    def __init__(
        self,
        way: Underway,
        boundary: Boundary,
        registry: Registry,
        brief: BriefSteps,
        models: tuple[Model, ...],
    ) -> None:
        self._way = way
        self._boundary = boundary
        self._registry = registry
        self._brief = brief
        self._only = models

    def concerns(self, model: Model | None) -> bool:
        """Whether a model is one of those that count."""
        return not self._only or model in self._only

    def open(
        self, form: forms.Form, module: nn.Module | None, caller: nn.Module | None = None
    ) -> Application | None:
        """Prepare to tell of an activation that is about to run; None if nobody is to know."""
        live, replacers = self._boundary.live, self._boundary.replacers
        trains = torch.is_grad_enabled() or form.input.requires_grad
        observers = tuple(o for o in live if trains or not o.training_only)
        if not observers and not replacers:
            return None
        frame = self._registry.sources.frame(2)
        owner, path, since = self._owner(frame, module)
        if not self.concerns(owner):
            return None
        if self._brief.on:
            site = self._site_of_place(form, module, owner, path, frame, caller)
            return (
                None if site is None else Application.of(site, form, observers, replaceable=False)
            )
        found = feeding.nearest(form.input, since)
        known = found is not None or form.input.requires_grad
        # what is computed of data alone (the angles of positions) is just mathematics
        guessed = form.certain or not torch.is_grad_enabled()
        if not known and guessed and owner is not None:
            last = self._way.last
            found = last if last is not None and last[0].model == owner.name else None
        if found is None and not form.certain:
            return None
        if caller is None:
            caller = self._applying(module)
        if module is not None:
            path = (owner.path(module) if owner is not None else None) or path
        layer = None if found is None else found[0]
        site = self._registry.site(form, module, owner, path, layer, known, frame, caller)
        if site is None:
            return None
        return Application.of(site, form, observers, replaceable=bool(replacers))

    def _site_of_place(
        self,
        form: forms.Form,
        module: nn.Module | None,
        owner: Model | None,
        path: str,
        frame: FrameType | None,
        caller: nn.Module | None,
    ) -> Site | None:
        """The site of a form in a step that is looked at briefly; None where it is not known."""
        if caller is None:
            caller = self._applying(module)
        if module is not None:
            path = (owner.path(module) if owner is not None else None) or path
        return self._brief.site(form, module, owner, path, frame, caller)

    def _applying(self, module: nn.Module | None) -> nn.Module | None:
        """The module whose code runs; not ``module`` itself, which is just being entered."""
        entering = module is not None and self._way.stack and self._way.stack[-1].module is module
        stack = self._way.stack[:-1] if entering else self._way.stack
        return stack[-1].module if stack else None

    def _owner(
        self, frame: FrameType | None, module: nn.Module | None
    ) -> tuple[Model | None, str, int]:
        """The model and module whose code is running, and the tick at which it was entered."""
        if self._way.stack:
            entering = module is not None and self._way.stack[-1].module is module
            entered = self._way.stack[-2 if entering and len(self._way.stack) > 1 else -1]
            if entered.model.has_parameters():
                return entered.model, entered.path, entered.since
            return None, "", -1
        model, path = self._registry.owner(frame)
        return model, path, -1

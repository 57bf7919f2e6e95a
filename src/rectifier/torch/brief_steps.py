"""Steps that are looked at briefly: what is known of places and modules, and how little suffices.

Part of the torch front end's interception; `rectifier.torch.calls` alone uses it. Where all
observers look briefly nobody asks which layer feeds a site, so that no layer's output has to be
marked, as long as each place is one site. What is met for the first time in such a step is told
from the next one on.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.kernels import native
from rectifier.torch import forms, unit_statistics
from rectifier.torch.boundary import Boundary
from rectifier.torch.naming import Model
from rectifier.torch.observer import Site
from rectifier.torch.registry import Registry
from rectifier.torch.settled import Settled, fits
from rectifier.torch.telling import Telling

Hook = Callable[..., Any]


class BriefSteps:
    """Tells of sites by what earlier steps told of them.

    Args:
        boundary: Holds the observers.
        registry: Knows the sites.
        telling: Hands them on.

    Attributes:
        on: Whether the step under way is seen in this way.
        composed: Whether some site is told of as a whole that is made of several.
        settled: The modules and calls of which all is known.
        losses: The loss functions that have been told of.
    """

    def __init__(self, boundary: Boundary, registry: Registry, telling: Telling) -> None:
        self.on = self.composed = False
        self.settled = Settled()
        self.losses: set[Any] = set()
        self._missed = False
        self._boundary = boundary
        self._registry = registry
        self._telling = telling

    def begin(self) -> None:
        """See whether the step that begins can be seen in this way."""
        live = self._boundary.live
        brief = bool(live)
        for observer in live:
            brief = brief and observer.brief and observer.training_only
        self._missed = self._missed and brief
        self.on = brief and not (
            self._missed or self.composed or self._registry.ambiguous or self._boundary.replacers
        )
        if not brief:
            self.settled.clear()
            self.losses.clear()

    def knows(self, module: nn.Module) -> bool:
        """Whether this step is one, and it is known what there is to tell of a module."""
        return self.on and self.settled.knows(module)

    def tell(self, site: Site, dims: int, output: Any, token: int) -> None:
        """A known site, of so many dimensions, has run."""
        if isinstance(output, Tensor) and fits(site, dims, output):
            self._telling.tell_briefly(site, output, token)
        else:
            self._missed = True

    def site(
        self,
        form: forms.Form,
        module: nn.Module | None,
        owner: Model | None,
        path: str,
        frame: FrameType | None,
        caller: nn.Module | None,
    ) -> Site | None:
        """The site of a form; None where it is not known. For the arguments see `Registry.only`."""
        site = self._registry.only(form, module, owner, path, frame, caller)
        self._missed = self._missed or (site is None and form.certain)
        return site

    def quick(
        self, way: Any, enter: Hook, leave: Hook, tell: Hook, dispatch: Hook, other: Hook
    ) -> Any:
        """Compiled hooks around modules and functions; None where nothing is compiled.

        Args:
            way: `rectifier.torch.underway.Underway`.
            enter: Its hook before a call of a module.
            leave: Its hook after one.
            tell: Called with a known site that has run, its dimensions, its arguments and output.
            dispatch: Called with a function that matters, its arguments and its named ones.
            other: Called with one that does not and its arguments, while somebody is curious.
        """
        made = getattr(native.module(), "Quick", None)
        if made is None or unit_statistics.of_tensors() is None:
            return None
        stack: Any = torch._C
        return made(
            *(way, self._boundary, self, self.settled.known, self.settled.places),
            *(self._telling.pending, enter, leave, tell, dispatch, other),
            *(forms.KINDS, forms.OWN_FUNCTIONS, forms.Kind.WEIGHTED, forms.Kind.LOSS),
            *(forms.Kind.ACTIVATION, self._registry.sources.is_inside),
            *(stack._push_on_torch_function_stack, stack._pop_torch_function_stack),
            *(stack._len_torch_function_stack, stack._functorch.peek_interpreter_stack),
            *(stack._get_tracing_state, torch.is_grad_enabled),
        )

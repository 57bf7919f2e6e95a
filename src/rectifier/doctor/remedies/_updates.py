"""Updates that a program makes by hand, made smaller or larger: for remedies of the rate.

Layer: doctor's remedies. A hand-made update changes a weight in place, without a gradient being
recorded: ``p -= rate * step``, ``p.add_(step, alpha=-rate)``, ``p.data = p.data - rate * step``.
Whatever the step was made of (Adam's moments by hand forget the gradient's size), the weight gets
its old value and a part of the change. Where no such call is met, the gradients take the factor;
the first passes, by which one learns which it is, are made with gradients of zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

IN_PLACE = frozenset({
    "sub_", "add_", "__isub__", "__iadd__", "addcdiv_", "addcmul_", "copy_", "__set__",
    "_foreach_add_", "_foreach_sub_", "_foreach_addcdiv_", "_foreach_addcmul_", "_foreach_copy_",
})  # fmt: skip
"""Calls that move a weight, or a list of them, by a step. Not ``mul_`` or ``clamp_``: decay and
bounds are no step."""

WAIT = 8
"""Backward passes without an update until one counts as made otherwise: gradients accumulate."""


class Updates:
    """Scales what in-place updates change.

    Args:
        factor: Of each change.

    Attributes:
        met: Whether an update in place was seen.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.met = False
        self._armed = False
        self._passes = 0
        self._known: dict[int, Tensor] = {}

    @property
    def learning(self) -> bool:
        """Whether it is not settled yet what is trained, and how."""
        return self._passes < WAIT

    @property
    def known(self) -> tuple[Tensor, ...]:
        """What is trained, as far as was seen."""
        return tuple(self._known.values())

    def know(self, tensors: Iterable[Tensor]) -> None:
        """These are trained."""
        for tensor in tensors:
            if tensor.is_leaf and tensor.requires_grad:
                self._known[id(tensor)] = tensor

    def forward(self) -> None:
        """A forward pass runs: what changes weights before the next backward pass is no update."""
        self._armed = False

    def gradients(self) -> bool:
        """Gradients are there, the update follows. Returns whether it will take the factor."""
        self._armed = True
        waits = self.learning
        self._passes += 1
        if self.met:
            return True
        given = [t.grad for t in self._known.values() if t.grad is not None]
        for gradient in given:
            gradient.mul_(0.0 if waits else self.factor)
        return bool(given)

    def call(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a call of `IN_PLACE`; of the change of a trained weight only a part."""
        with torch._C.DisableTorchFunction():
            several = bool(args) and isinstance(args[0], list | tuple)
            targets = args[0] if several else args[:1]
            found = [self._weight(func, target, args) for target in targets]
            moved = [(weight, weight.detach().clone()) for weight in found if weight is not None]
        result = func(*args, **kwargs)
        with torch._C.DisableTorchFunction(), torch.no_grad():
            for weight, old in moved:
                change = weight.detach() - old
                if bool(change.any()):
                    new = old + self.factor * change
                    if func.__name__ == "__set__":  # what was set stays as it is elsewhere
                        weight.data = new
                    else:
                        weight.data.copy_(new)
                self.met = True
        return result

    def _weight(self, func: Any, target: Any, args: tuple[Any, ...]) -> Tensor | None:
        """The trained weight that a call changes, itself or by what shares its memory."""
        if not self._armed or (not self.met and self._passes > WAIT):
            return None
        if not isinstance(target, Tensor) or target.numel() == 0:
            return None
        if func.__name__ == "__set__":
            is_data = getattr(getattr(func, "__self__", None), "__name__", "") == "data"
            known = self._known.get(id(target)) if is_data and len(args) == 2 else None
            fits = isinstance(args[1], Tensor) and args[1].shape == target.shape
            return known if fits else None
        if id(target) in self._known or target.requires_grad:
            return self._known.get(id(target)) if not torch.is_grad_enabled() else None
        place = target.data_ptr()  # an alias: ``p.data``, ``p.detach()``
        for known in self._known.values():
            if known.data_ptr() == place and known.shape == target.shape:
                return known
        return None

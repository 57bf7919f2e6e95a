"""Thresholds that let the gradient pass: part of ``swap_activation``, to ``straight_through``.

Layer: doctor's remedies. A sign, a rounding or a comparison turned into numbers has slope zero
everywhere. Its value stays; backward it counts as the identity, cut off at one for a sign and at
both sides of a comparison (so that units far from the edge are left in peace).
Source: Bengio, Leonard and Courville 2013, "Estimating or propagating gradients through stochastic
neurons", section 4; Hubara et al. 2016, "Binarized neural networks", equation 4 (the cut).
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies._rewriting import Rewriting, tensor

_STEPS = frozenset({"round", "floor", "ceil", "trunc", "sign", "sgn"})
_ABOVE = frozenset({"gt", "ge", "greater", "greater_equal"})
_BELOW = frozenset({"lt", "le", "less", "less_equal"})
_NUMBERS = frozenset({"float", "double", "to", "type", "type_as", "half", "bfloat16"})


class StraightThrough(Rewriting):
    """Adds what carries the gradient, and takes its value away again."""

    names = frozenset({
        *_STEPS, *_ABOVE, *_BELOW, *_NUMBERS, "where",
        *(f"__{name}__" for name in ("gt", "ge", "lt", "le", "round", "floor", "ceil", "trunc")),
        *(f"{name}_" for name in _STEPS),
    })  # fmt: skip

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._known: dict[int, tuple[weakref.ref[Tensor], Tensor]] = {}

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make the call; give its result a way back."""
        result = func(*args, **kwargs)
        if not torch.is_grad_enabled() or not args or not isinstance(result, Tensor):
            return result
        x = tensor(args[0])
        if name in _STEPS and x is not None and x.requires_grad and result is not x:
            self.note_place(name)
            self.say(f"{name}: the gradient passes straight through")
            return _carried(result, x.clamp(-1, 1) if name in ("sign", "sgn") else x)
        if name in _ABOVE | _BELOW and x is not None and x.requires_grad and len(args) > 1:
            if len(self._known) > 64:
                self._known = {k: v for k, v in self._known.items() if v[0]() is not None}
            way = 0.5 * (x - args[1]).clamp(-1, 1)
            self._known[id(result)] = weakref.ref(result), way if name in _ABOVE else -way
            return result
        way_back = self._way(args[0])
        if way_back is None or not result.is_floating_point() or result.requires_grad:
            return result
        self.note_place("comparison")
        self.say("comparison: the gradient passes straight through")
        if name == "where":
            way_back = way_back * (args[1] - args[2]) if len(args) > 2 else way_back
        return _carried(result, way_back)

    def _way(self, condition: Any) -> Tensor | None:
        found = self._known.get(id(condition))
        return found[1] if found is not None and found[0]() is condition else None

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Nothing is kept beyond a step."""
        del optimizer, step
        self._known.clear()

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """From now on, in this thread."""
        del model, optimizer
        self.stay()
        self.say("gradients pass thresholds straight through from now on")


def _carried(value: Tensor, way: Tensor) -> Tensor:
    """The value, with the gradient of another tensor."""
    return value.detach() + (way - way.detach()).to(value.dtype)

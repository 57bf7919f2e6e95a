"""Choices that let the gradient pass: ``one_hot(argmax(x))`` with the slope of a softmax.

Or ``(x > threshold).float()`` with the slope of a sigmoid, four times as steep as that of one whose
unit is the spread of what is compared: half of that spread wide.

Layer: doctor's remedies, for ``add_to_optimizer`` with ``how="attach"``. The value stays the choice
itself; backward it counts as the softmax of what was chosen among.
Source: Jang, Gu and Poole 2017, "Categorical reparameterization with Gumbel-softmax", section 2.2
(the straight-through estimator); Bengio, Leonard and Courville 2013.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import Tensor

NUMBERS = frozenset({"float", "double", "to", "type", "type_as", "half", "bfloat16"})

COMPARISONS = {"gt": 1.0, "ge": 1.0, "lt": -1.0, "le": -1.0}
"""What compares two tensors, and which of them has to grow for it to hold."""

STEEP = 4.0
"""Slope of the sigmoid over that of one whose unit is the spread."""


class Choice:
    """Follows a choice from ``argmax`` over ``one_hot`` to the numbers that are multiplied with."""

    names = frozenset(
        {"argmax", "one_hot", *NUMBERS, *COMPARISONS, *map("__{}__".format, COMPARISONS)}
    )

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Tensor], Tensor]] = {}
        self._steps: set[int] = set()

    def compare(self, name: str, args: tuple[Any, ...], result: Any) -> None:
        """Know what a comparison was made between, one of them a parameter."""
        if len(args) != 2 or not isinstance(result, Tensor) or not torch.is_grad_enabled():
            return
        way = COMPARISONS[name] * (args[0] - args[1])
        if way.requires_grad and way.shape == result.shape and way.numel() > 1:
            self._know(result, STEEP * way / way.detach().std().clamp_min(1e-12))
            self._steps.add(id(result))

    def result(self, name: str, args: tuple[Any, ...], result: Any) -> Tensor | None:
        """What a call should give in place of its result; None: as it is.

        Args:
            name: Of the function.
            args: Its arguments.
            result: What it gave.
        """
        if not torch.is_grad_enabled() or not args or not isinstance(result, Tensor):
            return None
        x = args[0]
        if name == "argmax":
            if isinstance(x, Tensor) and x.requires_grad and result.shape == x.shape[:-1]:
                self._know(result, x)
            return None
        way = self._way(x)
        if way is None:
            return None
        if name == "one_hot":
            if result.shape == way.shape:
                self._know(result, way)
            return None
        if not result.is_floating_point() or result.shape != way.shape:
            return None
        step = id(x) in self._steps
        soft = (torch.sigmoid(way) if step else torch.softmax(way, -1)).to(result.dtype)
        return result.detach() + soft - soft.detach()

    def is_step(self, tensor: Any) -> bool:
        """Whether it is what a comparison gave."""
        return id(tensor) in self._steps

    def forget(self) -> None:
        """Nothing is kept beyond a step."""
        self._known.clear()
        self._steps.clear()

    def _know(self, made: Tensor, way: Tensor) -> None:
        self._known[id(made)] = weakref.ref(made), way

    def _way(self, tensor: Any) -> Tensor | None:
        found = self._known.get(id(tensor))
        return found[1] if found is not None and found[0]() is tensor else None

"""``add_residual``: what enters each block of a deep stack is added to what it gives.

Layer: doctor's remedies. A block is one of three or more children of one class, each of which gives
the shape that it is given: the outermost such stack counts, of layers or of whole blocks. What one
gives is divided by the root of their number, so that the signal's variance grows e-fold at most.
One that passes on what enters already, as a residual block does, is left as it is.
Source: He, Zhang, Ren and Sun 2016, "Deep residual learning", section 3.1; De and Smith 2020, on
branches that are smaller the deeper the network.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.remedies import Action
from rectifier.doctor.remedies._shadows import copies_of

LEAST = 3
"""Blocks from which they are a stack."""

PASSES = 0.5
"""Correlation of what a block gives with what enters, from which it passes that on already."""


class AddResidual(Action):
    """Hangs a way around each block of a stack."""

    meets_models = True

    def on_model(
        self, model: nn.Module, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Hook its blocks."""
        del name, args, kwargs
        self.unwritten = True
        for each in (model, *copies_of(model)):
            for blocks in stacks(each):
                around = _Around(self, blocks)
                for path, _ in blocks:
                    self.hang(each, path, around.hook(path))

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Hook the blocks of a live model."""
        del optimizer
        self.on_model(model, type(model).__name__, (), {})


class _Around:
    """The ways around the blocks of one stack."""

    def __init__(self, action: AddResidual, blocks: list[tuple[str, nn.Module]]) -> None:
        self._action = action
        self._share = 1.0 / math.sqrt(len(blocks))
        self._wanted: dict[str, bool] = {}

    def hook(self, path: str) -> Any:
        """The forward hook of a block."""

        def add(module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
            del module
            entered = args[0] if args else None
            first = output[0] if isinstance(output, tuple) and output else output
            if not isinstance(entered, Tensor) or not isinstance(first, Tensor):
                return None
            if entered.shape != first.shape or not entered.is_floating_point():
                return None
            if path not in self._wanted:
                self._wanted[path] = not _correlation(entered, first) >= PASSES
            if not self._wanted[path]:
                return None
            self._action.say_at("what enters is added to what is given by", path)
            passed = entered + self._share * first
            return passed if first is output else (passed, *output[1:])

        return add


def stacks(model: nn.Module) -> Iterator[list[tuple[str, nn.Module]]]:
    """The outermost stacks of a model: children of one class with weights, by path."""
    inside: list[str] = []
    for path, module in model.named_modules():
        if any(path == outer or path.startswith(f"{outer}.") for outer in inside):
            continue
        kinds: dict[type[nn.Module], list[tuple[str, nn.Module]]] = {}
        for name, child in module.named_children():
            if any(True for _ in child.parameters()):
                kinds.setdefault(type(child), []).append((f"{path}.{name}".lstrip("."), child))
        for blocks in kinds.values():
            if len(blocks) >= LEAST and "Norm" not in type(blocks[0][1]).__name__:
                inside += [name for name, _ in blocks]
                yield blocks


def _correlation(one: Tensor, other: Tensor) -> float:
    with torch.no_grad():
        both = torch.stack([one.detach().flatten().double(), other.detach().flatten().double()])
        return float(torch.corrcoef(both)[0, 1])


ACTION = AddResidual

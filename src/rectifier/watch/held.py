"""Optimisers and parameters: who holds what, at which learning rate, and what has a gradient.

Layer: watch, on torch.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.watch.record import OptimizerRecord, ParameterRecord
from rectifier.watch.thinning import Series, Thinning
from rectifier.watch.weights import held

_OFTEN = 16
_SELDOM = 8
"""The parameters are looked through at the first 16 observed steps and then at every eighth."""

_MOST_OPTIMIZERS = 64
_MOST_PARAMETERS = 20000
"""A program that makes new ones for ever is not followed beyond this; the living come first."""


@dataclass
class _Optimizer:
    reference: weakref.ref[Optimizer]
    kind: str
    series: Series[tuple[int, tuple[float, ...]]]
    steps: int = 0
    elements: tuple[int, ...] = ()
    options: tuple[Mapping[str, float], ...] = ()


@dataclass
class _Parameter:
    reference: weakref.ref[Tensor]
    name: str
    model: str
    elements: int
    requires_grad: bool = True
    held: bool = False
    observed: int = 0
    with_gradient: int = 0
    zero_gradient: int = 0


class Held:
    """All optimisers and parameters that were seen.

    Args:
        thinning: Which observed steps are kept.
    """

    def __init__(self, thinning: Thinning) -> None:
        self._thinning = thinning
        self._optimizers: list[_Optimizer] = []
        self._models: list[tuple[weakref.ref[nn.Module], str]] = []
        self._parameters: dict[int, _Parameter] = {}
        self._looked = 0

    def add_optimizer(self, optimizer: Optimizer) -> _Optimizer:
        """An optimiser exists."""
        known = next((o for o in self._optimizers if o.reference() is optimizer), None)
        if known is None:
            known = _Optimizer(
                weakref.ref(optimizer), type(optimizer).__name__, Series(self._thinning)
            )
            if len(self._optimizers) >= _MOST_OPTIMIZERS:
                gone = (o for o in self._optimizers if o.reference() is None)
                self._optimizers.remove(next(gone, self._optimizers[0]))
            self._optimizers.append(known)
        return known

    def everywhere(self) -> list[Tensor]:
        """What all optimisers hold."""
        alive = [one for o in self._optimizers if (one := o.reference()) is not None]
        return list({id(p): p for one in alive for p in held(one)}.values())

    def add_model(self, model: nn.Module, name: str) -> None:
        """A model is about to be trained."""
        self._models.append((weakref.ref(model), name))
        self._look_through(model, name)

    def add_tensors(self, name: str, model: str, tensors: Iterable[Tensor]) -> None:
        """A layer without a module holds these."""
        for number, tensor in enumerate(tensors):
            self._add(tensor, name if number == 0 else f"{name}:{number + 1}", model)

    def _look_through(self, model: nn.Module, name: str) -> None:
        for own, parameter in model.named_parameters():
            self._add(parameter, own, name)

    def _add(self, tensor: Tensor, name: str, model: str) -> None:
        known = self._parameters.get(id(tensor))
        if known is None or known.reference() is not tensor:
            found = _Parameter(weakref.ref(tensor), name, model, tensor.numel())
            if len(self._parameters) >= _MOST_PARAMETERS:
                alive = {k: p for k, p in self._parameters.items() if p.reference() is not None}
                self._parameters = alive
            self._parameters[id(tensor)] = found

    def take(
        self, index: int, step: int, optimizer: Optimizer | None, gradients: Mapping[int, float]
    ) -> None:
        """Take in a detailed step.

        Args:
            index: Number of the observed step.
            step: The step.
            optimizer: About to step; None: the program updates its weights by hand.
            gradients: Norm of the gradient by the parameter's ``id``.
        """
        if optimizer is not None:
            own = self.add_optimizer(optimizer)
            own.steps += 1
            groups = optimizer.param_groups
            own.series.put(index, (step, tuple(_number(g.get("lr")) for g in groups)))
            own.elements = tuple(sum(p.numel() for p in g["params"]) for g in groups)
            own.options = tuple(_options(g) for g in groups)
        self._looked += 1
        if self._looked > _OFTEN and self._looked % _SELDOM:
            return
        if self._looked in (2, _OFTEN):  # modules may have been added
            for reference, name in self._models:
                model = reference()
                if model is not None:
                    self._look_through(model, name)
        everywhere = set(map(id, self.everywhere()))
        stepping = everywhere if optimizer is None else {id(p) for p in held(optimizer)}
        for key, found in self._parameters.items():
            parameter = found.reference()
            if parameter is None:
                continue
            found.requires_grad = parameter.requires_grad
            found.held = found.held or key in everywhere
            if found.held and key not in stepping:
                continue
            found.observed += 1
            if parameter.grad is not None:
                found.with_gradient += 1
                found.zero_gradient += gradients.get(key) == 0.0

    def optimizers(self) -> tuple[OptimizerRecord, ...]:
        """The optimisers' part of the record."""
        return tuple(_optimizer_record(own) for own in self._optimizers)

    def parameters(self, *, by_hand: bool) -> tuple[ParameterRecord, ...]:
        """The parameters' part of the record.

        Args:
            by_hand: Whether the program updates its weights itself, so that all count as held.
        """
        return tuple(
            ParameterRecord(
                name=p.name,
                model=p.model,
                elements=p.elements,
                requires_grad=p.requires_grad,
                in_optimizer=p.held or by_hand,
                observed=p.observed,
                with_gradient=p.with_gradient,
                zero_gradient=p.zero_gradient,
            )
            for p in self._parameters.values()
        )


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _options(group: Mapping[str, Any]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for name, value in group.items():
        if name == "betas" and isinstance(value, tuple | list):
            found |= {f"beta{i + 1}": float(v) for i, v in enumerate(value)}
        elif isinstance(value, bool | int | float) and name != "lr":
            found[name] = float(value)
    return found


def _optimizer_record(own: _Optimizer) -> OptimizerRecord:
    rows = own.series.rows()
    groups = max((len(rates) for _, rates in rows), default=0)
    rates = np.full((len(rows), groups), np.nan)
    for row, (_, values) in enumerate(rows):
        rates[row, : len(values)] = values
    return OptimizerRecord(
        kind=own.kind,
        steps=own.steps,
        elements=np.array(own.elements, dtype=np.int64),
        options=own.options,
        step=np.array([step for step, _ in rows], dtype=np.int64),
        learning_rate=rates,
    )

"""Steps of the optimiser for several networks whose weights are stacked.

Layer: compare. The source of this file is part of every trial's hash. Two ways, chosen by device:
on a CPU torch's own fused optimisers, called for each member on its slices of the stacked weights
(by way of ``torch.optim`` a step of 64 members would spend most of its time in Python); on a GPU,
where each of these calls is a kernel to be launched and the kernels are short, one update of the
whole stack, with a rate and a decay for each member. A test holds both to ``torch.optim``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

import rectifier.torch as rt
from rectifier.compare.trial import Trial

_MOMENTUM = 0.9
_FIRST, _SECOND, _TINY = 0.9, 0.999, 1e-8
"""Of Adam, torch's defaults."""


class Updates(Protocol):
    """What `rectifier.compare.together` needs."""

    def apply(self, rates: Sequence[float]) -> None:
        """Update every member at its own rate, from the gradients of the stacked weights."""
        ...


def updates_of(trials: Sequence[Trial], pattern: nn.Module, weights: dict[str, Tensor]) -> Updates:
    """The way that suits the device of the trials.

    Args:
        trials: One for each member.
        pattern: A network of theirs.
        weights: By name, the members first.
    """
    return (MemberByMember if trials[0].device == "cpu" else AllAtOnce)(trials, pattern, weights)


class MemberByMember:
    """torch's fused optimisers on each member's slices."""

    def __init__(
        self, trials: Sequence[Trial], pattern: nn.Module, weights: dict[str, Tensor]
    ) -> None:
        self._optimizer = trials[0].optimizer
        decayed = _decayed(pattern)
        names = [[n for n in weights if n in decayed], [n for n in weights if n not in decayed]]
        self._weights = weights
        self._parts = []
        state = {
            name: [torch.zeros_like(value, requires_grad=False) for _ in range(2)]
            for name, value in weights.items()
        }
        for member, trial in enumerate(trials):
            for group, decay in zip(names, (trial.setting.weight_decay, 0.0), strict=True):
                if group:
                    own = [weights[name].detach()[member] for name in group]
                    kept = [[state[name][k][member] for name in group] for k in range(2)]
                    counts = [torch.zeros(()) for _ in group]
                    self._parts.append((member, group, decay, own, kept, counts))
        self._first = True

    def apply(self, rates: Sequence[float]) -> None:
        """See `Updates`."""
        gradients = {name: _gradient(value).unbind() for name, value in self._weights.items()}
        for member, group, decay, own, (first, second), counts in self._parts:
            found = [gradients[name][member] for name in group]
            if self._optimizer == "sgd":
                torch._fused_sgd_(
                    own, found, first, lr=rates[member], momentum=_MOMENTUM, weight_decay=decay,
                    dampening=0.0, nesterov=False, maximize=False, is_first_step=self._first,
                )  # fmt: skip
                continue
            torch._foreach_add_(counts, 1)
            update = torch._fused_adam_ if self._optimizer == "adam" else torch._fused_adamw_
            update(
                own, found, first, second, [], counts, lr=rates[member], beta1=_FIRST,
                beta2=_SECOND, weight_decay=decay, eps=_TINY, amsgrad=False, maximize=False,
            )  # fmt: skip
        self._first = False


class AllAtOnce:
    """The same arithmetic on whole stacks: a few kernels a step, however many members."""

    def __init__(
        self, trials: Sequence[Trial], pattern: nn.Module, weights: dict[str, Tensor]
    ) -> None:
        self._optimizer = trials[0].optimizer
        decayed = _decayed(pattern)
        self._weights = list(weights.values())
        self._decays = [
            self._each([t.setting.weight_decay for t in trials], value) if name in decayed else None
            for name, value in weights.items()
        ]
        self._first = [torch.zeros_like(value, requires_grad=False) for value in self._weights]
        self._second = [torch.zeros_like(value, requires_grad=False) for value in self._weights]
        self._steps = 0

    @staticmethod
    def _each(values: Sequence[float], like: Tensor) -> Tensor:
        """One number for each member, to be multiplied with its weights."""
        found = torch.tensor(values, dtype=like.dtype).to(like.device)
        return found.reshape(-1, *[1] * (like.dim() - 1))

    def apply(self, rates: Sequence[float]) -> None:
        """See `Updates`."""
        self._steps += 1
        # One transfer a step, then views of it.
        flat = torch.tensor(rates, dtype=torch.float64).to(self._weights[0].device)
        gradients = [_gradient(value).clone() for value in self._weights]
        with torch.no_grad():
            own = [value.detach() for value in self._weights]
            each = [flat.to(value.dtype).reshape(-1, *[1] * (value.dim() - 1)) for value in own]
            for value, gradient, decay, rate in zip(
                own, gradients, self._decays, each, strict=True
            ):
                if decay is None:
                    continue
                if self._optimizer == "adamw":
                    value.mul_(1 - rate * decay)
                else:
                    gradient.addcmul_(value, decay)
            if self._optimizer == "sgd":
                torch._foreach_mul_(self._first, _MOMENTUM)
                torch._foreach_add_(self._first, gradients)
                torch._foreach_sub_(own, torch._foreach_mul(self._first, each))
                return
            torch._foreach_lerp_(self._first, gradients, 1 - _FIRST)
            torch._foreach_mul_(self._second, _SECOND)
            torch._foreach_addcmul_(self._second, gradients, gradients, 1 - _SECOND)
            below = torch._foreach_sqrt(self._second)
            torch._foreach_div_(below, (1 - _SECOND**self._steps) ** 0.5)
            torch._foreach_add_(below, _TINY)
            step = torch._foreach_div(self._first, below)
            torch._foreach_div_(step, 1 - _FIRST**self._steps)
            torch._foreach_mul_(step, each)
            torch._foreach_sub_(own, step)


def _gradient(value: Tensor) -> Tensor:
    return torch.zeros_like(value) if value.grad is None else value.grad


def _decayed(pattern: nn.Module) -> set[str]:
    """Names of the parameters that weight decay pulls on, as alone."""
    names = {id(parameter): name for name, parameter in pattern.named_parameters()}
    groups = rt.parameter_groups(pattern, weight_decay=1.0)
    return {names[id(p)] for group in groups if group["weight_decay"] for p in group["params"]}

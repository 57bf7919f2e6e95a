"""``clip_gradients`` with ``loosen``: a bound far below every gradient is raised to their size.

Layer: doctor's remedies. A bound of the norm is for the rare gradient that is far above the usual
one. Where it cuts each of them a hundredfold, as where a loss scaler's factor of 65,536 is still in
them, or where 1e-4 was typed for 10, steps are next to nothing however the loss falls. The bound
becomes the norm that was met first. Only torch's own ``clip_grad_norm_`` is met.

Source: Micikevicius et al. 2018, "Mixed precision training", section 3.2 (unscale before clipping).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action

TIGHT = 100.0
"""Norm of a gradient over its bound from which the bound is no guard any more: two decades."""

_CUT = "_clip_grads_with_norm_"
"""What ``clip_grad_norm_`` calls, whatever name a program imported it by; from torch 2.6 on."""


class Loosening(Action):
    """Stands in for what cuts the gradients."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._interception: Any = None
        self._plain: Any = None
        self._bounds: dict[float, float] = {}

    @property
    def interception(self) -> Any:
        """Set while attached."""
        return self._interception

    @interception.setter
    def interception(self, value: Any) -> None:
        if value is not None and self._interception is None:
            self._put_in()
        elif value is None and self._plain is not None:
            if getattr(clip_grad, _CUT) == self._cut:  # else whoever wrapped it first puts it back
                setattr(clip_grad, _CUT, self._plain)
            self._plain = None
        self._interception = value

    def _put_in(self) -> None:
        self._plain = getattr(clip_grad, _CUT, None)
        if self._plain is not None:
            setattr(clip_grad, _CUT, self._cut)

    def _cut(
        self, parameters: Any, max_norm: float, total_norm: Tensor, *rest: Any, **named: Any
    ) -> None:
        size, bound = float(total_norm), float(max_norm)
        if bound not in self._bounds and bound > 0 and TIGHT * bound < size < float("inf"):
            self._bounds[bound] = size
            self.unwritten = True
            self.say(f"bound of the gradients' norm: {bound:g} → {size:.2g}, as large as they are")
        self._plain(parameters, self._bounds.get(bound, max_norm), total_norm, *rest, **named)

    def wants_step(self, step: int) -> bool:
        """None: it needs no site."""
        del step
        return False

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """From now on."""
        del model, optimizer
        self._put_in()
        self.say("bounds of the gradients' norm that cut them a hundredfold are loosened")

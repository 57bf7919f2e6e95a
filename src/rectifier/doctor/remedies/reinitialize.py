"""``reinitialize``: weights drawn anew, to suit the activation that follows each layer.

Layer: doctor's remedies, on the front end's ``init_``. Settings: ``scheme``. Acts once per model,
before its first training forward pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from rectifier.doctor.remedies import Action, apart


class Reinitialize(Action):
    """Calls ``init_`` on each model before it trains; biases become zero."""

    def wants_step(self, step: int) -> bool:
        """The first: models are told of only while a step is seen."""
        return step == 0

    def on_model(
        self, model: nn.Module, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """Draw new weights, apart from the program's random stream."""
        del kwargs
        self._draw(model, name, tuple(args) or None)

    def _draw(self, model: nn.Module, name: str, sample: tuple[Any, ...] | None) -> None:
        from rectifier.torch import init_

        scheme = str(self.remedy.settings.get("scheme", "he_normal"))
        with apart():
            init_(model, sample, scheme=scheme)
        self.say(f"weights of {name} drawn anew ({scheme}, gain of the activation that follows)")

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Draw new weights now; what the optimiser remembers of the old ones is forgotten."""
        self._draw(model, type(model).__name__, None)
        if optimizer is not None:
            optimizer.state.clear()


ACTION = Reinitialize

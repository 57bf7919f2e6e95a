"""``reinitialize`` with ``biases``: shifts that silence units from the start begin at nought.

Layer: doctor's remedies. Scope: ``sites``. Where a constant typed for the biases is what silences a
layer, the weights were drawn well enough, and may have been drawn with care: tied, orthogonal, of a
scale of their own. They stay. Biases are set behind the first step, when it is known what is added.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action, Site


class Unbiased(Action):
    """Sets the biases before the named sites to nought, once."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._met: dict[str, Tensor] = {}

    def wants_step(self, step: int) -> bool:
        """The first."""
        return step == self.since

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        """Know what is added before it."""
        del input, output
        bias = None if site.feeding is None else site.feeding.bias()
        if self.concerns(site) and bias is not None and bias.is_leaf:
            self._met.setdefault(site.layer or site.name, bias)

    def after_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Set them; what the optimiser remembers of them is of another place."""
        if step != self.since:
            return
        for name, bias in self._met.items():
            if optimizer is not None:
                optimizer.state.pop(bias, None)
            self._clear(name, bias)
        self._met.clear()

    def _clear(self, name: str, bias: Tensor) -> None:
        with torch.no_grad():
            bias.zero_()
        self.say(f"biases of {name} start at nought")

    def apply(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        """Set them now, of the layers before the sites."""
        modules = dict(model.named_modules())
        for name in self.remedy.scope.get("layers", ()):
            bias = getattr(modules.get(str(name)), "bias", None)
            if isinstance(bias, Tensor):
                if optimizer is not None:
                    optimizer.state.pop(bias, None)
                self._clear(str(name), bias)

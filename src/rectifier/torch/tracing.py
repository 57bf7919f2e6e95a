"""The sites of a model, found by one pass through it.

Part of the torch front end's interception; `rectifier.torch.sites` is its public face.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rectifier.torch.interception import Interception
from rectifier.torch.observer import Observer, Site


def trace(model: nn.Module, *args: Any) -> list[Site]:
    """The sites of a model in forward order, from one pass in evaluation mode.

    Args:
        model: Any module; its modes, buffers and gradients are as before afterwards.
        *args: What to call it with.

    Returns:
        Its sites.
    """
    collector = _Collector()
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with Interception([collector], [model]), torch.enable_grad():
            model(*args)
    finally:
        for module, training in modes:
            module.training = training
    return collector.sites


class _Collector(Observer):
    def __init__(self) -> None:
        self.sites: list[Site] = []

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        if site not in self.sites:
            self.sites.append(site)

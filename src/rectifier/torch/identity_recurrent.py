"""Recurrent layers that start as the identity: IRNN.

Layer: torch front end, below `rectifier.torch.initialize`, whose scheme ``"identity"`` this is for
models with plain recurrent layers. LSTM and GRU have gates instead and are left as they are.

Source: Le, Jaitly and Hinton (2015), "A Simple Way to Initialize Recurrent Networks of Rectified
Linear Units": recurrent weights the identity, all others from N(0, 0.001²), biases 0.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.analysis.schemes import RECURRENT_STD

Recurrent = nn.RNN | nn.RNNCell


def find(model: nn.Module) -> dict[str, Recurrent]:
    """Return the plain recurrent layers of a model whose weights may be trained, by path."""
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.RNN | nn.RNNCell)
        and all(parameter.requires_grad for parameter in module.parameters())
    }


def initialize(layer: Recurrent, generator: torch.Generator | None) -> None:
    """Make the recurrent weights the identity, the others small, the biases 0."""
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.startswith("weight_hh"):
                nn.init.eye_(parameter)
            elif name.startswith("bias"):
                parameter.zero_()
            else:
                device = parameter.device if generator is None else generator.device
                drawn = torch.empty(parameter.shape, device=device)
                drawn.normal_(0.0, RECURRENT_STD, generator=generator)
                parameter.copy_(drawn)

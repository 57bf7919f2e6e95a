"""Recurrent layers drawn anew where their weights do not keep a state; for ``reinitialize``.

Layer: doctor's remedies. ``init_`` leaves recurrent layers alone, as PyTorch draws them well; those
that a program drew on another scale are drawn here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LOW, HIGH = 0.2, 2.0
"""Size of recurrent weights times the root of their inputs, between which they may stay: PyTorch's
own are 0.58, orthogonal ones 1; from 2 on a ReLU's state doubles its power at every step."""


def redraw(model: nn.Module) -> list[str]:
    """Draw recurrent weights that are off their scale, and what goes with them.

    Args:
        model: The model; its other layers stay as they are.

    Returns:
        Paths of the layers that were drawn.

    Source:
        Le, Jaitly and Hinton 2015 (the identity for ReLU); Saxe, McClelland and Ganguli 2014
        (orthogonal matrices keep a state's size).
    """
    drawn = []
    with torch.no_grad():
        for path, module in model.named_modules():
            if not isinstance(module, nn.RNNBase | nn.RNNCellBase):
                continue
            named = [(n, p) for n, p in module.named_parameters() if p.requires_grad]
            square = [p for n, p in named if n.startswith("weight_hh")]
            if not square or all(LOW < _size(p) < HIGH for p in square):
                continue
            rectified = getattr(module, "nonlinearity", "") == "relu"
            for name, parameter in named:
                _draw(name, parameter, int(module.hidden_size), rectified)
            drawn.append(path)
    return drawn


def _size(weight: Tensor) -> float:
    values = weight.detach().double()
    return float(values.square().mean().sqrt()) * math.sqrt(values.shape[1])


def _draw(name: str, parameter: Tensor, hidden: int, rectified: bool) -> None:
    if name.startswith("bias"):
        parameter.zero_()
    elif not name.startswith("weight_hh"):
        bound = 1.0 / math.sqrt(hidden)
        parameter.uniform_(-bound, bound)
    elif rectified:
        nn.init.eye_(parameter)
    else:
        for gate in torch.split(parameter, hidden):  # a gate's weights are a square each
            nn.init.orthogonal_(gate)

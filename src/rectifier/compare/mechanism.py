"""What the units of a trained network do: share of dead units and of exactly zero outputs.

Layer: compare. The activations are seen through the one interception layer,
`rectifier.torch.sites`, so that a network with functional calls is measured like one with modules.
"""

from __future__ import annotations

import math

import torch
from torch import nn


def measure(model: nn.Module, x: torch.Tensor) -> tuple[float, float]:
    """One pass over ``x``; not available yet."""
    return math.nan, math.nan

"""What the units of a trained network do: share of dead units and of exactly zero outputs.

Layer: compare. The activations are seen through the one interception layer,
`rectifier.torch.sites`, so that a network with functional calls is measured like one with modules.
The source of this file is part of every trial's hash.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from rectifier.torch.sites import Interception, Observer, Site


class _Census(Observer):
    """Keeps what went into and came out of every site."""

    def __init__(self) -> None:
        self.seen: list[tuple[Site, Tensor, Tensor]] = []

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        self.seen.append((site, input.detach(), output.detach()))


def measure(model: nn.Module, x: Tensor) -> tuple[float, float, str]:
    """Shares over all sites in one pass, in evaluation mode and without gradients.

    Args:
        model: The network; nothing of it is changed but its training mode, to evaluation.
        x: All inputs that dead units are dead for, shape (samples, …).

    Returns:
        Share of units with no positive output and zero slope for every input, and share of
        outputs that are exactly zero, NaN where nothing was seen; and what the interception could
        not see, as a sentence, empty if nothing.
    """
    census = _Census()
    model.eval()
    with torch.no_grad(), Interception([census], [model]) as interception:
        model(x)
    units = dead = outputs = zeros = 0
    for site, site_input, output in census.seen:
        outputs += output.numel()
        zeros += int((output == 0).sum())
        if site.apply is not None:
            silent = _unit_rows(output, site.unit_axis).amax(dim=1) <= 0
            flat = (_unit_rows(_slope(site, site_input), site.unit_axis) == 0).all(dim=1)
            units += silent.numel()
            dead += int((silent & flat).sum())
    return (
        dead / units if units else math.nan,
        zeros / outputs if outputs else math.nan,
        " ".join(interception.notes),
    )


def _slope(site: Site, site_input: Tensor) -> Tensor:
    """The derivative at every input, as the site itself would propagate it."""
    assert site.apply is not None  # the caller has looked
    leaf = site_input.clone().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(site.apply(leaf).sum(), leaf)
    return slope


def _unit_rows(values: Tensor, axis: int) -> Tensor:
    """One row for each unit, with all that the unit gave."""
    return values.movedim(axis, 0).flatten(1)

"""What a trained network does: dead units, exact zeros, the flow of gradients, sharpness.

Layer: compare. The activations are seen through the one interception layer,
`rectifier.torch.sites`, so that a network with functional calls is measured like one with modules.
The source of this file is part of every trial's hash.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from rectifier.torch.sites import Interception, Observer, Site

_CHUNK = 2048
"""Samples that are looked at at once."""
_REACH = 1e-3
"""Length of the step of `flow_and_sharpness`, in norms of the weights."""


class _Census(Observer):
    """Adds up over all chunks what every site did."""

    def __init__(self) -> None:
        self.dead: dict[int, Tensor] = {}
        self.outputs = self.zeros = 0
        self._sites: list[Site] = []  # so that none is freed and its id given to another

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        output = output.detach()
        self.outputs += output.numel()
        self.zeros += int((output == 0).sum())
        if site.apply is None:
            return
        silent = _unit_rows(output, site.unit_axis).amax(dim=1) <= 0
        if silent.any():
            silent &= (_unit_rows(_slope(site, input.detach()), site.unit_axis) == 0).all(dim=1)
        if id(site) in self.dead:
            self.dead[id(site)] &= silent
        else:
            self._sites.append(site)
            self.dead[id(site)] = silent


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
        for start in range(0, len(x), _CHUNK):
            model(x[start : start + _CHUNK])
    units = sum(found.numel() for found in census.dead.values())
    dead = sum(int(found.sum()) for found in census.dead.values())
    return (
        dead / units if units else math.nan,
        census.zeros / census.outputs if census.outputs else math.nan,
        " ".join(interception.notes),
    )


def flow_and_sharpness(model: nn.Module, loss: Callable[[], Tensor]) -> tuple[float, float]:
    """How gradients reach the first layer, and how steep the loss is about these weights.

    Args:
        model: The network, left as it was but for its gradients, which are cleared.
        loss: Computes a loss of it.

    Returns:
        Root mean square of the gradient of the first weight matrix over that of the last, and the
        relative rise of the loss one short step up the gradient (a proxy for curvature, after P.
        Foret et al. 2021, "Sharpness-aware minimization"); NaN where it cannot be told.
    """
    model.eval()
    model.zero_grad()
    before = loss()
    before.backward()  # type: ignore[no-untyped-call]
    found = [(p, p.grad.detach().clone()) for p in model.parameters() if p.grad is not None]
    matrices = [gradient for parameter, gradient in found if parameter.dim() > 1]
    model.zero_grad()
    if not matrices:
        return math.nan, math.nan
    first, last = (
        float(each.double().square().mean().sqrt()) for each in (matrices[0], matrices[-1])
    )
    with torch.no_grad():
        norm = math.sqrt(sum(float(p.double().square().sum()) for p, _ in found))
        length = math.sqrt(sum(float(g.double().square().sum()) for _, g in found))
        if length == 0 or not math.isfinite(length):
            return (first / last if last else math.nan), math.nan
        kept = [parameter.clone() for parameter, _ in found]
        for parameter, gradient in found:
            parameter.add_(gradient, alpha=_REACH * norm / length)
        after = float(loss())
        for (parameter, _), old in zip(found, kept, strict=True):
            parameter.copy_(old)
    start = float(before.detach())
    return (first / last if last else math.nan), (after - start) / start if start > 0 else math.nan


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

"""What is read of weights, biases and optimisers.

Layer: watch, on torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.torch.sites import Layer, Site
from rectifier.watch import statistics
from rectifier.watch.ledger import Feeding, median

_SOME_UNITS = 128


def medians(site: Site) -> tuple[float, float]:
    """Medians of bias and weight norm over units of the layer that feeds a site, as they are now.

    Over at most about 256 evenly chosen units; NaN where there are none.
    """
    layer = site.feeding
    if layer is None:
        return math.nan, math.nan
    weight, bias = layer.weight(), layer.bias()
    tensors: list[Tensor] = []
    bias_at = norm_at = -1
    if weight is not None and is_plain(weight) and weight.dim() > 0:
        axis = 1 if layer.transposed and weight.dim() > 1 else 0
        some = weight.detach()[(slice(None),) * axis + (slice(None, None, _stride(weight, axis)),)]
        norm_at = len(tensors)
        tensors.append(statistics.unit_norms(some, transposed=layer.transposed))
    if bias is not None and is_plain(bias) and bias.dim() > 0:
        bias_at = len(tensors)
        tensors.append(bias.detach()[:: _stride(bias, 0)])
    values = statistics.fetch(tensors)
    return (
        median(values[bias_at]) if bias_at >= 0 else math.nan,
        median(values[norm_at]) if norm_at >= 0 else math.nan,
    )


def _stride(tensor: Tensor, axis: int) -> int:
    return max(1, tensor.shape[axis] // _SOME_UNITS)


def feeding(site: Site) -> Feeding | None:
    """Bias and weight norm per unit of the layer that feeds a site, as they are now."""
    layer = site.feeding
    if layer is None:
        return None
    unknown = np.full(site.units, np.nan)
    tensors: list[Tensor] = []
    weight, bias = layer.weight(), layer.bias()
    norm_at = bias_at = -1
    if weight is not None and is_plain(weight) and weight.dim() > 0:
        norm_at = len(tensors)
        tensors.append(statistics.unit_norms(weight, transposed=layer.transposed))
    if bias is not None and is_plain(bias):
        bias_at = len(tensors)
        tensors.append(bias)
    values = statistics.fetch(tensors)
    return Feeding(
        bias=_per_unit(values[bias_at], site.units) if bias_at >= 0 else unknown,
        norm=_per_unit(values[norm_at], site.units) if norm_at >= 0 else unknown,
    )


def _per_unit(values: NDArray[Any], units: int) -> NDArray[np.float64]:
    """Spread values over units: a flattened feature map has several units a channel."""
    if values.ndim == 1 and values.size == units:
        return values.astype(np.float64)
    if values.ndim == 1 and values.size and units % values.size == 0:
        return np.repeat(values.astype(np.float64), units // values.size)
    return np.full(units, np.nan)


def weights(layer: Layer) -> list[Tensor]:
    """The weight of a layer; all its matrices where it has no single one."""
    weight = layer.weight()
    if weight is not None:
        return [weight] if is_plain(weight) else []
    return [t for t in layer.tensors() if t.dim() > 1 and is_plain(t)]


def start(layer: Layer, own: list[Tensor]) -> dict[str, float]:
    """How the weights and biases of a layer are, as the fields of a record of it call it.

    Args:
        layer: The layer.
        own: Its weights, as `weights` gives them; at least one.
    """
    first, bias = own[0].detach(), layer.bias()
    flat = torch.cat([w.detach().reshape(-1) for w in own]) if len(own) > 1 else first.reshape(-1)
    found = [flat.mean(), flat.std(correction=0), (flat == 0).mean(dtype=torch.float32)]
    units, distinct = first.shape[0], math.nan
    if layer.fan_in and first.dim() > 1:
        rows = (first.transpose(0, 1) if layer.transposed else first).flatten(1)
        units = rows.shape[0]
        distinct = _distinct(rows) / max(units, 1)
    if bias is not None and is_plain(bias):
        found += [bias.detach().mean(), bias.detach().std(correction=0)]
    values = [float(value) for value in found]
    known = ("weight_mean_start", "weight_std_start", "weight_zero_start")
    named = dict(zip((*known, "bias_mean_start", "bias_std_start"), values, strict=False))
    return {**named, "units": units, "distinct_units_start": distinct}


def _distinct(rows: Tensor) -> int:
    """How many rows of a matrix differ: those whose sum under fixed uneven weights does.

    Not a matrix product: that may add up equal rows in different orders.
    """
    wide = torch.float32 if rows.device.type == "mps" else torch.float64
    uneven = torch.arange(1, rows.shape[1] + 1, device=rows.device, dtype=wide).sin()
    return int(torch.unique((rows.to(wide) * uneven).sum(1)).numel())


def held(optimizer: Optimizer) -> list[Tensor]:
    """The parameters that an optimiser holds."""
    return [p for group in optimizer.param_groups for p in group["params"]]


def is_plain(tensor: Tensor | None) -> bool:
    """Whether a tensor is an ordinary dense one that statistics can be taken of."""
    return (
        tensor is not None
        and type(tensor) in (Tensor, nn.Parameter)
        and tensor.layout is torch.strided
        and tensor.is_floating_point()
        and tensor.device.type != "meta"
    )


def learning_rate(optimizer: Optimizer | None) -> float:
    """The largest over the optimiser's groups; NaN where there is none."""
    if optimizer is None:
        return math.nan
    rates = [group["lr"] for group in optimizer.param_groups if "lr" in group]
    return max((float(rate) for rate in rates), default=math.nan)


def joint(norms: Iterable[float]) -> float:
    """The norm of several parts together; NaN of none."""
    squares = [float(norm) ** 2 for norm in norms]
    return math.sqrt(sum(squares)) if squares else math.nan


def ratio(change: float, size: float) -> float:
    """Of two norms; NaN where the second is zero."""
    return change / size if size > 0 else math.nan


def bad_elements(tensors: Iterable[Tensor | None], norm: float) -> float:
    """How many elements are NaN or infinite; looked at only where the norm says that some are."""
    if math.isfinite(norm) or (math.isnan(norm) and not any(is_plain(t) for t in tensors)):
        return 0.0
    return float(sum(int((~torch.isfinite(t)).sum()) for t in tensors if t is not None))

"""What is read of weights, biases and optimisers.

Layer: watch, on torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.torch.sites import Layer, Site
from rectifier.watch import statistics
from rectifier.watch.ledger import Feeding, median
from rectifier.watch.record import IntArray

_SOME_UNITS = 128


class Medians:
    """Medians of bias and weight norm over units of the layer that feeds a site, as they are now.

    Over at most about 256 evenly chosen units; NaN where there are none. They are told once the
    numbers have come from the device.

    Args:
        site: The site.
        put: Takes a tensor along, and gives the number to get its values by.
    """

    def __init__(self, site: Site, put: Callable[[Tensor], int]) -> None:
        self._bias = self._norm = -1
        layer = site.feeding
        if layer is None:
            return
        weight, bias = layer.weight(), layer.bias()
        if weight is not None and is_plain(weight) and weight.dim() > 0:
            axis = 1 if layer.transposed and weight.dim() > 1 else 0
            apart = slice(None, None, _stride(weight, axis))
            some = weight.detach()[(slice(None),) * axis + (apart,)]
            self._norm = put(statistics.unit_norms(some, transposed=layer.transposed))
        if bias is not None and is_plain(bias) and bias.dim() > 0:
            self._bias = put(bias.detach()[:: _stride(bias, 0)])

    def told(self, get: Callable[[int], NDArray[Any]]) -> tuple[float, float]:
        """Those of the bias and of the weight norm.

        Args:
            get: Gives the values by their number.
        """
        bias, norm = (median(get(at)) if at >= 0 else math.nan for at in (self._bias, self._norm))
        return bias, norm


def _stride(tensor: Tensor, axis: int) -> int:
    return max(1, tensor.shape[axis] // _SOME_UNITS)


def feeding(site: Site, units: IntArray | None = None) -> Feeding | None:
    """Bias and weight norm per unit of the layer that feeds a site, as they are now.

    Args:
        site: The site.
        units: Only these are asked for; the others come as NaN where that saves work.
    """
    layer = site.feeding
    if layer is None:
        return None
    unknown = np.full(site.units, np.nan)
    tensors: list[Tensor] = []
    weight, bias = layer.weight(), layer.bias()
    norm_at = bias_at = -1
    some: IntArray | None = None
    if weight is not None and is_plain(weight) and weight.dim() > 0:
        norm_at = len(tensors)
        axis = 1 if layer.transposed and weight.dim() > 1 else 0
        if units is not None and weight.shape[axis] == site.units and 4 * units.size < site.units:
            some = units
            index = torch.from_numpy(units).to(weight.device)
            weight = weight.detach().index_select(axis, index)
        tensors.append(statistics.unit_norms(weight, transposed=layer.transposed))
    if bias is not None and is_plain(bias):
        bias_at = len(tensors)
        tensors.append(bias)
    values = statistics.fetch(tensors)
    norm = unknown
    if some is not None:
        norm = unknown.copy()
        norm[some] = values[norm_at]
    elif norm_at >= 0:
        norm = _per_unit(values[norm_at], site.units)
    return Feeding(
        bias=_per_unit(values[bias_at], site.units) if bias_at >= 0 else unknown,
        norm=norm,
        whole=some is None,
    )


def _per_unit(values: NDArray[Any], units: int) -> NDArray[np.float64]:
    """Spread values over units: a flattened feature map has several units a channel."""
    if values.size == units:  # a vector, or a column
        return values.reshape(-1).astype(np.float64)
    if values.ndim == 1 and values.size and units % values.size == 0:
        return np.repeat(values.astype(np.float64), units // values.size)
    return np.full(units, np.nan)


def weights(layer: Layer) -> list[Tensor]:
    """The weight of a layer; all its matrices where it has no single one of its own."""
    module = layer.module()
    made = module is not None and "parametrizations" in module._modules
    weight = None if made else layer.weight()
    if weight is not None:
        return [weight] if is_plain(weight) else []
    return [t for t in layer.tensors() if t.dim() > 1 and is_plain(t)]


def held(optimizer: Optimizer) -> list[Tensor]:
    """The parameters that an optimiser holds."""
    return [p for group in optimizer.param_groups for p in group["params"]]


def is_plain(tensor: Tensor | None) -> bool:
    """Whether a tensor is an ordinary dense one that statistics can be taken of.

    Not where its memory was given back, as FSDP does with whole weights between the passes.
    """
    return (
        tensor is not None
        and type(tensor) in (Tensor, nn.Parameter)
        and tensor.layout is torch.strided
        and tensor.is_floating_point()
        and tensor.device.type != "meta"
        and (tensor.untyped_storage().size() > 0 or tensor.numel() == 0)
    )


def learning_rate(optimizer: Optimizer | None) -> float:
    """The largest over the optimiser's groups; NaN where there is none."""
    if optimizer is None:
        return math.nan
    rates = [group["lr"] for group in optimizer.param_groups if "lr" in group]
    return max((float(rate) for rate in rates), default=math.nan)


def joint(norms: Iterable[float]) -> float:
    """The norm of several parts together; NaN of none."""
    parts = [float(norm) for norm in norms]
    return math.nan if not parts or any(map(math.isnan, parts)) else math.hypot(*parts)


def ratio(change: float, size: float) -> float:
    """Of two norms; NaN where the second is zero."""
    return change / size if size > 0 else math.nan


def bad_elements(tensors: Iterable[Tensor | None], norm: float) -> float:
    """How many elements are NaN or infinite; looked at only where the norm says that some are."""
    if math.isfinite(norm) or (math.isnan(norm) and not any(is_plain(t) for t in tensors)):
        return 0.0
    return float(sum(int((~torch.isfinite(t)).sum()) for t in tensors if t is not None))


def never_counted(batches: Tensor | None) -> bool:
    """Whether a normalisation's count of batches is known and stands at zero."""
    if type(batches) is not Tensor or batches.device.type == "meta":
        return False
    return not bool(batches.any())

"""What is read of a parameter to tell how it was drawn, and whether its units are alike.

Layer: watch, on torch; used by `rectifier.watch.census`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from rectifier.watch.weights import is_plain

_KEPT = 1024
"""Elements of a parameter by which it is told how far it has moved."""


def fan_in(shape: tuple[int, ...], columns: bool) -> int:
    """Inputs of one unit; ``columns``: units are columns, as in ``x @ w``."""
    if len(shape) < 2:
        return 0
    return math.prod(shape[:-1] if columns else shape[1:])


def sample(parameter: Tensor) -> Tensor | None:
    """Some elements, evenly chosen; None where there are none to read."""
    if not is_plain(parameter) or not parameter.numel():
        return None
    flat = parameter.detach().reshape(-1)
    return flat[:: max(1, flat.numel() // _KEPT)][:_KEPT].float().clone()


def any_of(gradient: Tensor) -> bool:
    """Whether a gradient has an element that is not zero; of one that cannot be read: yes.

    Those of embeddings may be sparse, those of sharded weights distributed.
    """
    if gradient.layout is torch.sparse_coo:
        gradient = gradient._values()
    return not is_plain(gradient) or bool(gradient.any())


def alike(values: Tensor) -> tuple[float, float]:
    """Share of rows, and of columns, that repeat another one."""
    if values.dim() < 2 or not values.numel():
        return math.nan, math.nan
    rows = values.reshape(values.shape[0], -1)
    return _repeats(rows), _repeats(rows.T) if values.dim() == 2 else math.nan


def empty(values: Tensor) -> tuple[float, float]:
    """Share of rows, and of columns, that are all zero."""
    if values.dim() < 2:
        return math.nan, math.nan
    there = values.reshape(values.shape[0], -1) != 0
    return tuple(1.0 - float(there.any(dim=d).double().mean()) for d in (1, 0))  # type: ignore[return-value]


def _repeats(rows: Tensor) -> float:
    """Of rows that are not zero, unless all are: unused rows of a table do not count."""
    if min(rows.shape) < 2:
        return math.nan
    rows = rows.double()
    probe = torch.cos(torch.arange(rows.shape[1], device=rows.device, dtype=rows.dtype) * 1.7 + 0.3)
    marks = torch.stack([rows @ probe, rows @ probe.flip(0), rows.abs().sum(1)], 1)
    scale = marks.abs().amax()
    if not torch.isfinite(scale):
        return math.nan
    marks = (marks / scale.clamp_min(1e-300) * 1e7).round()
    some = marks[marks[:, 2] != 0]
    marks = some if some.shape[0] else marks
    return 1.0 - int(torch.unique(marks, dim=0).shape[0]) / marks.shape[0]


def spread(values: Tensor) -> float:
    """Norm of the rows' differences from their mean over the norm of all; NaN of one row."""
    if values.dim() < 2 or values.shape[0] < 2:
        return math.nan
    rows = values.reshape(values.shape[0], -1).double()
    size = float(rows.norm())
    return float((rows - rows.mean(0)).norm()) / size if size > 0 else math.nan

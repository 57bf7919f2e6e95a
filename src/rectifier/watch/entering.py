"""What enters the first layers and the loss functions.

Layer: watch, on torch. Measured on the device from about `MOST` numbers a step; the sums of a
step are fetched with the rest of it (`rectifier.watch.cargo`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rectifier.torch.sites import Layer
from rectifier.torch.upstream import origin, path, upstream
from rectifier.watch.record import DataRecord, LossRecord

MOST = 8192
"""About how many numbers are looked at of one tensor in one step."""

_FEATURES = 512
_LEARN = 3
"""Observed applications from which is learnt how a place lies in the graph; it does not change."""

_EXTRA = 4
_LOSS_NUMBERS = 8


@dataclass
class _Sums:
    """What is kept of the data of one layer."""

    layer: Layer
    shape: tuple[int, ...] = ()
    rows: int = 0
    total: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    square: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    low: float = math.inf
    high: float = -math.inf
    whole: float = 0.0
    bad: int = 0


class Data:
    """The data that enter the first layers."""

    def __init__(self) -> None:
        self._sums: dict[Layer, _Sums] = {}

    def measure(self, layer: Layer, tensor: Tensor) -> Tensor | None:
        """Sums of each feature, their squares, and the extent of all, as one tensor; None of none.

        Args:
            layer: That is given the data.
            tensor: The data.
        """
        if not tensor.is_floating_point() or tensor.dim() == 0 or not tensor.numel():
            return None
        sums = self._sums.setdefault(layer, _Sums(layer))
        sums.shape = tuple(tensor.shape)
        rows = _rows(tensor.detach(), _axis(tensor, layer))
        if rows.shape[1] > _FEATURES:
            rows = rows[:, :: math.ceil(rows.shape[1] / _FEATURES)]
        values = rows.to(_wide(rows))
        fine = torch.isfinite(values)
        values = torch.where(fine, values, torch.zeros_like(values))
        low, high = torch.aminmax(values)
        extra = torch.stack(
            [low, high, (values == values.round()).mean(dtype=values.dtype), (~fine).sum()]
        )
        sizes = values.new_full((1,), values.shape[0])
        return torch.cat([values.sum(0), (values * values).sum(0), extra, sizes])

    def add(self, layer: Layer, values: NDArray[Any]) -> None:
        """Take in what `measure` gave."""
        sums = self._sums[layer]
        count = (values.size - _EXTRA - 1) // 2
        if sums.total.size != count:  # another number of features: only the latest is kept
            shape = sums.shape
            sums = self._sums[layer] = _Sums(layer, shape, total=np.zeros(count))
            sums.square = np.zeros(count)
        rows = int(values[-1])
        low, high, whole, bad = (float(v) for v in values[-_EXTRA - 1 : -1])
        sums.total += values[:count]
        sums.square += values[count : 2 * count]
        sums.low, sums.high = min(sums.low, low), max(sums.high, high)
        sums.whole += whole * rows
        sums.bad += int(bad)
        sums.rows += rows

    def records(self) -> tuple[DataRecord, ...]:
        """The data of all first layers, in forward order."""
        kept = sorted(self._sums.values(), key=lambda sums: sums.layer.order)
        return tuple(_data_record(sums) for sums in kept if sums.rows)


def _data_record(sums: _Sums) -> DataRecord:
    mean = sums.total / sums.rows
    numbers = sums.rows * sums.total.size
    overall = float(sums.total.sum()) / numbers
    spread = float(sums.square.sum()) / numbers - overall**2
    return DataRecord(
        layer=sums.layer.name,
        kind=sums.layer.kind,
        model=sums.layer.model,
        shape=sums.shape,
        rows=sums.rows,
        mean=overall,
        std=math.sqrt(max(spread, 0.0)),
        min=sums.low,
        max=sums.high,
        whole=sums.whole / sums.rows,
        non_finite=sums.bad,
        feature_mean=mean,
        feature_std=np.sqrt(np.maximum(sums.square / sums.rows - mean**2, 0.0)),
    )


def _axis(tensor: Tensor, layer: Layer) -> int:
    """The dimension of the features."""
    dims = tensor.dim()
    if layer.spatial is not None:
        return dims - layer.spatial - 1 if dims > layer.spatial else dims - 1
    return 1 if layer.channels_first and dims > 2 else dims - 1


def _rows(tensor: Tensor, axis: int) -> Tensor:
    """Some of a tensor as rows, evenly chosen, features last."""
    stride = tensor.numel() // MOST
    if stride > 1 and tensor.dim() > 1 and axis != 0:
        tensor = tensor[:: min(stride, tensor.shape[0])]
    rows = tensor.movedim(axis, -1).reshape(-1, tensor.shape[axis])
    stride = rows.numel() // MOST
    return rows[:: min(stride, rows.shape[0])] if stride > 1 else rows


def _wide(tensor: Tensor) -> torch.dtype:
    return torch.float32 if tensor.device.type == "mps" else torch.float64


@dataclass
class _Loss:
    """What is kept of one place where a loss is computed."""

    function: str
    source: str
    steps: int = 0
    shape: tuple[int, ...] = ()
    target_shape: tuple[int, ...] = ()
    low: NDArray[np.float64] = field(default_factory=lambda: np.full(_LOSS_NUMBERS, np.nan))
    high: NDArray[np.float64] = field(default_factory=lambda: np.full(_LOSS_NUMBERS, np.nan))
    total: NDArray[np.float64] = field(default_factory=lambda: np.zeros(_LOSS_NUMBERS))
    target: NDArray[np.float64] = field(default_factory=lambda: np.full(4, np.nan))
    target_sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    kind: str = ""
    input_from: str = ""
    layer: str = ""
    path: tuple[str, ...] = ()
    learnt: int = 0


class Losses:
    """The places where the training computes a loss."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], _Loss] = {}

    def measure(self, name: str, source: str, input: Tensor, target: Tensor | None) -> Tensor:
        """Extent of what enters a loss function, as one tensor.

        Args:
            name: The function.
            source: Where it is called.
            input: Its first argument.
            target: Its second.
        """
        place = self._places.setdefault((name, source), _Loss(name, source))
        place.shape = tuple(input.shape)
        if place.learnt < _LEARN:
            place.learnt += 1
            place.input_from, layer = origin(input)
            place.layer = "" if layer is None else layer.name
        parts = [_input_numbers(input.detach())]
        if target is not None and target.numel():
            place.target_shape = tuple(target.shape)
            place.kind = "float" if target.is_floating_point() else "index"
            place.kind = "bool" if target.dtype is torch.bool else place.kind
            parts.append(_target_numbers(target.detach(), parts[0]))
        return torch.cat(parts)

    def backward(self, loss: Tensor) -> None:
        """``backward`` is called on a tensor: learn what it is made of."""
        place = self._places.setdefault(("", ""), _Loss("", ""))
        place.steps += 1
        if place.learnt >= _LEARN:
            return
        place.learnt += 1
        place.shape = tuple(loss.shape)
        place.path = tuple(dict.fromkeys((*place.path, *path(loss))))
        layers, _ = upstream(loss)
        place.layer = layers[0].name if layers else place.layer

    def add(self, key: tuple[str, str], values: NDArray[Any]) -> None:
        """Take in what `measure` gave."""
        place = self._places[key]
        place.steps += 1
        numbers = values[:_LOSS_NUMBERS].astype(np.float64)
        place.low, place.high = np.fmin(place.low, numbers), np.fmax(place.high, numbers)
        place.total += numbers
        target = values[_LOSS_NUMBERS:]
        if target.size:
            place.target[0] = np.fmin(place.target[0], target[0])
            place.target[1] = np.fmax(place.target[1], target[1])
            place.target_sums += (1.0, target[2], target[3])

    def records(self) -> tuple[LossRecord, ...]:
        """All places, the most frequent first."""
        places = [place for place in self._places.values() if place.steps]
        return tuple(_loss_record(p) for p in sorted(places, key=lambda p: (-p.steps, p.source)))


def _loss_record(place: _Loss) -> LossRecord:
    applications, mean, square = place.target_sums.tolist()
    target_mean = mean / applications if applications else math.nan
    variance = square / applications - target_mean**2 if applications else math.nan
    measured = place.function != ""
    return LossRecord(
        function=place.function,
        source=place.source,
        steps=place.steps,
        shape=place.shape,
        target_shape=place.target_shape,
        input_min=float(place.low[0]),
        input_max=float(place.high[1]),
        input_mean=float(place.total[2]) / place.steps if measured else math.nan,
        input_negative=float(place.total[3]) / place.steps if measured else math.nan,
        row_sum_min=float(place.low[4]),
        row_sum_max=float(place.high[5]),
        exp_row_sum_min=float(place.low[6]),
        exp_row_sum_max=float(place.high[7]),
        input_from=place.input_from,
        input_layer=place.layer,
        path=place.path,
        target_kind=place.kind,
        target_min=float(place.target[0]),
        target_max=float(place.target[1]),
        target_mean=target_mean,
        target_std=math.sqrt(variance) if variance >= 0 else variance * math.nan,
    )


def _input_numbers(tensor: Tensor) -> Tensor:
    wide = _wide(tensor)
    unknown = torch.full((_LOSS_NUMBERS,), math.nan, dtype=wide, device=tensor.device)
    if not tensor.is_floating_point() or not tensor.numel():
        return unknown
    if tensor.dim() < 2:
        values = tensor.reshape(-1)[:MOST].to(wide)
        sums = unknown[:4]
    else:
        rows = _rows(tensor, 1)
        values = rows.to(wide)
        sums = torch.stack([*torch.aminmax(values.sum(1)), *torch.aminmax(values.exp().sum(1))])
    low, high = torch.aminmax(values)
    below = (values < 0).mean(dtype=wide)
    return torch.cat([torch.stack([low, high, values.mean(), below]), sums])


def _target_numbers(tensor: Tensor, beside: Tensor) -> Tensor:
    flat = tensor.reshape(-1)
    values = flat[:: max(1, flat.numel() // MOST)].to(beside)
    low, high = torch.aminmax(values)
    return torch.stack([low, high, values.mean(), (values * values).mean()])

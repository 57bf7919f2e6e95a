"""Running the Triton kernels on tensors: which tensors, on which device, with which parameters.

Layer: torch front end, on `rectifier.kernels.gpu.launch`, below `rectifier.torch.elementwise`. What
is launched goes to the current stream of the tensor's device. Parameters go to the kernels as
numbers in the device's memory, so that a learned one never has to be waited for.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from rectifier.kernels import cuda
from rectifier.torch.memory import is_plain, like

DTYPES = frozenset({torch.float32, torch.bfloat16, torch.float16})
"""The element types that the kernels read and write."""


def serves(tensor: Tensor) -> bool:
    """Whether a kernel may read a tensor: plain numbers on a CUDA device, and nobody traces."""
    return (tensor.is_cuda or (tensor.is_cpu and cuda.interprets())) and is_plain(tensor)


def fits(x: Tensor, parameters: Sequence[Tensor]) -> bool:
    """Whether the kernels can compute on x with tensors as parameters."""
    return (
        x.dtype in DTYPES
        and serves(x)
        and all(serves(p) and p.device == x.device for p in parameters)
        and not is_odd(x, parameters)
    )


def is_odd(x: Tensor, parameters: Sequence[Tensor]) -> bool:
    """Whether a parameter is more than one number, or one for each channel along dimension 1."""
    return any(p.numel() != 1 and not _is_channelwise(p, x) for p in parameters)


def _is_channelwise(parameter: Tensor, x: Tensor) -> bool:
    place = x.dim() - parameter.dim()
    return (
        x.dim() >= 2
        and place <= 1
        and parameter.shape[1 - place] == parameter.numel() == x.shape[1]
    )


def on(device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Make a device the current one meanwhile; Triton launches there."""
    if device.type != "cuda" or device.index == torch.cuda.current_device():
        return contextlib.nullcontext()
    return torch.cuda.device(device)


@functools.lru_cache(maxsize=512)
def numbers(values: tuple[float, ...], device: torch.device) -> Tensor | None:
    """Return parameters in a device's memory, float64; None if there are none."""
    if not values:
        return None
    with torch.inference_mode(False), torch.no_grad():
        return torch.tensor(values, dtype=torch.float64, device=device)


def gathered(
    order: Sequence[str],
    constants: Mapping[str, float],
    tensors: Mapping[str, Tensor],
    channels: int,
    device: torch.device,
) -> Tensor:
    """Return parameters as a matrix, a row for each and a column for each channel, float64."""
    rows = [
        tensors[name].detach().reshape(-1).double().expand(channels)
        if name in tensors
        else torch.full((channels,), constants[name], dtype=torch.float64, device=device)
        for name in order
    ]
    return torch.stack(rows)


def run(
    name: str,
    x: Tensor,
    grad: Tensor | None,
    order: Sequence[str],
    constants: Mapping[str, float],
    tensors: Mapping[str, Tensor],
    defaults: bool,
) -> Tensor:
    """Run a kernel on a tensor that `fits` has accepted.

    Args:
        name: An activation of the catalog.
        x: The input.
        grad: The gradient by the result, for the gradient by x; None for the value.
        order: The names of the kernel's parameters.
        constants: The values of those that are numbers.
        tensors: Those that are tensors.
        defaults: Whether all are numbers and have their default values.

    Returns:
        A new tensor like x, in the memory order that torch's own operations give it.
    """
    channels = inner = 1
    out = torch.empty_like(x)
    if tensors:
        out, channels, inner = _arranged(x, tensors)
    strides, device = out.stride(), x.device
    if x.stride() != strides:
        x = like(x.detach(), out)
    if grad is not None and (grad.dtype is not x.dtype or grad.stride() != strides):
        grad = like(grad.detach(), out)
    if device.type != "cuda" or device.index == torch.cuda.current_device():
        parameters = _parameters(order, constants, tensors, channels, device)
        _launch().elementwise(name, x, grad, out, parameters, defaults, channels, inner)
    else:
        with torch.cuda.device(device):
            parameters = _parameters(order, constants, tensors, channels, device)
            _launch().elementwise(name, x, grad, out, parameters, defaults, channels, inner)
    return out


@functools.cache
def _launch() -> Any:
    """The module that launches, imported late since it imports Triton."""
    return importlib.import_module("rectifier.kernels.gpu.launch")


def _parameters(
    order: Sequence[str],
    constants: Mapping[str, float],
    tensors: Mapping[str, Tensor],
    channels: int,
    device: torch.device,
) -> Tensor | None:
    if not order:
        return None
    if tensors:
        return gathered(order, constants, tensors, channels, device)
    return numbers(tuple(constants[name] for name in order), device)


def sum_by(
    name: str,
    parameter: str,
    x: Tensor,
    grad: Tensor,
    order: Sequence[str],
    constants: Mapping[str, float],
    tensors: Mapping[str, Tensor],
) -> Tensor | None:
    """Return the gradient by a parameter that is a tensor, in one pass.

    Args:
        name: An activation of the catalog.
        parameter: Which of `tensors`.
        x: The input, one that `fits` has accepted.
        grad: The gradient by the result.
        order: As in `run`.
        constants: As in `run`.
        tensors: As in `run`.

    Returns:
        float64 of the parameter's shape; None if there is no kernel for it.
    """
    from rectifier.kernels.gpu import launch
    from rectifier.kernels.gpu.parts import by_parameter

    wanted = tensors[parameter]
    if not x.numel() or by_parameter(name, parameter) is None:
        return None
    out, channels, inner = _arranged(x, tensors)
    x, grad = like(x.detach(), out), like(grad.detach(), out)
    with on(x.device):
        parameters = gathered(order, constants, tensors, channels, x.device)
        given = (name, parameter, x, grad, parameters)
        sums = launch.parameter_sums(*given, width=channels, inner=inner)
        total: Tensor = sums.sum(0)
    if wanted.numel() != channels:
        total = total.sum()
    return total.reshape(wanted.shape)


def _arranged(x: Tensor, tensors: Mapping[str, Tensor]) -> tuple[Tensor, int, int]:
    """Return an empty result, in whose order memory is read; channels; and what lies within one."""
    out = torch.empty_like(x)
    channels = max((tensor.numel() for tensor in tensors.values()), default=1)
    if channels == 1 or _channels_last(out):
        return out, channels, 1
    if not out.is_contiguous():
        out = torch.empty_like(x, memory_format=torch.contiguous_format)
    return out, channels, math.prod(x.shape[2:])


def _channels_last(tensor: Tensor) -> bool:
    """Whether neighbours in memory are neighbouring channels."""
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    wanted = formats.get(tensor.dim())
    return wanted is not None and tensor.is_contiguous(memory_format=wanted)

"""Tensors as memory on the CPU: who may read it directly, and going through it piece by piece.

Layer: torch front end, below `rectifier.torch.elementwise`. A compiled kernel wants plain
numbers without gaps, in any order; a composed function is several times as fast when its
intermediate results stay in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rectifier.torch.program import Program

CHUNK = 1 << 15
"""How many elements each thread gets at a time on the CPU: 256 KiB for each fp64 intermediate."""


PLAIN = (Tensor, torch.nn.Parameter)
"""The types whose tensors are what they seem."""

# Looked up once: they are asked at every call.
_dispatching = torch._C._len_torch_dispatch_stack
_tracing = torch._C._get_tracing_state
_wrapped = torch._C._functorch.is_functorch_wrapped_tensor
_batched = torch._C._functorch.is_legacy_batchedtensor  # where is_grads_batched=True
_strided = torch.strided


def is_real(tensor: Tensor) -> bool:
    """Whether a tensor is plain numbers in this machine's memory, and nobody traces."""
    return tensor.is_cpu and is_plain(tensor)


def is_plain(tensor: Tensor) -> bool:
    """Whether a tensor is plain numbers, wherever they are, and nobody traces."""
    return (
        type(tensor) in PLAIN
        and tensor.layout is _strided
        and not _dispatching()
        and not _tracing()
        and not _wrapped(tensor)
        and not _batched(tensor)
        and not (tensor.is_neg() or tensor._is_zerotensor() or tensor.is_nested)
    )


def bare(tensor: Tensor) -> Tensor | None:
    """The numbers of a tensor as one of torch's own class; None where another class keeps them.

    Tensors that carry something along (MONAI's ``MetaTensor``) are numbers in memory like any
    other; one whose class answers torch's dispatcher itself holds them elsewhere, or none. Nor has
    one on the device ``meta``, where programs try shapes out or make a model before its weights.
    """
    kind = type(tensor)
    if kind in PLAIN:
        return None if tensor.is_meta else tensor
    if kind.__torch_dispatch__ is not Tensor.__torch_dispatch__:
        return None
    with torch._C.DisableTorchFunction():
        return tensor.as_subclass(Tensor)


def is_scalar(tensor: Tensor) -> bool:
    """Whether a tensor is one plain number."""
    return tensor.numel() == 1 and is_real(tensor)


def like(tensor: Tensor, layout: Tensor) -> Tensor:
    """Return a tensor's numbers in the type and memory order of another; itself if it has them."""
    if tensor.dtype is layout.dtype and tensor.stride() == layout.stride():
        return tensor
    return torch.empty_like(layout).copy_(tensor)


_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def laid_as(result: Tensor, x: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    """Return a result in the memory format of the input, which one value per unit may have changed.

    Args:
        result: What was computed.
        x: The input.
        parameters: The tensors that took part.
    """
    kind = _CHANNELS_LAST.get(x.dim())
    if kind is None or not any(p.numel() > 1 for p in parameters) or not is_plain(x):
        return result
    if x.is_contiguous() or not x.is_contiguous(memory_format=kind) or not is_plain(result):
        return result
    return result.contiguous(memory_format=kind)


def can_be_cut(x: Tensor, parameters: Sequence[Tensor]) -> bool:
    """Whether a tensor is worth cutting into chunks, and can be."""
    return (
        x.numel() > CHUNK
        and x.is_contiguous()
        and all(parameter.dim() == 0 and is_real(parameter) for parameter in parameters)
        and is_real(x)
    )


def in_chunks(
    program: Program,
    dtype: torch.dtype,
    x: Tensor,
    parameters: Sequence[Tensor],
    factor: Tensor | None = None,
    total: bool = False,
) -> Tensor:
    """Run a program on pieces that stay in the cache, which is several times as fast.

    Args:
        program: What to run.
        dtype: The precision to run it in.
        x: The input, contiguous, on the CPU.
        parameters: The program's other tensors, without dimensions.
        factor: What to multiply the result by, of the shape of x.
        total: Whether to return the sum, in `dtype`.

    Returns:
        A tensor like x, or without dimensions if it is the sum.
    """
    size = CHUNK * torch.get_num_threads()
    others = [parameter.to(dtype) for parameter in parameters]
    out = torch.zeros((), dtype=dtype) if total else torch.empty_like(x)
    flat = x.reshape(-1)
    factors = None if factor is None else factor.reshape(-1)
    for start in range(0, x.numel(), size):
        piece = slice(start, start + size)
        part = program.run([flat[piece].to(dtype), *others])
        if factors is not None:
            part = part * factors[piece]
        if total:
            out += part.sum()
        else:
            out.view(-1)[piece] = part
    return out

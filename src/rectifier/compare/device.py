"""What a trial does on its device: the same numbers each time, and clocks that wait for it.

Layer: compare; needs torch. The source of this file is part of every trial's hash. On a CPU nothing
is set here: one thread is enough. On a GPU torch's deterministic algorithms are asked for, cuDNN
does not choose its algorithms by timing them, and fp32 is not rounded to TF32. What has no
deterministic form still runs, and the trial says so. Random numbers are drawn on the CPU wherever
we draw them, so a trial starts with the same weights, order and augmentation on every device.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from rectifier.compare.placement import WORKSPACE

_MEMORY: Any = torch.utils.deterministic
_NOT = "not have a deterministic implementation"
"""Of what torch says of an operation without one."""


@contextmanager
def repeatable(device: str) -> Iterator[list[str]]:
    """Within it, what runs on the device gives the same numbers each time, as far as it can.

    Yields:
        A list that holds, at the end, what had no deterministic form, a sentence each.
    """
    notes: list[str] = []
    if device == "cpu":
        yield notes
        return
    for name, value in WORKSPACE.items():
        os.environ.setdefault(name, value)
    asked = torch.are_deterministic_algorithms_enabled()
    lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = _MEMORY.fill_uninitialized_memory
    precision = torch.get_float32_matmul_precision()
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message=f".*{_NOT}")
        torch.use_deterministic_algorithms(True, warn_only=True)
        _MEMORY.fill_uninitialized_memory = False  # for debugging, and slow
        torch.set_float32_matmul_precision("highest")
        try:
            with torch.backends.cudnn.flags(
                enabled=True, benchmark=False, deterministic=True, allow_tf32=False
            ):
                yield notes
        finally:
            torch.use_deterministic_algorithms(asked, warn_only=lenient)
            _MEMORY.fill_uninitialized_memory = filled
            torch.set_float32_matmul_precision(precision)
            said = (str(each.message) for each in caught if _NOT in str(each.message))
            notes += dict.fromkeys(text.partition(_NOT)[0] + _NOT for text in said)


def wait(device: str) -> None:
    """Wait until the device has done what it was told, before a clock is read."""
    if device != "cpu":
        torch.cuda.synchronize()


def generators() -> range:
    """Numbers of the GPUs whose generators hold a state that must be put back."""
    begun = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return range(torch.cuda.device_count() if begun else 0)

"""The device that runs behind the program, and how long was waited for it.

Layer: watch, on torch. A GPU does its work after the program has asked for it. What a step takes is
only known where the program waits until all is done, and waiting itself is no work of the watcher.
"""

from __future__ import annotations

import time

import torch
from torch import Tensor


class Device:
    """Waits for it, at steps that are observed.

    Attributes:
        waited: Seconds spent waiting.
    """

    def __init__(self) -> None:
        self.waited = 0.0
        self._device: torch.device | None = None

    def meet(self, tensor: Tensor) -> None:
        """A tensor of the training; the first that is not on the CPU tells the device."""
        if self._device is None and tensor.device.type in ("cuda", "mps"):
            self._device = tensor.device

    def catch_up(self) -> bool:
        """Wait until all is done that was asked of it; whether there is one that could be asked."""
        device = self._device
        if device is None:
            return False
        start = time.perf_counter()
        if device.type == "mps":
            torch.mps.synchronize()
        elif torch.cuda.is_current_stream_capturing():
            return False
        else:
            torch.cuda.synchronize(device)
        self.waited += time.perf_counter() - start
        return True

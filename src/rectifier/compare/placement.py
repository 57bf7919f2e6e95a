"""Where trials run: how many workers, and which GPU each of them sees.

Layer: compare; torch only to count GPUs, and only where trials are to run on one. It is no part of
what determines a trial's numbers: what a trial does on its device is in `rectifier.compare.device`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rectifier import optional
from rectifier.errors import InvalidInputError, UnknownNameError

DEVICES = ("cpu", "cuda")
"""What a trial can run on. ``cuda`` is any GPU that torch drives by that name."""
VISIBLE = "CUDA_VISIBLE_DEVICES"
WORKSPACE = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
"""What NVIDIA's cuBLAS wants set before a process first uses it, to add in one order always."""


def resolve(device: str) -> str:
    """The device that is meant; ``auto`` is a GPU where torch sees one, else the CPU.

    Raises:
        UnknownNameError: There is no such device.
    """
    if device not in (*DEVICES, "auto"):
        raise UnknownNameError("device", device, (*DEVICES, "auto"))
    if device == "auto":
        return "cuda" if visible_gpus() else "cpu"
    return device


def visible_gpus(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The GPUs that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them."""
    torch = optional.require("torch", extra="torch", purpose="comparing activations")
    count = torch.cuda.device_count()
    given = environment.get(VISIBLE)
    names = map(str, range(count)) if given is None else map(str.strip, given.split(","))
    return tuple(names)[:count]


def gpu_names() -> str:
    """What the GPUs are that this process sees, such as "2 × NVIDIA H100"; empty: none."""
    torch = optional.require("torch", extra="torch", purpose="comparing activations")
    names = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    return ", ".join(f"{names.count(name)} × {name}" for name in dict.fromkeys(names))


@dataclass(frozen=True)
class Placement:
    """On what the workers of one machine run.

    Attributes:
        device: One of `DEVICES`.
        per_gpu: Workers that share a GPU, where the device is one.
    """

    device: str = "cpu"
    per_gpu: int = 1

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise UnknownNameError("device", self.device, DEVICES)
        if self.per_gpu < 1:
            raise InvalidInputError(
                f"a GPU serves at least one worker; {self.per_gpu} for each came"
            )

    @property
    def on_gpu(self) -> bool:
        """Whether trials run on GPUs."""
        return self.device != "cpu"

    def gpus(self) -> tuple[str, ...]:
        """The GPUs to use; none where trials run on the CPU.

        Raises:
            InvalidInputError: Trials are to run on GPUs, and this process sees none.
        """
        if not self.on_gpu:
            return ()
        found = visible_gpus()
        if not found:
            raise InvalidInputError(
                f"trials are to run on {self.device}, but torch sees no GPU here; install a torch "
                "with CUDA, or leave the device at cpu"
            )
        return found

    def environment(self, number: int, gpus: Sequence[str]) -> dict[str, str]:
        """What a worker's environment must say: one GPU for each, given out in turn.

        Args:
            number: Of the worker, from 0.
            gpus: As `gpus` gives them.
        """
        if not gpus:
            return {}
        return {VISIBLE: gpus[number % len(gpus)], **WORKSPACE}


ON_CPU = Placement()

"""The Triton kernels: whether they are there, and which they are.

Layer: kernels. Triton, and the module ``rectifier._triton`` that
`rectifier.kernels.emit_triton` printed, are imported when they are first needed, which takes about
a second. Launching is left to `rectifier.kernels.gpu.launch`, choosing to
`rectifier.kernels.choose`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rectifier.activation import Activation

SWITCH = "RECTIFIER_TRITON"
"""Environment variable; ``0`` turns the Triton kernels off for this process, ``interpret`` uses
them for tensors on the CPU too, where Triton interprets (``TRITON_INTERPRET=1``): for tests."""

DTYPES = ("float32", "bfloat16", "float16")
"""The element types that the kernels read and write."""


def switched_on() -> bool:
    """Say whether the environment leaves the Triton kernels on."""
    return os.environ.get(SWITCH) != "0"


def interprets() -> bool:
    """Say whether the environment asks for Triton kernels on the CPU, interpreted."""
    return os.environ.get(SWITCH) == "interpret" and os.environ.get("TRITON_INTERPRET") == "1"


@functools.cache
def _load() -> tuple[ModuleType | None, str]:
    """Return the printed module, or None and the reason in one clause."""
    if importlib.util.find_spec("triton") is None:
        return None, (
            "Triton is not installed; it comes with PyTorch for CUDA, or by: pip install triton"
        )
    if importlib.util.find_spec("rectifier._triton") is None:
        return None, (
            "this installation of rectifier has no Triton kernels, because its build step did not "
            "run; run it by: python -m rectifier.kernels.emit_triton FILE, where FILE is "
            "_triton.py in the folder of the package"
        )
    try:
        return importlib.import_module("rectifier._triton"), ""
    except ImportError as error:
        return None, f"the Triton kernels are there but cannot be loaded: {error}"


def module() -> ModuleType:
    """Return the printed module, which `obstacle` has said to be there."""
    found, why = _load()
    if found is None:
        raise ImportError(why)
    return found


def why_not(dtype: str, device: str) -> str:
    """Say in one clause why no Triton kernel serves data of a kind; empty if one may.

    Args:
        dtype: Name of the element type, such as ``"float32"``.
        device: Name of the device, such as ``"cuda:0"``.
    """
    if not switched_on():
        return f"the environment variable {SWITCH}=0 turns the Triton kernels off"
    if not device.startswith("cuda") and not (device.startswith("cpu") and interprets()):
        return f"Triton kernels run on CUDA devices and the data is on {device}"
    torch = sys.modules.get("torch")
    if torch is not None and getattr(torch.version, "hip", None):
        return "Triton kernels have not been tried on ROCm"
    if dtype not in DTYPES:
        return f"Triton kernels are printed for {', '.join(DTYPES)} and this is {dtype}"
    return _load()[1]


def obstacle(spec: Activation, dtype: str, device: str) -> str:
    """Say in one clause why no Triton kernel computes an activation; empty if one does.

    As for the compiled kernels, the name alone is not believed.

    Args:
        spec: The activation.
        dtype: As in `why_not`.
        device: As in `why_not`.
    """
    why = why_not(dtype, device)
    if why:
        return why
    from rectifier.kernels.emit_cpp import digest  # deferred: it loads the catalog

    row = module().ACTIVATIONS.get(spec.name)
    if row is None:
        return f"no Triton kernel was printed for {spec.name!r}, only for those of the catalog"
    if row[0] != digest(spec):
        return (
            f"the Triton kernel printed as {spec.name!r} is of another formula than this "
            "activation's; if the catalog was edited, install rectifier again"
        )
    return ""


@functools.lru_cache(maxsize=64)
def supports_gated(unit: Activation, dtype: str, device: str, on: bool) -> bool:
    """Say whether a Triton kernel computes exactly this gated unit on such data.

    Args:
        unit: A gated unit.
        dtype: As in `why_not`.
        device: As in `why_not`.
        on: What `switched_on` says; it keeps the answers of both cases apart.
    """
    if not on or why_not(dtype, device):
        return False
    from rectifier.kernels.emit_cpp import digest

    row = module().GATED.get(unit.name)
    return row is not None and row[0] == digest(unit)

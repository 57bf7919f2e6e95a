"""Leaves modules and functions as they were written, where a program would script them.

Layer: doctor's remedies. TorchScript's interpreter calls no Python, so that no remedy reaches what
lies inside a scripted module. A rerun with remedies runs the same code by Python: what
``PYTORCH_JIT=0`` does, which is read when torch is imported. A module is scripted after all when
the program saves it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


def leave_unscripted() -> None:
    """Have ``torch.jit.script`` give back what it is given, from now on, in this process."""
    torch.jit.script = _As(torch.jit.script)


class _As:
    """In the place of ``torch.jit.script``.

    Args:
        script: What makes a scripted module of one, for those that are saved.
    """

    def __init__(self, script: Callable[..., Any]) -> None:
        self._script = script

    def __call__(self, obj: Any, *options: Any, **more: Any) -> Any:
        del options, more
        if isinstance(obj, nn.Module) and not hasattr(obj, "save"):

            def save(*args: Any, **given: Any) -> Any:
                del obj.save
                mine, torch.jit.script = torch.jit.script, self._script
                try:
                    return self._script(obj).save(*args, **given)
                finally:
                    torch.jit.script = mine

            vars(obj)["save"] = save
        return obj

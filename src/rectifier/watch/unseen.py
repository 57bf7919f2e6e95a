"""Measuring beside a training: without gradients, and where nobody counts it in.

Layer: watch.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

import numpy as np
import torch

P = ParamSpec("P")


def unseen(method: Callable[P, None]) -> Callable[P, None]:
    """Run a method without gradients and unseen by torch's function modes, ours and others'."""

    @functools.wraps(method)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        recorded = torch.is_grad_enabled()
        torch._C._set_grad_enabled(False)
        try:
            with torch._C.DisableTorchFunction():
                method(*args, **kwargs)
        finally:
            torch._C._set_grad_enabled(recorded)

    return run


def quietly(method: Callable[P, None]) -> Callable[P, None]:
    """As `unseen`; sums may be infinite or NaN, and NumPy is not to warn the program of it."""
    hidden = unseen(method)

    @functools.wraps(method)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with np.errstate(all="ignore"):
            hidden(*args, **kwargs)

    return run

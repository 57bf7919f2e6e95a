"""Has what ``torch.compile`` made run as it was written, while calls are seen.

Part of the torch front end's interception; `rectifier.torch.calls` alone uses it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import nn


class Eagerly:
    """Compiled code, run eagerly between `begin` and `end`.

    Args:
        note: Tells the user what cannot be done.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._stance: Any = None
        self._call: Any = None

    @property
    def on(self) -> bool:
        """Whether compiled code runs eagerly because of us."""
        return self._stance is not None

    def begin(self) -> None:
        """Run eagerly what is compiled, if anything can be."""
        if self.on or "torch._dynamo" not in sys.modules:
            return
        stance = getattr(torch.compiler, "set_stance", None)
        if stance is None:
            if torch._dynamo.utils.counters["frames"]:  # something has been compiled
                self._note("This torch cannot run compiled code eagerly; it is not seen inside.")
            return
        self._stance = stance("force_eager")
        wrapper: Any = torch._dynamo.OptimizedModule
        self._call = wrapper.__dict__.get("__call__")
        if self._call is not None:  # it would warn of our hooks
            wrapper.__call__ = nn.Module.__call__

    def end(self) -> None:
        """Run compiled what is compiled."""
        stance, self._stance = self._stance, None
        if stance is not None:
            stance.__exit__(None, None, None)
            wrapper: Any = torch._dynamo.OptimizedModule
            if self._call is not None:
                wrapper.__call__ = self._call

"""What all tests share: one thread each, since they run side by side, and the same random draws."""

from __future__ import annotations

import os
import sys

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Start torch's own generator anew for each test, so that no test depends on those before."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(0)

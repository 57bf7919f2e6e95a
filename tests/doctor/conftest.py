"""What remedies of one test leave for the rest of a program is taken away before the next test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def no_mode_stays() -> Iterator[None]:
    """A remedy that rewrites calls stays in place until the program ends; a test is no program."""
    before = torch._C._len_torch_function_stack()
    yield
    while torch._C._len_torch_function_stack() > before:
        torch._C._pop_torch_function_stack()

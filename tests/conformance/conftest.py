"""Hands each test of the conformance suite the activations that its front end offers."""

from __future__ import annotations

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by name what asks for a name."""
    if "name" in metafunc.fixturenames and hasattr(metafunc.cls, "front"):
        metafunc.parametrize("name", metafunc.cls.front.names())

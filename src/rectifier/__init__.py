"""Activation functions you can trust: use, watch, repair and compare them.

The public names, loaded lazily: ``import rectifier`` loads no framework and no other layer.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rectifier import compare as compare
    from rectifier.activation import Activation as Activation
    from rectifier.activation import Param as Param
    from rectifier.activation import Source as Source
    from rectifier.analysis import card as card
    from rectifier.analysis import gain as gain
    from rectifier.catalog import get as get
    from rectifier.catalog import names as names
    from rectifier.definition import define as define
    from rectifier.kernels import explain as explain

__version__ = "0.1.0"

_HOME = {
    "Activation": "rectifier.activation",
    "Param": "rectifier.activation",
    "Source": "rectifier.activation",
    "card": "rectifier.analysis",
    "define": "rectifier.definition",
    "explain": "rectifier.kernels",
    "gain": "rectifier.analysis",
    "get": "rectifier.catalog",
    "names": "rectifier.catalog",
}
_PACKAGES = (
    "analysis",
    "catalog",
    "compare",
    "doctor",
    "jax",
    "keras",
    "kernels",
    "models",
    "numpy",
    "report",
    "torch",
    "watch",
)

__all__ = ["__version__", *_HOME, *_PACKAGES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    if name in _PACKAGES:
        return importlib.import_module(f"rectifier.{name}")
    raise AttributeError(f"module 'rectifier' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

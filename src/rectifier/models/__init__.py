"""Networks to compare activations in, one file each.

Layer: above ``torch``, below ``compare`` and ``claims``. A file here defines ``build``, which makes
the network from its sizes, an activation and a generator; nothing has to be registered, and each is
there as ``rectifier.models.alexnet.build`` without an import of its own. Files whose name begins
with an underscore hold what several networks share.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

from rectifier.errors import UnknownNameError

if TYPE_CHECKING:
    from torch import nn


def names() -> tuple[str, ...]:
    """Names of all built-in networks, sorted."""
    return tuple(
        sorted(
            module.name
            for module in pkgutil.iter_modules(__path__)
            if not module.name.startswith("_")
        )
    )


def get(name: str) -> Callable[..., nn.Module]:
    """The function that builds the network of that name.

    Raises:
        UnknownNameError: There is no such network.
    """
    if name not in names():
        raise UnknownNameError("model", name, names())
    build: Callable[..., nn.Module] = importlib.import_module(f"{__name__}.{name}").build
    return build


def __getattr__(name: str) -> ModuleType:
    if name in names():
        return importlib.import_module(f"{__name__}.{name}")
    error = UnknownNameError("model", name, names())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}: {error}")


def __dir__() -> list[str]:
    return sorted({*globals(), *names()})

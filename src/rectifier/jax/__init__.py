"""rectifier for JAX: every activation as a function, and initialisers with its gain.

Layer: front end. ``from rectifier.jax import mish`` gives ``mish(x)``; `function` does the same by
name or for an activation of one's own; `gated` and `rowwise` give what takes more than one number;
`init` makes initialisers, `init_layers` draws a chain of layers with their biases and `lsuv` fits
weights to data. Nothing is listed here: the names are
those of the catalog.
"""

from __future__ import annotations

from rectifier.optional import require

require("jax", extra="jax", purpose="rectifier.jax")

from rectifier import catalog  # noqa: E402
from rectifier.errors import UnknownNameError  # noqa: E402
from rectifier.jax.functions import Function, function  # noqa: E402
from rectifier.jax.initialize import init, lsuv  # noqa: E402
from rectifier.jax.layers import init_layers  # noqa: E402
from rectifier.jax.wide import gated, rowwise  # noqa: E402

__all__ = ["Function", "function", "gated", "init", "init_layers", "lsuv", "rowwise"]


def __getattr__(name: str) -> Function:
    if not name.startswith("_"):
        try:
            return function(name)
        except UnknownNameError as error:
            raise AttributeError(
                f"module 'rectifier.jax' has no attribute {name!r}: {error}"
            ) from error
    raise AttributeError(f"module 'rectifier.jax' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *catalog.names()})

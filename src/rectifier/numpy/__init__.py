"""Every activation as a function of NumPy arrays.

Layer: a front end, above the kernels. ``from rectifier.numpy import mish`` gives ``mish(x)`` and
``mish.derivative(x)``; `function` does the same by name or for an activation of one's own. Nothing
is listed here: the names are those of the catalog. `gated` and `rowwise` give what takes more than
one number.
"""

from __future__ import annotations

from rectifier import catalog
from rectifier.errors import UnknownNameError
from rectifier.numpy.functions import Function, function
from rectifier.numpy.gated import gated
from rectifier.numpy.rowwise import rowwise

__all__ = ["Function", "function", "gated", "rowwise"]


def __getattr__(name: str) -> Function:
    if name in catalog.names():
        return function(name)
    error = UnknownNameError("activation", name, catalog.names())
    raise AttributeError(f"module 'rectifier.numpy' has no attribute {name!r}: {error}")


def __dir__() -> list[str]:
    return sorted({*__all__, *catalog.names()})

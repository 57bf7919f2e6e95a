"""rectifier for Keras 3: layers, functions and initialisers on every backend of Keras.

Layer: front end. ``rectifier.keras.Mish()`` is a layer, ``rectifier.keras.functions.mish`` a
function, ``rectifier.keras.initializer("mish")`` draws weights that fit. Nothing is listed here:
the names are those of the catalog. Importing this package registers its classes with Keras, so
that ``keras.saving.load_model`` finds them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from rectifier.errors import MissingPackageError, UnknownNameError
from rectifier.optional import require

try:
    require("keras", extra="keras", purpose="rectifier.keras")
except ModuleNotFoundError as error:
    raise MissingPackageError(
        f"Keras is there, but the backend that it is set to needs the package {error.name!r}, "
        "which is not installed; install that, or set the environment variable KERAS_BACKEND to "
        "'torch', 'jax' or 'tensorflow' before Keras is imported."
    ) from error

from rectifier.keras import functions, layers
from rectifier.keras.functions import function
from rectifier.keras.initializers import ActivationInitializer, initializer
from rectifier.keras.layers import ActivationLayer, activation
from rectifier.keras.model_weights import init_
from rectifier.keras.unit_variance import lsuv
from rectifier.keras.wide import gated, rowwise

if TYPE_CHECKING:
    from rectifier.callbacks.keras import Watch as Watch

__all__ = [
    "ActivationInitializer",
    "ActivationLayer",
    "Watch",
    "activation",
    "function",
    "functions",
    "gated",
    "init_",
    "initializer",
    "layers",
    "lsuv",
    "rowwise",
]


def __getattr__(name: str) -> Any:
    if name == "Watch":  # lives in a higher layer and is loaded when first asked for
        return importlib.import_module("rectifier.callbacks.keras").Watch
    if name in layers.CLASSES:
        return layers.CLASSES[name]
    known = [*__all__, *layers.CLASSES]
    nearest = str(UnknownNameError("name", name, known)) if not name.startswith("_") else ""
    raise AttributeError(f"module 'rectifier.keras' has no attribute {name!r}: {nearest}")


def __dir__() -> list[str]:
    return sorted({*__all__, *layers.CLASSES})

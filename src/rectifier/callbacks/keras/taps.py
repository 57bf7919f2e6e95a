"""Taps at the activations of a Keras model, while one call of it runs.

For `rectifier.callbacks.keras`. Three forms are seen: the ``activation`` argument of a layer,
layers that are an activation, and `keras.ops` functions in a model's own code. What recurrent
layers apply inside their loop is not. While a call is tapped `Layer.__call__` and the backend's
functions are wrapped; afterwards they are what they were.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import keras
from keras.src.backend import nn as backend_nn

from rectifier import catalog
from rectifier.errors import InvalidActivationError, UnknownNameError
from rectifier.keras.layers import ActivationLayer

_LAYERS: dict[type, str] = {
    keras.layers.ReLU: "relu",
    keras.layers.LeakyReLU: "leaky_relu",
    keras.layers.PReLU: "prelu",
    keras.layers.ELU: "elu",
}
_FUNCTIONS = (
    *("relu", "relu6", "sigmoid", "tanh", "softplus", "softsign", "silu", "log_sigmoid"),
    *("leaky_relu", "hard_sigmoid", "hard_silu", "elu", "selu", "gelu", "celu", "hard_tanh"),
)
_NOT_SITES = {"", "linear", "identity"}
_WEIGHTS = ("kernel", "depthwise_kernel", "gamma", "embeddings")
_CHANNELS = ("Conv", "DepthwiseConv", "SeparableConv", "BatchNormalization", "GroupNorm")


@dataclass(frozen=True)
class Place:
    """Where an activation is applied.

    Attributes:
        name: As a PyTorch site is named. ``function``: catalog name, else Keras's own.
        layer: Path of the layer with weights that ran last; the name where there is none.
        axis: Dimension of the units. ``source``: ``file.py:line`` of the user's code, or empty.
    """

    name: str
    function: str
    layer: str
    axis: int
    source: str = ""


@dataclass
class Taps:
    """What passed the taps in one call.

    Attributes:
        model: The model that is called; it is no part of paths.
        probes: Tensors to add: for each application one to the input, one to the output; None: the
            call is only to tell the shapes.
        places, inputs, outputs: Of each application, in the order in which they ran.
        layers: Layers with weights by their path, in the order in which they first ran.
        blind: Paths of recurrent layers.
    """

    model: Any = None
    probes: Sequence[Any] | None = None
    places: list[Place] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    layers: dict[str, Any] = field(default_factory=dict)
    blind: list[str] = field(default_factory=list)
    _stack: list[Any] = field(default_factory=list)
    _closed: int = 0
    _last: str = ""

    def call(self, layer: Any, original: Any, args: Any, kwargs: Any) -> Any:
        """A layer is called."""
        self._stack.append(layer)
        recurrent = isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional)
        if recurrent and self.path() not in self.blind:
            self.blind.append(self.path())
        self._closed += recurrent
        try:
            function = _activation_of(layer)
            if function and len(args) == 1:
                apply = lambda x: original(layer, x, **kwargs)  # noqa: E731
                return self.tap(function, apply, args[0], whole=True)
            owned = getattr(layer, "activation", None)
            if not function and callable(owned) and not recurrent and not self._closed:
                with _attribute(layer, "activation", self._tapped(owned)):
                    return self._run(layer, original, args, kwargs)
            return self._run(layer, original, args, kwargs)
        finally:
            self._closed -= recurrent
            self._stack.pop()

    def _run(self, layer: Any, original: Any, args: Any, kwargs: Any) -> Any:
        if weight_of(layer) is not None:
            self._last = self.path()
            self.layers.setdefault(self._last, layer)
        return original(layer, *args, **kwargs)

    def path(self) -> str:
        """Of the layer that runs; the model itself is not part of it."""
        return ".".join(layer.name for layer in self._stack if layer is not self.model)

    def _tapped(self, function: Any) -> Any:
        name = name_of(function)
        if name in _NOT_SITES:
            return function
        return lambda x: self.tap(name, function, x)

    def tap(self, function: str, apply: Any, x: Any, *, whole: bool = False) -> Any:
        """An activation is applied to ``x``; ``whole``: the layer that runs is the activation."""
        if self._closed or not _is_float(x):
            return apply(x)
        self._closed += 1
        try:
            place = len(self.places)
            if self.probes is not None:
                x = x + self.probes[2 * place]
            y = apply(x)
            if self.probes is not None:
                y = y + self.probes[2 * place + 1]
        finally:
            self._closed -= 1
        path = self.path()
        name = path if whole else ".".join(part for part in (path, function) if part)
        axis = _unit_axis(len(y.shape), self.layers.get(self._last))
        layer = self._last or name
        self.places.append(Place(name, function, layer, axis, _source(sys._getframe(1))))
        self.inputs.append(x)
        self.outputs.append(y)
        return y


def weight_of(layer: Any) -> Any:
    """The variable whose last axis is that of the units; None where there is none."""
    for name in _WEIGHTS:
        found = getattr(layer, name, None) if layer.built else None
        if found is not None and hasattr(found, "shape"):
            return found
    return None


def name_of(function: Any) -> str:
    """The catalog's name of a Keras activation, else Keras's own; empty for one of whole rows."""
    own = str(getattr(function, "__name__", type(function).__name__)).lower()
    try:
        return str(catalog.get(own.replace("hard_silu", "hardswish")).name)
    except InvalidActivationError:
        return ""
    except UnknownNameError:
        return own


def _activation_of(layer: Any) -> str:
    """The function that a layer is; empty where it is none."""
    if isinstance(layer, ActivationLayer):
        return str(layer.function.activation.name)
    if isinstance(layer, keras.layers.Activation):
        name = name_of(layer.activation)
        return "" if name in _NOT_SITES else name
    return next((name for kind, name in _LAYERS.items() if isinstance(layer, kind)), "")


def _unit_axis(rank: int, layer: Any) -> int:
    first = keras.config.image_data_format() == "channels_first"
    kind = type(layer).__name__ if layer is not None else ""
    if rank > 2 and first and kind.startswith(_CHANNELS):
        return 1
    return rank - 1


def _is_float(x: Any) -> bool:
    return "float" in str(getattr(x, "dtype", "")) and len(getattr(x, "shape", ())) > 0


_OURS = (
    str(Path(__file__).parents[2]) + os.sep,
    *(os.sep + name + os.sep for name in ("keras", "jax", "tensorflow", "torch")),
)


def _source(frame: FrameType | None) -> str:
    """The innermost line of the user's own code below the call of the model."""
    while frame is not None:
        filename = frame.f_code.co_filename
        if filename.startswith(_OURS[0]) and frame.f_code.co_name == "_forward":
            return ""  # where the probe calls the model; what is above is not the model's code
        foreign = filename.startswith((_OURS[0], "<")) or any(
            part in filename for part in _OURS[1:]
        )
        if not foreign:
            return f"{Path(filename).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


@contextmanager
def _attribute(owner: Any, name: str, value: Any) -> Iterator[None]:
    kept = getattr(owner, name)
    object.__setattr__(owner, name, value)
    try:
        yield
    finally:
        object.__setattr__(owner, name, kept)


@contextmanager
def tapped(taps: Taps) -> Iterator[Taps]:
    """Have every call of a layer in this block pass the taps."""
    kept: dict[str, Any] = {}
    original = keras.layers.Layer.__call__

    def __call__(layer: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807
        return taps.call(layer, original, args, kwargs)

    def functional(name: str, own: Any) -> Any:
        def run(x: Any, *args: Any, **kwargs: Any) -> Any:
            return taps.tap(name_of(own), lambda z: own(z, *args, **kwargs), x)

        run.__name__ = name
        return run

    keras.layers.Layer.__call__ = __call__
    try:
        for name in _FUNCTIONS:
            own = getattr(backend_nn, name, None)
            if own is not None:
                kept[name] = own
                setattr(backend_nn, name, functional(name, own))
        yield taps
    finally:
        keras.layers.Layer.__call__ = original
        for name, own in kept.items():
            setattr(backend_nn, name, own)

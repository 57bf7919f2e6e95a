"""Gated units and row-wise functions on Keras tensors, and the layers that apply them.

Layer: Keras front end, on `rectifier.keras.elementwise` and `rectifier.analysis.rows`. Half
precision is computed in fp32 and rounded once. The layers have the names of the catalog
(``SwiGLU()``, ``Sparsemax()``) and are saved with the model; a gated one takes both halves from its
input, so projections are ``keras.layers.Dense`` before and after it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import keras
from keras import ops

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis import rows
from rectifier.catalog import Rowwise
from rectifier.errors import InvalidActivationError
from rectifier.keras.functions import PACKAGE, checked, function


@functools.cache
def gated(name: str) -> Callable[..., Any]:
    """Return a gated unit as a function of a Keras tensor.

    Args:
        name: A name of `rectifier.catalog.gated_names`.

    Returns:
        ``f(x, axis=-1, gate="last", **parameters)``; half as long along the axis, of the input's
        type. ``gate`` is ``"last"`` as in ``keras.activations.glu``, ``"first"``, ``"odd"`` or
        ``"even"``.

    Raises:
        UnknownNameError: There is no such unit.
    """
    unit = catalog.gated(name)
    return rows.gated_function(unit, function(unit), checked)


@functools.cache
def rowwise(name: str) -> Callable[..., Any]:
    """Return a row-wise function of a Keras tensor.

    Args:
        name: A name of `rectifier.catalog.rowwise_names`.

    Returns:
        ``f(x, axis=-1, **options)``, of the input's type.

    Raises:
        UnknownNameError: There is no such function.
    """
    record = catalog.rowwise(name)

    def call(x: Any, axis: int = -1, **options: Any) -> Any:
        tensor = checked(record.name, x)
        dtype = keras.backend.standardize_dtype(tensor.dtype)
        rows.length(record.name, tensor.shape, axis)
        moved = ops.moveaxis(
            ops.cast(tensor, "float64" if dtype == "float64" else "float32"), axis, -1
        )
        chosen = record.chosen(options)
        result = rows.compute(record.name, ops, ops.stop_gradient, moved, **chosen)
        return ops.cast(ops.moveaxis(result, -1, axis), dtype)

    return rows.named(call, record.name, f"{record.summary}\n\n{record.formula}\n\n{record.source}")


class GatedLayer(keras.layers.Layer):
    """Base of the layers of gated units: one part of an axis times a function of the other.

    Args:
        axis: The axis that holds both; the output is half as long there.
        gate: Which part gates: ``last``, ``first``, ``odd`` or ``even``.
        **options: Values of the unit's parameters, and what every Keras layer takes.

    Raises:
        InvalidActivationError: A value is out of its bounds, or the axis is not a whole number.
        UnknownNameError: There is no such part as ``gate`` names.
    """

    unit: ClassVar[Activation]

    def __init__(self, *, axis: int = -1, gate: str = "last", **options: Any) -> None:
        given = {n: options.pop(n) for n in self.unit.params if n in options and n != "gate"}
        super().__init__(**options)
        self.axis, self.gate = rows.check_axis(self.unit.class_name, axis), rows.check_gate(gate)
        self.values = self.unit.parameters(**given)
        del self.values["gate"]
        self.supports_masking = axis == -1

    def call(self, inputs: Any) -> Any:
        """Apply the unit."""
        return gated(self.unit.name)(inputs, self.axis, self.gate, **self.values)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the input with half the length along the axis."""
        shape = list(input_shape)
        shape[self.axis] = rows.length(self.unit.name, input_shape, self.axis) // 2
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        """Return what a saved model needs to make this layer again."""
        config: dict[str, Any] = super().get_config()
        return config | {"axis": self.axis, "gate": self.gate, **self.values}


class RowwiseLayer(keras.layers.Layer):
    """Base of the layers of row-wise functions.

    Args:
        axis: The axis of the rows.
        **options: The function's options, such as ``k`` of ``TopK``, and what every Keras layer
            takes.

    Raises:
        InvalidActivationError: An option is missing, or it or the axis is not a whole number.
    """

    record: ClassVar[Rowwise]

    def __init__(self, *, axis: int = -1, **options: Any) -> None:
        given = {name: options.pop(name) for name in self.record.options if name in options}
        super().__init__(**options)
        self.axis = rows.check_axis(self.record.class_name, axis)
        self.options = self.record.chosen(given)

    def call(self, inputs: Any) -> Any:
        """Apply the function."""
        return rowwise(self.record.name)(inputs, self.axis, **self.options)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return shape and type of the output."""
        shape = list(inputs.shape)
        size = rows.length(self.record.name, inputs.shape, self.axis)
        if self.record.name == "crelu":
            shape[self.axis] = 2 * size
        elif self.record.name == "maxout":
            if size % self.options["pieces"]:
                raise InvalidActivationError(
                    f"maxout: expected a multiple of pieces={self.options['pieces']} elements, "
                    f"got {size}."
                )
            shape[self.axis] = size // self.options["pieces"]
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what a saved model needs to make this layer again."""
        config: dict[str, Any] = super().get_config()
        return config | {"axis": self.axis, **self.options}


def _class(base: type, name: str, **fields: Any) -> type:
    made = type(
        name,
        (base,),
        {**fields, "__module__": "rectifier.keras.layers", "__qualname__": name},
    )
    keras.saving.register_keras_serializable(PACKAGE)(made)
    return made


CLASSES: Mapping[str, type] = {
    **{
        unit.class_name: _class(GatedLayer, unit.class_name, unit=unit, __doc__=unit.summary)
        for unit in map(catalog.gated, catalog.gated_names())
    },
    **{
        each.class_name: _class(RowwiseLayer, each.class_name, record=each, __doc__=each.summary)
        for each in map(catalog.rowwise, catalog.rowwise_names())
    },
}
"""The layer class of every gated unit and row-wise function, by its name."""


def find(name: Any) -> type | None:
    """Return the layer class of a gated unit or row-wise function of a name, or None."""
    for look in (catalog.gated, catalog.rowwise) if isinstance(name, str) else ():
        try:
            return CLASSES[look(name).class_name]
        except LookupError:
            continue
    return None

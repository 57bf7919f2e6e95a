"""Gated units on NumPy arrays: half of an axis times a function of the other half.

Layer: the NumPy front end, on the catalog's gated units. Computed in fp64 and rounded once, like
everything of `rectifier.numpy`; which half gates is the caller's to say.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from rectifier import catalog
from rectifier.analysis.operations import FLOAT64
from rectifier.analysis.rows import check_gate, check_place
from rectifier.errors import InvalidInputError
from rectifier.expression import Expr, evaluate
from rectifier.numpy.functions import Array, as_input

Half = Literal["last", "first", "odd", "even"]
"""Which part of the axis gates: a half of it, or every other number counted from 0."""


class Gated:
    """A gated unit on NumPy arrays.

    Args:
        name: A name of `rectifier.catalog.gated_names`.

    Example:
        >>> gated("reglu")([1.0, 2.0, -1.0, 3.0])
        array([0., 6.])
    """

    def __init__(self, name: str) -> None:
        self.activation = catalog.gated(name)

    def __call__(self, x: Any, /, *, axis: int = -1, gate: Half = "last", **parameters: Any) -> Any:
        """Return the product, half as long along the axis.

        Args:
            x: fp16, fp32, fp64 or integers; of even length along the axis.
            axis: The axis that holds both halves.
            gate: Which part of it gates.
            **parameters: Values of the unit's other parameters; numbers.

        Returns:
            A new array of the input's type; fp64 for integers.

        Raises:
            InvalidInputError: The input cannot be split.
            InvalidActivationError: A parameter has another name or an impossible value, or the axis
                is not a whole number.
        """
        source = as_input(x)
        linear, gating = split(self.activation.name, source, axis, gate)
        result = self._compute(self.activation.value_expression, linear, gating, parameters)
        return result.astype(_kept(source))

    def derivative(
        self, x: Any, /, *, axis: int = -1, gate: Half = "last", **parameters: Any
    ) -> Any:
        """Return, at the place of each input, the derivative of its product by it.

        Args:
            x: As in a call, like everything else.
            axis: As in a call.
            gate: As in a call.
            **parameters: As in a call.

        Returns:
            A new array of the input's shape.
        """
        source = as_input(x)
        result = np.empty(source.shape, _kept(source))
        inputs, outputs = (split(self.activation.name, a, axis, gate) for a in (source, result))
        by_gate = self.activation.parameter_derivative("gate")
        for slope, output in zip(
            (self.activation.derivative_expression, by_gate), outputs, strict=True
        ):
            output[...] = self._compute(slope, *inputs, parameters)
        return result

    def _compute(self, expression: Expr, linear: Array, gating: Array, given: Any) -> Array:
        halves = {"x": linear.astype(np.float64), "gate": gating.astype(np.float64)}
        with np.errstate(all="ignore"):
            values = {**self.activation.parameters(**given), **halves}
            result = evaluate(expression, FLOAT64, values)
        # A comparison is false for NaN, so that a formula with one may turn it into a number.
        lost = np.isnan(linear) | np.isnan(gating)
        return np.where(lost, np.nan, np.broadcast_to(result, linear.shape))

    def __repr__(self) -> str:
        return f"<rectifier.numpy gated unit {self.activation.name}>"


def gated(name: str) -> Gated:
    """Return a gated unit as a function of NumPy arrays.

    Raises:
        UnknownNameError: There is no such unit.
    """
    return Gated(name)


def split(name: str, x: Array, axis: int, gate: str) -> tuple[Array, Array]:
    """Return the linear part and the part that gates, as views."""
    axis, gate = check_place(name, x.shape, axis), check_gate(gate)
    if x.shape[axis] % 2:
        raise InvalidInputError(
            f"{name}: expected an even number of elements along axis {axis}, got shape {x.shape}."
        )
    moved = np.moveaxis(x, axis, -1)
    half = moved.shape[-1] // 2
    parts = {
        "last": (moved[..., :half], moved[..., half:]),
        "first": (moved[..., half:], moved[..., :half]),
        "odd": (moved[..., ::2], moved[..., 1::2]),
        "even": (moved[..., 1::2], moved[..., ::2]),
    }
    linear, gating = parts[gate]
    return np.moveaxis(linear, -1, axis), np.moveaxis(gating, -1, axis)


def _kept(source: Array) -> np.dtype[Any]:
    return source.dtype if source.dtype.kind == "f" else np.dtype(np.float64)

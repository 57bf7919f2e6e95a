"""One activation as a callable on NumPy arrays, with its derivative.

Layer: the NumPy front end. Composed results are computed in fp64, whatever comes, and rounded once
to the type of the input, block by block so that intermediate results stay in the cache. The
operations are those of `rectifier.analysis.operations`; whether a compiled kernel runs instead is
decided by `rectifier.kernels`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis.operations import FLOAT64
from rectifier.errors import InvalidActivationError, InvalidInputError, KernelUnavailableError
from rectifier.expression import Expr, evaluate
from rectifier.kernels import explain, native

Array = np.ndarray[Any, Any]

_BLOCK = 1 << 13
"""Elements computed at a time: what lies between stays in the cache and below mmap's threshold."""
_FLOATS = (np.float16, np.float32, np.float64)


class Function:
    """An activation on NumPy arrays.

    Calls take an array (or what NumPy makes one of) of fp16, fp32 or fp64, whose type the result
    keeps, or of integers or booleans, for which the result is fp64. Shape is kept; a result without
    dimensions is a NumPy scalar. NaN gives NaN. Parameters are given by keyword; an array that
    broadcasts against the input is allowed, such as one slope per channel.

    Args:
        activation: The activation.

    Example:
        >>> from rectifier.numpy import relu
        >>> relu([-1.0, 2.0]), relu.derivative([-1.0, 2.0])
        (array([0., 2.]), array([0., 1.]))
    """

    def __init__(self, activation: Activation) -> None:
        self.activation = activation
        self.__name__ = activation.name
        self.__qualname__ = activation.name
        self.__doc__ = f"{activation.summary}\n\n{activation.formula}\n\n{activation.source}"

    def __call__(
        self, x: Any, /, *, out: Any = None, path: str | None = None, **parameters: Any
    ) -> Any:
        """Return f(x).

        Args:
            x: Any shape; fp16, fp32, fp64, integers or booleans.
            out: Where to write; an array of the result's shape and type, which may be ``x`` itself.
            path: ``"native"`` or ``"composed"`` to ask for one; the fastest that is right if None.
            **parameters: Values of the parameters; the others have their defaults.

        Returns:
            A new array, or ``out``.

        Raises:
            InvalidInputError: Input or ``out`` cannot be used.
            InvalidActivationError: A parameter has another name or an impossible value.
            KernelUnavailableError: The path asked for cannot run.
        """
        return self._run("forward", self.activation.value_expression, x, out, path, parameters)

    def derivative(
        self,
        x: Any,
        /,
        *,
        order: int = 1,
        out: Any = None,
        path: str | None = None,
        **parameters: Any,
    ) -> Any:
        """Return f'(x), or a higher derivative. At a kink it is one of the two slopes.

        Args:
            x: As in a call.
            order: Which derivative, from 1 to 4; those above 1 come from the plain formula.
            out: As in a call.
            path: As in a call; only the first derivative has a compiled path.
            **parameters: As in a call.

        Returns:
            A new array, or ``out``.

        Raises:
            InvalidInputError: Input or ``out`` cannot be used.
            InvalidActivationError: An order or a parameter makes no sense.
            KernelUnavailableError: The path asked for cannot run.
        """
        if order == 1:
            expression = self.activation.derivative_expression
            return self._run("backward", expression, x, out, path, parameters)
        if path not in (None, "composed"):
            raise KernelUnavailableError(
                f"path {path!r} has no derivative of order {order!r}; use path='composed'."
            )
        expression = self.activation.derivative(order)
        return self._run("backward", expression, x, out, "composed", parameters)

    def _run(
        self,
        kind: native.Kind,
        expression: Expr,
        x: Any,
        out: Any,
        path: str | None,
        parameters: Mapping[str, Any],
    ) -> Any:
        source = as_input(x)
        scalars, arrays = _parameters(self.activation, parameters, source.shape)
        kept = source.dtype.type in _FLOATS
        dtype = source.dtype if kept else np.dtype(np.float64)
        chosen = _choose(self.activation, dtype.name, path, native.available())
        target = _output(source, dtype) if out is None else _checked(out, source.shape, dtype)
        if out is not None and np.may_share_memory(source, target) and not _same(source, target):
            source = source.copy()
        if chosen == "native" and not arrays and dtype.isnative:
            _native(self.activation.name, kind, source, target, tuple(scalars.values()))
        elif chosen == "native" and path == "native":
            raise KernelUnavailableError(
                "path 'native' takes numbers as parameters and native byte order; "
                "use path='composed' or leave it out."
            )
        elif arrays:
            _compute(expression, source, target, {**scalars, **arrays})
        else:
            _compute_blocks(expression, source, target, scalars)
        return target if out is not None else target[()]

    def __repr__(self) -> str:
        return f"<rectifier.numpy function {self.activation.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return function, (self.activation,)


@functools.lru_cache(maxsize=256)
def _function(activation: Activation) -> Function:
    return Function(activation)


def function(activation: str | Activation) -> Function:
    """Return an activation as a function of NumPy arrays.

    Args:
        activation: A name or an activation.

    Raises:
        UnknownNameError: There is no such activation.
    """
    return _function(catalog.get(activation))


@functools.lru_cache(maxsize=1024)
def _choose(activation: Activation, dtype: str, path: str | None, available: bool) -> str:
    """Return the path; remembered, since a small array takes less time than the decision.

    ``available`` is there to be part of what is remembered: kernels can be turned off meanwhile.
    """
    return explain(activation, "numpy", dtype, path=path).path


def as_input(x: Any) -> Array:
    """Return the input as an array of a type that can be computed with."""
    if isinstance(x, np.ma.MaskedArray):
        raise InvalidInputError(
            "expected an array without mask; pass x.filled(...) or compute on x.compressed()."
        )
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise InvalidInputError(f"expected numbers in a regular shape; {error}.") from error
    if array.dtype.type not in _FLOATS and array.dtype.kind not in "iub":
        raise InvalidInputError(
            "expected fp16, fp32, fp64, integers or booleans, got "
            f"{array.dtype}; convert it first, as with x.astype(np.float32)."
        )
    return array


def _parameters(
    activation: Activation, given: Mapping[str, Any], shape: tuple[int, ...]
) -> tuple[dict[str, float], dict[str, Array]]:
    """Return the parameters that are numbers, in order, and those that are arrays."""
    several = {
        name: np.asarray(value)
        for name, value in given.items()
        if name in activation.params and not np.isscalar(value) and np.ndim(value) > 0
    }
    scalars = activation.parameters(**{n: v for n, v in given.items() if n not in several})
    for name, array in several.items():
        if array.dtype.kind not in "fiu" or not array.size:
            raise InvalidActivationError(
                f"{name!r} must be numbers, got an array of {array.dtype}, shape {array.shape}."
            )
        activation.params[name].check(name, array.min())
        activation.params[name].check(name, array.max())
        try:
            fits = np.broadcast_shapes(shape, array.shape) == shape
        except ValueError:
            fits = False
        if not fits:
            raise InvalidInputError(
                f"{name!r} of shape {array.shape} does not broadcast against the input of shape "
                f"{shape}; give it a dimension of 1 for every dimension that shares a value."
            )
        several[name] = array.astype(np.float64)
    return scalars, several


def _output(source: Array, dtype: np.dtype[Any]) -> Array:
    if source.flags.f_contiguous and not source.flags.c_contiguous:
        return np.empty(source.shape, dtype, order="F")
    return np.empty(source.shape, dtype)


def _checked(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return ``out`` if the result can be written there."""
    if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray):
        raise InvalidInputError(f"out must be a NumPy array, got {type(out).__name__}.")
    if out.shape != shape or out.dtype != dtype:
        raise InvalidInputError(
            f"out must have shape {shape} and type {dtype}, got {out.shape} and {out.dtype}."
        )
    if not out.flags.writeable:
        raise InvalidInputError("out is read-only; pass an array that can be written to.")
    return out


def _same(one: Array, two: Array) -> bool:
    """Say whether two arrays are the same elements in the same order."""
    there = one.__array_interface__["data"] == two.__array_interface__["data"]
    return there and one.strides == two.strides and one.dtype == two.dtype


def _flat_pair(source: Array, target: Array) -> tuple[Array, Array, bool]:
    """Return both as flat arrays in one order, and whether the second is a copy to be put back."""
    if target.flags.f_contiguous and not target.flags.c_contiguous:
        source, target = source.T, target.T
    copied = not target.flags.c_contiguous
    flat = np.empty(target.size, target.dtype) if copied else target.reshape(-1)
    return np.ascontiguousarray(source).reshape(-1), flat, copied


def _native(
    name: str,
    kind: native.Kind,
    source: Array,
    target: Array,
    parameters: tuple[float, ...],
) -> None:
    """Run the compiled kernel; a derivative is a backward pass of ones."""
    given, flat, copied = _flat_pair(source, target)
    given = given.astype(flat.dtype, copy=False)  # integers
    gradient = np.ones_like(given) if kind == "backward" else None
    native.unary(name, kind, given, flat, grad=gradient, parameters=parameters)
    if copied:
        target[...] = flat.reshape(target.shape)


def _compute_blocks(
    expression: Expr,
    source: Array,
    target: Array,
    parameters: Mapping[str, float],
) -> None:
    """Compute block by block, so that intermediate results stay in the cache."""
    given, flat, copied = _flat_pair(source, target)
    for start in range(0, flat.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        _compute(expression, given[block], flat[block], parameters)
    if copied:
        target[...] = flat.reshape(target.shape)


def _compute(
    expression: Expr,
    source: Array,
    target: Array,
    parameters: Mapping[str, Any],
) -> None:
    """Compute in fp64 and round once."""
    x = source.astype(np.float64)
    with np.errstate(all="ignore"):
        target[...] = evaluate(expression, FLOAT64, {"x": x, **parameters})
    # A comparison with NaN is false, so a formula with `where` may turn NaN into a number.
    np.copyto(target, np.nan, where=np.isnan(x))

"""Gated units and row-wise functions on JAX arrays.

Layer: JAX front end, on `rectifier.jax.functions` and `rectifier.analysis.rows`. Types below fp32
are computed in fp32 and rounded once. What JAX transforms here it transforms as everything else:
a gated unit is a function of ``x`` with the array ``gate`` as its parameter.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from rectifier import catalog
from rectifier.analysis import rows
from rectifier.jax.functions import checked, function


@functools.cache
def gated(name: str) -> Callable[..., Any]:
    """Return a gated unit as a function of a JAX array.

    Args:
        name: A name of `rectifier.catalog.gated_names`.

    Returns:
        ``f(x, axis=-1, gate="last", **parameters)``; half as long along the axis, of the input's
        type. ``gate`` is ``"last"`` as in ``jax.nn.glu``, ``"first"``, ``"odd"`` or ``"even"``.

    Raises:
        UnknownNameError: There is no such unit.

    Example:
        >>> import jax.numpy as jnp
        >>> gated("reglu")(jnp.array([1.0, 2.0, -1.0, 3.0])).tolist()
        [0.0, 6.0]
    """
    unit = catalog.gated(name)
    return rows.gated_function(unit, function(unit), checked)


@functools.cache
def rowwise(name: str) -> Callable[..., Any]:
    """Return a row-wise function of a JAX array.

    Args:
        name: A name of `rectifier.catalog.rowwise_names`.

    Returns:
        ``f(x, axis=-1, **options)``, of the input's type.

    Raises:
        UnknownNameError: There is no such function.

    Example:
        >>> import jax.numpy as jnp
        >>> rowwise("sparsemax")(jnp.array([2.0, 1.5, -1.0])).tolist()
        [0.75, 0.25, 0.0]
    """
    record = catalog.rowwise(name)

    def call(x: Any, axis: int = -1, **options: Any) -> Any:
        array = checked(record.name, x)
        rows.length(record.name, array.shape, axis)
        working = jnp.float64 if array.dtype.itemsize > 4 else jnp.float32
        moved = jnp.moveaxis(array.astype(working), axis, -1)
        chosen = record.chosen(options)
        result = rows.compute(record.name, jnp, jax.lax.stop_gradient, moved, **chosen)
        return jnp.moveaxis(result, -1, axis).astype(array.dtype)

    return rows.named(call, record.name, f"{record.summary}\n\n{record.formula}\n\n{record.source}")

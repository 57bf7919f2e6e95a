"""JAX, compiled in fp32 and not compiled in the other types."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from conformance_fronts import IN_ITSELF, WIDER, Front, Wide
from conformance_suite import Conformance, ConformanceOfParameters, ConformanceOfRows

import rectifier.jax as rj
from rectifier.activation import Activation


class Jax(Front, Wide):
    """`rectifier.jax`, by ``jax.jvp``."""

    def value(self, spec: Activation, x: np.ndarray, dtype: str) -> np.ndarray:
        return self._run(spec, x, dtype, 0)

    def slope(self, spec: Activation, x: np.ndarray, dtype: str) -> np.ndarray:
        return self._run(spec, x, dtype, 1)

    def _run(self, spec: Activation, x: np.ndarray, dtype: str, order: int) -> np.ndarray:
        f = rj.function(spec)
        # Not compiled, an operation that another function used is ready.
        with jax.enable_x64(dtype == "float64"), jax.disable_jit(dtype != "float32"):
            given = jnp.asarray(x, dtype=dtype)
            got = f(given) if order == 0 else jax.jvp(f, (given,), (jnp.ones_like(given),))[1]
            assert got.dtype == dtype
            return np.asarray(got, np.float64)

    def parameter_slope(self, spec: Activation, parameter: str, x: np.ndarray) -> np.ndarray:
        f = rj.function(spec)
        with jax.enable_x64(True), jax.disable_jit():
            at = jnp.full(x.shape, spec.params[parameter].default)
            ones = jnp.ones(x.shape)
            return np.asarray(jax.jvp(lambda p: f(x, **{parameter: p}), (at,), (ones,))[1])

    def kept(self, spec: Activation, shape: tuple[int, ...], dtype: str) -> list[tuple]:
        f = rj.function(spec)
        with jax.enable_x64(dtype == "float64"):
            x = jax.ShapeDtypeStruct(shape, dtype)
            y, grad = jax.eval_shape(lambda x: (f(x), jax.vjp(f, x)[1](f(x))[0]), x)
        return [(t.shape, t.dtype.name) for t in (y, grad)]

    def wide_value(
        self, family: str, name: str, x: np.ndarray, dtype: str, **options: object
    ) -> np.ndarray:
        with jax.enable_x64(dtype == "float64"):
            got = getattr(rj, family)(name)(jnp.asarray(x, dtype), **options)
            assert got.dtype == dtype
            return np.asarray(got, np.float64)

    def wide_slope(
        self, family: str, name: str, x: np.ndarray, seed: np.ndarray, **options: object
    ) -> np.ndarray:
        f = getattr(rj, family)(name)
        with jax.enable_x64(True):
            return np.asarray(jax.grad(lambda x: (f(x, **options) * seed).sum())(jnp.asarray(x)))


class TestJax(Conformance, ConformanceOfParameters, ConformanceOfRows):
    # Each shape is traced anew.
    front = Jax(IN_ITSELF, WIDER, underflows=True, shapes=((), (2, 0, 3)))

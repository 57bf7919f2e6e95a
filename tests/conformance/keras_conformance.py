"""Keras on the backend that KERAS_BACKEND names; test_conformance_keras.py runs this on each."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from conformance_fronts import IN_ITSELF, WIDER, Front, Wide
from conformance_suite import Conformance, ConformanceOfParameters, ConformanceOfRows
from keras import ops
from keras_slope import BACKEND, numbers, slope

import rectifier.keras as rk
from rectifier.activation import Activation

# Keras's torch backend converts to NumPy in a way that NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

# Keras's JAX backend computes sin, cos and arctan of fp64 in fp32.
WITH_FP32_WAVES = {
    *("sine", "cosine", "cosine_squasher", "snake", "gcu", "sinlu", "coslu", "arctan"),
}


class Keras(Front, Wide):
    """`rectifier.keras`, by the backend's own differentiation."""

    def offers(self, name: str, dtype: str) -> bool:
        return not (BACKEND == "jax" and dtype == "float64" and name in WITH_FP32_WAVES)

    def value(self, spec: Activation, x: np.ndarray, dtype: str) -> np.ndarray:
        return _numbers(rk.function(spec)(_tensor(x, dtype)), dtype)

    def slope(self, spec: Activation, x: np.ndarray, dtype: str) -> np.ndarray:
        return _numbers(slope(rk.function(spec), _tensor(x, dtype)), dtype)

    def parameter_slope(self, spec: Activation, parameter: str, x: np.ndarray) -> np.ndarray:
        f, given = rk.function(spec), _tensor(x, "float64")
        at = ops.full(x.shape, spec.params[parameter].default, "float64")
        return numbers(slope(lambda p: f(given, **{parameter: p}), at))

    def kept(self, spec: Activation, shape: tuple[int, ...], dtype: str) -> list[tuple]:
        f, x = rk.function(spec), ops.ones(shape, dtype)
        symbolic = f(keras.KerasTensor(shape, dtype))
        assert (tuple(symbolic.shape), symbolic.dtype) == (shape, dtype)
        return [(tuple(t.shape), _name(t)) for t in (f(x), slope(f, x))]

    def wide_value(
        self, family: str, name: str, x: np.ndarray, dtype: str, **options: object
    ) -> np.ndarray:
        return _numbers(getattr(rk, family)(name)(_tensor(x, dtype), **options), dtype)

    def wide_slope(
        self, family: str, name: str, x: np.ndarray, seed: np.ndarray, **options: object
    ) -> np.ndarray:
        f, weights = getattr(rk, family)(name), ops.convert_to_tensor(seed, "float64")
        return numbers(slope(lambda x: f(x, **options) * weights, _tensor(x, "float64")))


def _tensor(x: np.ndarray, dtype: str) -> Any:
    return ops.cast(ops.convert_to_tensor(x, "float64"), dtype)


def _numbers(result: Any, dtype: str) -> np.ndarray:
    assert _name(result) == dtype
    return numbers(result)


def _name(tensor: Any) -> str:
    return keras.backend.standardize_dtype(tensor.dtype)


class TestKeras(Conformance, ConformanceOfParameters, ConformanceOfRows):
    # JAX compiles every operation anew for another shape.
    shapes = ((2, 0, 3),) if BACKEND == "jax" else Front.shapes
    front = Keras(IN_ITSELF, WIDER, underflows=True, shapes=shapes)
    rtol = 2e-5 if BACKEND == "jax" else 1e-12

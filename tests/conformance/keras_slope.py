"""Derivatives on whatever backend Keras runs on: the one place where tests name a backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

BACKEND = keras.backend.backend()


def numbers(tensor: Any) -> np.ndarray:
    """Return a tensor as fp64 NumPy numbers."""
    kind = keras.backend.standardize_dtype(tensor.dtype)
    plain = tensor if kind == "float64" else ops.cast(tensor, "float32")
    return np.asarray(ops.convert_to_numpy(plain), np.float64)


def slope(f: Callable[[Any], Any], x: Any, order: int = 1) -> Any:
    """Return the gradient of the sum of f at x; of order 2 that of the sum of the gradient."""
    if BACKEND == "jax":
        import jax

        def gradient(x: Any) -> Any:
            y, pull = jax.vjp(f, x)
            return pull(ops.ones_like(y))[0]

        return gradient(x) if order == 1 else jax.vjp(gradient, x)[1](ops.ones_like(x))[0]
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = f(x)
            first = tape.gradient(y, x)
        return first if order == 1 else outer.gradient(first, x)
    import torch

    x = x.detach().clone().requires_grad_()
    y = f(x)
    (first,) = torch.autograd.grad(y, x, torch.ones_like(y), create_graph=order > 1)
    return first if order == 1 else torch.autograd.grad(first, x, torch.ones_like(x))[0]

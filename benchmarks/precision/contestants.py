"""Who computes: the front ends here by their default path, and the frameworks' own functions.

A contestant takes numbers of a format as fp32 and returns values and derivatives, in fp32 as well,
which holds every number of the formats. Derivatives of a framework are what its own automatic
differentiation gives.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

import rectifier.numpy
import rectifier.torch as rt

os.environ.setdefault("KERAS_BACKEND", "torch")

Array = np.ndarray
Run = Callable[[Array, str], tuple[Array, Array]]

OURS = ("rectifier.numpy", "rectifier.torch")
"""Front ends with compiled kernels: all inputs."""
TRACED = ("rectifier.jax", "rectifier.keras")
"""Front ends that are as good as their framework's operations: a sample."""
OTHERS = ("torch", "jax", "keras")
"""The frameworks' own functions: a sample."""

_TORCH: dict[str, Callable[..., Any]] = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "prelu": lambda x: F.prelu(x, torch.tensor(0.25, dtype=x.dtype)),
    "rrelu": F.rrelu,
    "relu6": F.relu6,
    "elu": F.elu,
    "celu": F.celu,
    "selu": F.selu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "sigmoid": torch.sigmoid,
    "log_sigmoid": F.logsigmoid,
    "tanh": torch.tanh,
    "tanh_shrink": F.tanhshrink,
    "hard_shrink": F.hardshrink,
    "soft_shrink": F.softshrink,
    "softsign": F.softsign,
    "hard_swish": F.hardswish,
    "hard_sigmoid": F.hardsigmoid,
    "hard_tanh": F.hardtanh,
    "threshold": lambda x: F.threshold(x, 1.0, 0.0),
    "erf": torch.erf,
    "sine": torch.sin,
    "cosine": torch.cos,
    "arctan": torch.atan,
    "exponential": torch.exp,
}


@functools.cache
def _jax_own() -> dict[str, Callable[..., Any]]:
    import jax

    nn = jax.nn
    return {
        "relu": nn.relu,
        "leaky_relu": nn.leaky_relu,
        "relu6": nn.relu6,
        "elu": nn.elu,
        "celu": nn.celu,
        "selu": nn.selu,
        "gelu": lambda x: nn.gelu(x, approximate=False),
        "gelu_tanh": lambda x: nn.gelu(x, approximate=True),
        "silu": nn.silu,
        "mish": nn.mish,
        "softplus": nn.softplus,
        "sigmoid": nn.sigmoid,
        "log_sigmoid": nn.log_sigmoid,
        "tanh": jax.numpy.tanh,
        "softsign": nn.soft_sign,
        "hard_swish": nn.hard_swish,
        "hard_sigmoid": nn.hard_sigmoid,
        "hard_tanh": nn.hard_tanh,
        "squareplus": nn.squareplus,
        "sparse_plus": nn.sparse_plus,
        "sparse_sigmoid": nn.sparse_sigmoid,
    }


@functools.cache
def _keras_own() -> dict[str, Callable[..., Any]]:
    from keras import activations as a

    return {
        "relu": a.relu,
        "leaky_relu": lambda x: a.leaky_relu(x, negative_slope=0.01),
        "relu6": a.relu6,
        "elu": a.elu,
        "celu": a.celu,
        "selu": a.selu,
        "gelu": a.gelu,
        "gelu_tanh": lambda x: a.gelu(x, approximate=True),
        "silu": a.silu,
        "mish": a.mish,
        "softplus": a.softplus,
        "sigmoid": a.sigmoid,
        "log_sigmoid": a.log_sigmoid,
        "tanh": a.tanh,
        "tanh_shrink": a.tanh_shrink,
        "hard_shrink": a.hard_shrink,
        "soft_shrink": a.soft_shrink,
        "softsign": a.softsign,
        "hard_swish": a.hard_silu,
        "hard_sigmoid": a.hard_sigmoid,
        "hard_tanh": a.hard_tanh,
        "squareplus": a.squareplus,
        "sparse_plus": a.sparse_plus,
        "sparse_sigmoid": a.sparse_sigmoid,
        "exponential": a.exponential,
    }


def installed() -> dict[str, bool]:
    """Say which of the contestants' packages are there."""
    return {name: find_spec(name.rpartition(".")[2]) is not None for name in (*TRACED, *OTHERS)}


def contestant(who: str, name: str) -> Run | None:
    """Return who computes an activation as a function, or None if they have no such activation.

    Args:
        who: A name of `OURS`, `TRACED` or `OTHERS`.
        name: The activation.
    """
    if who == "rectifier.numpy":
        return _numpy(name)
    if who == "rectifier.torch":
        return _with_torch(getattr(rt.functional, name))
    if who == "rectifier.jax":
        import rectifier.jax

        return _with_jax(rectifier.jax.function(name))
    if who == "rectifier.keras":
        import rectifier.keras

        return _with_torch(rectifier.keras.function(name))
    if who == "jax":
        own = _jax_own().get(name)
        return None if own is None else _with_jax(own)
    own = (_TORCH if who == "torch" else _keras_own()).get(name)
    return None if own is None else _with_torch(own)


def _numpy(name: str) -> Run:
    f = getattr(rectifier.numpy, name)

    def run(x: Array, dtype: str) -> tuple[Array, Array]:
        given = x if dtype == "float32" else x.astype(np.float16)
        value, slope = f(given), f.derivative(given)
        return value.astype(np.float32, copy=False), slope.astype(np.float32, copy=False)

    return run


def _with_torch(f: Callable[..., Any]) -> Run:
    def run(x: Array, dtype: str) -> tuple[Array, Array]:
        given = torch.from_numpy(x).to(getattr(torch, dtype)).requires_grad_()
        y = f(given)
        (grad,) = torch.autograd.grad(y, given, torch.ones_like(y))
        return y.detach().float().numpy(), grad.float().numpy()

    return run


def _with_jax(f: Callable[..., Any]) -> Run:
    import jax

    @jax.jit
    def both(x: Any) -> tuple[Any, Any]:
        y, pull = jax.vjp(f, x)
        return y.astype("float32"), pull(jax.numpy.ones_like(y))[0].astype("float32")

    def run(x: Array, dtype: str) -> tuple[Array, Array]:
        y, grad = both(jax.numpy.asarray(x).astype(dtype))
        return np.asarray(y), np.asarray(grad)

    return run

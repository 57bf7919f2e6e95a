"""Values and derivatives in fp64, vectorised: what the results of the front ends are held against.

For the twenty activations whose every fp32 input is measured, they are written here by hand, in
forms of their own; none of the catalog's expressions is used. For all others the catalog's composed
path in fp64 serves. `exact` checks both against many digits.

Each reference takes finite fp64 numbers and returns f and f'. Where f has a kink, f' is that of one
side; `accuracy` counts any slope between the two as right there.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from rectifier import catalog
from rectifier.numpy import function

Array = np.ndarray
Reference = Callable[[Array], tuple[Array, Array]]

_ROOT_2_OVER_PI = math.sqrt(2 / math.pi)
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def _erfc(x: Array) -> Array:
    return torch.special.erfc(torch.from_numpy(x)).numpy()


def _erf(x: Array) -> Array:
    return torch.special.erf(torch.from_numpy(x)).numpy()


def _logistic(x: Array) -> tuple[Array, Array, Array]:
    """Return 1 / (1 + exp(-x)), 1 / (1 + exp(x)) and log(1 + exp(x)), by one exponential."""
    e = np.exp(-np.abs(x))
    large = 1 / (1 + e)
    small = e * large
    right = x >= 0
    logarithm = np.log1p(e)
    logarithm += np.maximum(x, 0)
    return np.where(right, large, small), np.where(right, small, large), logarithm


def _gates(x: Array) -> tuple[Array, Array]:
    """Return the first two of `_logistic`."""
    e = np.exp(-np.abs(x))
    large = 1 / (1 + e)
    small = e * large
    right = x >= 0
    return np.where(right, large, small), np.where(right, small, large)


def relu(x: Array) -> tuple[Array, Array]:
    return np.maximum(x, 0), (x > 0).astype(np.float64)


def leaky_relu(x: Array) -> tuple[Array, Array]:
    slope = np.where(x > 0, 1.0, 0.01)
    return slope * x, slope


def elu(x: Array) -> tuple[Array, Array]:
    below = np.minimum(x, 0)
    return np.where(x > 0, x, np.expm1(below)), np.exp(below)


def selu(x: Array) -> tuple[Array, Array]:
    below = np.minimum(x, 0)
    value = np.where(x > 0, x, _SELU_ALPHA * np.expm1(below))
    slope = np.where(x > 0, 1.0, _SELU_ALPHA * np.exp(below))
    return _SELU_SCALE * value, _SELU_SCALE * slope


def gelu(x: Array) -> tuple[Array, Array]:
    x = np.maximum(x, -60.0)
    cumulative = 0.5 * _erfc(x * -math.sqrt(0.5))
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return x * cumulative, cumulative + x * density


def gelu_tanh(x: Array) -> tuple[Array, Array]:
    x = np.maximum(x, -60.0)
    square = np.minimum(x, 60.0) ** 2
    on, off = _gates(2 * _ROOT_2_OVER_PI * x * (1 + 0.044715 * square))
    inner = 2 * _ROOT_2_OVER_PI * (1 + 3 * 0.044715 * square)
    return x * on, on * (1 + np.minimum(x, 60.0) * off * inner)


def silu(x: Array) -> tuple[Array, Array]:
    on, off = _gates(x)
    return x * on, on * (1 + x * off)


def mish(x: Array) -> tuple[Array, Array]:
    on, _, soft = _logistic(x)
    t = np.tanh(soft)
    return x * t, t + x * on * ((1 - t) * (1 + t))


def softplus(x: Array) -> tuple[Array, Array]:
    on, _, soft = _logistic(x)
    return soft, on


def sigmoid(x: Array) -> tuple[Array, Array]:
    on, off = _gates(x)
    return on, on * off


def log_sigmoid(x: Array) -> tuple[Array, Array]:
    on, _, soft = _logistic(-x)
    return -soft, on


def tanh(x: Array) -> tuple[Array, Array]:
    on, off = _gates(2 * x)
    return np.tanh(x), 4 * on * off


def tanh_shrink(x: Array) -> tuple[Array, Array]:
    t = np.tanh(x)
    s = np.minimum(x * x, 1.0)
    series = s * x * (1 / 3 - s * (2 / 15 - s * (17 / 315 - s * (62 / 2835))))
    return np.where(s < 4e-4, series, x - t), t * t


def softsign(x: Array) -> tuple[Array, Array]:
    below = 1 + np.abs(x)
    return x / below, 1 / (below * below)


def hard_swish(x: Array) -> tuple[Array, Array]:
    value = x * (np.clip(x + 3, 0, 6) / 6)
    return value, np.where(np.abs(x) < 3, (2 * x + 3) / 6, (x > 0).astype(np.float64))


def squareplus(x: Array) -> tuple[Array, Array]:
    root = np.sqrt(x * x + 4)
    whole = root + np.abs(x)
    right = x > 0
    value = np.where(right, whole / 2, 2 / whole)
    return value, np.where(right, whole / (2 * root), 2 / (root * whole))


def serf(x: Array) -> tuple[Array, Array]:
    on, _, s = _logistic(x)
    value = _erf(s)
    return x * value, value + x * on * np.exp(-s * s) * (2 / math.sqrt(math.pi))


def tanh_exp(x: Array) -> tuple[Array, Array]:
    e = np.exp(np.minimum(x, 20.0))
    t = np.tanh(e)
    return x * t, t + np.minimum(x, 20.0) * e * ((1 - t) * (1 + t))


def relu_squared(x: Array) -> tuple[Array, Array]:
    above = np.maximum(x, 0)
    return above * above, 2 * above


CORE: dict[str, Reference] = {
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "celu": elu,  # alpha is 1
    "selu": selu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "silu": silu,
    "mish": mish,
    "softplus": softplus,
    "sigmoid": sigmoid,
    "log_sigmoid": log_sigmoid,
    "tanh": tanh,
    "tanh_shrink": tanh_shrink,
    "softsign": softsign,
    "hard_swish": hard_swish,
    "squareplus": squareplus,
    "serf": serf,
    "tanh_exp": tanh_exp,
    "relu_squared": relu_squared,
}
"""Of the activations whose every fp32 input is measured; with the default parameters."""


FAR = 128.0
_ZERO, _ONE, _X = (0.0, 0.0), (1.0, 0.0), (0.0, 1.0)
_BEYOND = {
    "relu": (_ZERO, _X),
    "leaky_relu": ((0.0, 0.01), _X),
    "elu": ((-1.0, 0.0), _X),
    "celu": ((-1.0, 0.0), _X),
    "selu": ((-_SELU_SCALE * _SELU_ALPHA, 0.0), (0.0, _SELU_SCALE)),
    "sigmoid": (_ZERO, _ONE),
    "log_sigmoid": (_X, _ZERO),
    "tanh": ((-1.0, 0.0), _ONE),
    "tanh_shrink": ((1.0, 1.0), (-1.0, 1.0)),
    **dict.fromkeys(("gelu", "gelu_tanh", "silu", "mish", "softplus"), (_ZERO, _X)),
    **dict.fromkeys(("hard_swish", "serf", "tanh_exp"), (_ZERO, _X)),
}
"""Left and right of -`FAR` and `FAR`, half of all fp32 numbers: (a, b) of the line a + b x.

What is left out is below 128 exp(-128), a 10**8th of the smallest positive fp32 number.
"""


def fast_reference(name: str, x: Array) -> Reference:
    """Return the reference, or a straight line where it is one on all of x.

    Args:
        name: One of `CORE`.
        x: Finite numbers, in the order of their bit patterns.
    """
    if name not in _BEYOND or min(abs(x[0]), abs(x[-1])) < FAR or (x[0] < 0) != (x[-1] < 0):
        return reference(name)
    start, rise = _BEYOND[name][int(x[0] > 0)]
    return lambda x: (start + rise * x, np.full(x.shape, rise))


def reference(name: str) -> Reference:
    """Return the fp64 reference of an activation with its default parameters."""
    if name in CORE:
        return CORE[name]
    f = function(catalog.get(name))
    return lambda x: (f(x, path="composed"), f.derivative(x, path="composed"))

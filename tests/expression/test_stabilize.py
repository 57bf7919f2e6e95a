"""Formulas as people write them, rewritten so that they do not overflow."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
import torch

import rectifier.jax as rj
import rectifier.torch as rt
from rectifier.definition import define
from rectifier.expression import parse, stabilize, to_text
from rectifier.numpy import function

FORMULAS = {
    "log(1 + exp(x))": "softplus(x)",
    "log(exp(x) + 1)": "softplus(x)",
    "log1p(exp(x))": "softplus(x)",
    "log(exp(x) + exp(-x))": "x + softplus(-2 * x)",
    "(exp(x) - exp(-x)) / (exp(x) + exp(-x))": "tanh(x)",
    "(exp(x) - exp(-x)) / (exp(-x) + exp(x))": "tanh(x)",
    "(1 - exp(-2 * x)) / (1 + exp(-2 * x))": "tanh(x)",
    "exp(x) / (1 + exp(x))": "sigmoid(x)",
    "1 / (1 + exp(-x))": "sigmoid(x)",
    "x / (1 + exp(-1.702 * x))": "x * sigmoid(1.702 * x)",
    "x * tanh(log(1 + exp(x)))": "x * tanh(softplus(x))",
    "where(x > 0, x, exp(x) - 1)": "where(x > 0, x, expm1(x))",
    "1 - exp(-x)": "-expm1(-x)",
    "x * log(1 + tanh(exp(x)))": "x * log1p(tanh(exp(x)))",
}


@pytest.mark.parametrize(("given", "stable"), FORMULAS.items())
def test_recognised_forms(given: str, stable: str) -> None:
    assert to_text(stabilize(parse(given))) == stable


@pytest.mark.parametrize(
    "given", ["exp(x) + 1 - 1", "log(2 + exp(x))", "x / (2 + exp(x))", "exp(x) - exp(-x)", "x - 1"]
)
def test_what_is_left_alone(given: str) -> None:
    assert stabilize(parse(given)) == parse(given)
    assert define("own", given).stable is None


EXACT = {
    "log(1 + exp(x))": lambda x: mp.log1p(mp.exp(x)),
    "log(exp(x) + exp(-x))": lambda x: mp.log(mp.exp(x) + mp.exp(-x)),
    "(exp(x) - exp(-x)) / (exp(x) + exp(-x))": mp.tanh,
    "x / (1 + exp(-x))": lambda x: x / (1 + mp.exp(-x)),
    "exp(x) - 1": mp.expm1,
}
POINTS = [-90.0, -30.0, -3.0, -1e-4, 0.25, 3.0, 30.0, 85.0, 90.0]


@pytest.mark.parametrize("formula", EXACT)
def test_front_ends_agree_where_the_formula_overflows(formula: str) -> None:
    """At 90 the exponential is infinite in fp32: JAX gave inf, NaN and NaN gradients."""
    own, exact = define("own", formula), EXACT[formula]
    points = [x for x in POINTS if formula != "exp(x) - 1" or x < 88]
    with mp.workdps(60):
        want = np.array([float(exact(mp.mpf(np.float32(x).item()))) for x in points])
        singles = [mp.mpf(np.float32(x).item()) for x in points]
        slope = np.array([float(mp.diff(exact, x, h=mp.mpf(10) ** -25)) for x in singles])
    x = np.array(points, np.float32)
    # XLA takes a subnormal factor, such as sigmoid(-90), for 0.
    near = {"rtol": 2e-6, "atol": 100 * np.finfo(np.float32).tiny}
    assert np.allclose(function(own)(x), want, **near)
    assert np.allclose(function(own).derivative(x), slope, **near)
    f = rj.function(own)
    assert np.allclose(f(jnp.asarray(x)), want, **near)
    assert np.allclose(jax.vmap(jax.grad(f))(jnp.asarray(x)), slope, **near)
    t = torch.tensor(x, requires_grad=True)
    y = rt.activation(own)(t)
    y.sum().backward()
    assert np.allclose(y.detach().numpy(), want, **near)
    assert np.allclose(t.grad.numpy(), slope, **near)

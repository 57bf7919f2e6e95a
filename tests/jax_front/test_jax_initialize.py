"""Initialisers against JAX's own, and against what they are for: a variance that is kept."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.nn import initializers as theirs

import rectifier
import rectifier.jax as rj
from rectifier.analysis.schemes import SCHEMES
from rectifier.errors import InvalidActivationError, UnknownNameError

KEY = jax.random.key(0)
SHAPE = (3, 3, 8, 16)


@pytest.mark.parametrize(
    ("ours", "jaxs"),
    [
        (rj.init("relu"), theirs.he_normal()),
        (rj.init("relu", "kaiming_uniform"), theirs.he_uniform()),
        (rj.init("mish", "lecun_normal"), theirs.lecun_normal()),
        (rj.init(None, "glorot_uniform"), theirs.glorot_uniform()),
        (rj.init("relu", "orthogonal"), theirs.orthogonal(math.sqrt(2))),
    ],
)
def test_they_are_jaxs_own_where_jax_has_them(ours, jaxs) -> None:
    np.testing.assert_allclose(ours(KEY, SHAPE), jaxs(KEY, SHAPE), rtol=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_spread_follows_gain_and_fan(scheme: str) -> None:
    shape = (200, 300)
    weight = rj.init("mish", scheme, dtype=jnp.float32)(KEY, shape)
    rule = SCHEMES[scheme]
    fan = {"in": 200, "out": 300, "mean": 250}[rule.fan]
    if rule.distribution == "orthogonal":
        fan = 300
    gain = rectifier.gain("mish") if rule.uses_gain else 1.0
    assert float(weight.std()) == pytest.approx(gain / math.sqrt(fan), rel=0.02)
    assert weight.dtype == jnp.float32


@pytest.mark.parametrize(("name", "given"), [("mish", {}), ("leaky_relu", {"negative_slope": 0.3})])
def test_the_variance_is_kept_from_layer_to_layer(name: str, given: dict) -> None:
    z = jax.random.normal(KEY, (400, 300))
    weight = rj.init(name, **given)(jax.random.key(1), (300, 300))
    assert float(jnp.var(rj.function(name)(z, **given) @ weight)) == pytest.approx(1.0, rel=0.05)


def test_dtype_axes_and_parameters() -> None:
    make = rj.init("relu", in_axis=0, out_axis=1, dtype=jnp.bfloat16)
    assert make(KEY, (400, 500)).dtype == jnp.bfloat16
    assert make(KEY, (400, 500), jnp.float32).dtype == jnp.float32
    turned = rj.init("relu", in_axis=-1, out_axis=-2)(KEY, (500, 400))
    assert float(turned.std()) == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    steep = rj.init("leaky_relu", negative_slope=1.0)(KEY, (400, 500))
    assert float(steep.std()) == pytest.approx(math.sqrt(1 / 400), rel=0.02)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: rj.init("rleu"), UnknownNameError, "did you mean .*'relu'"),
        (lambda: rj.init("relu", "hee"), UnknownNameError, "initialisation scheme 'hee'"),
        (lambda: rj.init("relu", slope=1.0), InvalidActivationError, "no parameter 'slope'"),
        (lambda: rj.init("relu", "lecun", slope=1.0), InvalidActivationError, "no parameter"),
        (lambda: rj.init(slope=1.0), InvalidActivationError, "without an activation"),
    ],
)
def test_wrong_arguments(make, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()

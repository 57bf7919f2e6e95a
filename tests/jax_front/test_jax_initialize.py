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
from rectifier.errors import InvalidActivationError, InvalidInputError, UnknownNameError

KEY = jax.random.key(0)
SHAPE = (3, 3, 8, 16)
SPECIAL = {"lsuv", "identity", "randomized_asymmetric", "alexnet"}


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


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - SPECIAL))
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


def test_asymmetric_weights_have_one_positive_number_for_each_output() -> None:
    std = 0.6007 / 20
    for given, turn in (({}, False), ({"in_axis": -1, "out_axis": -2}, True)):
        shape = (300, 400) if turn else (400, 300)
        weight = np.asarray(rj.init("relu", "rai", **given)(KEY, shape))
        weight = weight.T if turn else weight
        large = weight > 6 * std
        assert large.sum(axis=0).max() == 1  # and 3 % of Beta(2, 1) lie below that
        assert large.any(axis=0).mean() == pytest.approx(0.968, abs=0.03)
        assert weight[large].mean() == pytest.approx(0.689, abs=0.05)
        assert weight[~large].std() == pytest.approx(std, rel=0.02)
    window = rj.init("relu", "rai")(KEY, SHAPE, jnp.bfloat16)
    assert (window.shape, window.dtype) == (SHAPE, jnp.bfloat16)
    assert (np.asarray(window, np.float32).max(axis=(0, 1, 2)) > 0).all()


def test_identity_and_alexnet() -> None:
    assert jnp.array_equal(rj.init(None, "identity")(KEY, (3, 5)), jnp.eye(3, 5))
    with pytest.raises(InvalidInputError, match="two axes"):
        rj.init(None, "identity")(KEY, SHAPE)
    assert float(rj.init("relu", "alexnet")(KEY, (300, 300)).std()) == pytest.approx(0.01, rel=0.02)


def test_gated_units_have_a_gain() -> None:
    weight = rj.init("swiglu", beta=2.0)(KEY, (400, 300))
    gain = rectifier.gain("swiglu", beta=2.0)
    assert float(weight.std()) == pytest.approx(gain / 20, rel=0.02)


def test_lsuv_gives_each_layer_unit_variance() -> None:
    x = 7 * jax.random.normal(jax.random.key(1), (64, 16))
    zeros = [jnp.zeros((16, 16))] * 12

    def outputs(weights):
        h, found = x, []
        for weight in weights:
            found.append((h if not found else rj.mish(h)) @ weight)
            h = found[-1]
        return found

    fitted = rj.lsuv(zeros, outputs, KEY)
    assert all(abs(float(y.var()) - 1) < 0.1 for y in outputs(fitted))
    product = fitted[3] @ fitted[3].T
    assert jnp.allclose(product / product[0, 0], jnp.eye(16), atol=1e-5)
    assert jnp.array_equal(rj.lsuv(fitted, outputs)[5], fitted[5]), "nothing is left to do"
    with pytest.raises(InvalidInputError, match="fits the weights to data"):
        rj.init("relu", "lsuv")
    with pytest.raises(InvalidInputError, match="layer '0' has the variance 0"):
        rj.lsuv(zeros, outputs)


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


def test_weights_and_biases_of_a_chain() -> None:
    shapes = [(3, 3, 3, 4), *[(3, 3, 4, 4)] * 4, (256, 300), (300, 200)]
    made = rj.init_layers(KEY, shapes, scheme="alexnet")
    assert [bool(b.all()) for _, b in made] == [False, True, False, True, True, True, False]
    assert float(made[-1][0].std()) == pytest.approx(0.01, rel=0.02)
    weight, bias = rj.init_layers(KEY, [(20, 5000)], scheme="rai")[0]
    usual = 0.6007 / math.sqrt(20)
    large = jnp.concatenate([weight, bias[None]]) > 6 * usual
    assert int(large.sum(0).max()) == 1
    # One place of 21 is the bias; 35 % of Beta(2, 1) lie above six deviations.
    expected = (1 - (6 * usual) ** 2) / 21
    assert float(large[-1].mean()) == pytest.approx(expected, rel=0.3)
    gains = [float(w.std()) * 20 for w, _ in rj.init_layers(KEY, [(400, 500), (400, 300)], "silu")]
    assert gains == pytest.approx([1.0, rectifier.gain("silu")], rel=0.02)
    gains = [float(w.std()) * 20 for w, _ in rj.init_layers(KEY, [(400, 500), (400, 300)], "relu")]
    assert gains == pytest.approx([math.sqrt(2), 1.0], rel=0.02)
    assert not any(b.any() for _, b in rj.init_layers(KEY, shapes, "mish", "orthogonal"))
    with pytest.raises(InvalidInputError, match="expected shapes of inputs and outputs"):
        rj.init_layers(KEY, [(3,)])

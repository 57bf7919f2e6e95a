"""What the JAX functions take and give back, their transformations, parameters and errors."""

from __future__ import annotations

import inspect
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import rectifier
import rectifier.jax as rj
from rectifier import Param, catalog, define, kernels
from rectifier.errors import (
    InvalidActivationError,
    InvalidInputError,
    KernelUnavailableError,
    UnknownNameError,
)
from rectifier.numpy import function as reference

NAMES = catalog.names()
SWASH = define("swash", "x * sigmoid(beta * x) + c", beta=Param(1.0, learnable=True), c=0.25)
X = np.array([-3.0, -0.5, 0.25, 2.0], np.float32)


def test_promotion_is_as_documented() -> None:
    assert rj.mish(jnp.array([1, 2])).dtype == jnp.float32
    assert rj.relu(jnp.array([True])).dtype == jnp.float32
    assert rj.relu(2).dtype == jnp.float32
    assert rj.relu(np.float64(-1.5)) == 0
    assert rj.relu(jnp.ones(2, "float8_e4m3fn")).dtype == "float8_e4m3fn"
    with jax.enable_x64(True):
        assert rj.mish(jnp.array([1, 2])).dtype == jnp.float64
        assert rj.mish(jnp.ones(2, jnp.float32)).dtype == jnp.float32


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([1.0], "expected an array or a number, got list"),
        ("a", "expected an array or a number, got str"),
        (jnp.ones(2, jnp.complex64), "expected real numbers, got complex64"),
    ],
)
def test_what_is_no_real_array_is_refused(bad: object, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        rj.mish(bad)


@pytest.mark.parametrize("name", ["relu", "mish", "swish"])
def test_every_transformation_gives_the_same_derivative(name: str) -> None:
    f = rj.function(name)
    first, second = (reference(name).derivative(X.astype(float), order=n) for n in (1, 2))
    for slope in (
        jax.vmap(jax.grad(f))(X),
        jax.jit(jax.vmap(jax.grad(f)))(X),
        jax.jvp(f, (X,), (jnp.ones_like(X),))[1],
        jax.linearize(f, jnp.asarray(X))[1](jnp.ones_like(X)),
        jnp.diag(jax.jacrev(f)(X)),
        jnp.diag(jax.jacfwd(f)(X)),
    ):
        np.testing.assert_allclose(slope, first, rtol=3e-6, atol=1e-7)
    for curve in (
        jnp.diag(jax.hessian(lambda x: f(x).sum())(X)),
        jax.vmap(jax.jacrev(jax.jacfwd(f)))(X),
        jax.vmap(jax.grad(jax.grad(f)))(X),
    ):
        np.testing.assert_allclose(curve, second, rtol=2e-5, atol=1e-6)
    in_loop, _ = jax.lax.scan(lambda carry, x: (carry + f(x), None), 0.0, jnp.asarray(X))
    np.testing.assert_allclose(in_loop, np.sum(f(X)), rtol=1e-6)
    np.testing.assert_array_equal(jax.checkpoint(f)(X), f(X))


def test_the_plain_composition_would_give_nan() -> None:
    """The reason for derivatives of our own: a branch not taken, and inf * 0."""

    def plain(x: jax.Array) -> jax.Array:
        return jnp.where(x < 1, x, jnp.sqrt(x - 1))

    assert np.isnan(jax.grad(plain)(0.5))
    ours = rj.function(define("root", "where(x < 1, x, sqrt(x - 1))"))
    assert jax.grad(ours)(0.5) == 1


def test_parameters_by_position_by_name_per_channel_and_traced() -> None:
    x = jnp.asarray(np.random.default_rng(0).standard_normal((5, 3)), jnp.float32)
    np.testing.assert_array_equal(rj.leaky_relu(x, 0.2), rj.leaky_relu(x, negative_slope=0.2))
    slopes = jnp.array([0.1, 0.2, 0.3])
    each = rj.prelu(x, slopes)
    np.testing.assert_allclose(each[:, 1], rj.leaky_relu(x[:, 1], 0.2), rtol=1e-6)
    np.testing.assert_array_equal(rj.prelu(x, np.asarray(slopes)), each)
    np.testing.assert_array_equal(jax.jit(rj.prelu)(x, slopes), each)
    many = jax.vmap(rj.prelu, in_axes=(None, 0))(x, slopes)
    np.testing.assert_allclose(many[1], rj.leaky_relu(x, 0.2), rtol=1e-6)

    def loss(p: jax.Array, x: jax.Array) -> jax.Array:
        return rj.prelu(x, p).astype(jnp.float32).sum()

    g = jax.grad(loss)(slopes, x)
    np.testing.assert_allclose(g, np.minimum(x, 0).sum(0), rtol=1e-6)
    half = jax.grad(loss)(slopes.astype(jnp.bfloat16), x.astype(jnp.bfloat16))
    assert half.dtype == jnp.bfloat16
    both = jax.jit(jax.hessian(lambda p: rj.swish(x, beta=p).sum()))(1.0)
    assert np.isfinite(both)


def test_a_parameter_that_is_not_asked_for_costs_no_nan() -> None:
    own = define("root", "x * sqrt(a)", a=1.0)
    f = rj.function(own)
    assert jax.grad(f)(2.0, jnp.asarray(0.0)) == 0
    assert np.isinf(jax.grad(f, argnums=1)(2.0, jnp.asarray(0.0)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: rj.mish(x, 1.0), TypeError, "takes the input and 0 parameters"),
        (lambda x: rj.elu(x, 1.0, alpha=2.0), TypeError, "'alpha' twice"),
        (
            lambda x: rj.elu(x, beta=2.0),
            TypeError,
            "no parameter 'beta'; its parameters are: alpha",
        ),
        (lambda x: rj.softplus(x, -1.0), InvalidActivationError, "'beta' must be between"),
        (lambda x: rj.swish(x, "a"), InvalidActivationError, "finite"),
        (lambda x: rj.prelu(x, jnp.ones(3)), InvalidInputError, r"\(3,\) does not broadcast"),
        (lambda x: rj.prelu(x, jnp.ones((2, 4))), InvalidInputError, "does not broadcast"),
        (lambda x: rj.prelu(x, jnp.ones(4, bool)), InvalidInputError, "must be a number"),
        (lambda x: rj.rowwise("softmax")(x, "a"), InvalidActivationError, "axis must be .*'a'"),
        (lambda x: rj.gated("glu")(x, None), InvalidActivationError, "axis must be .*None"),
        (lambda x: rj.mihs(x), AttributeError, "did you mean 'mish'"),
        (lambda x: rj.function("mihs"), UnknownNameError, "did you mean 'mish'"),
    ],
)
def test_wrong_calls(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(X)


def test_a_users_own_activation() -> None:
    f = rj.function(SWASH)
    assert f is rj.function(SWASH)
    np.testing.assert_allclose(f(X, beta=2.0), X / (1 + np.exp(-2 * X)) + 0.25, rtol=1e-6)
    np.testing.assert_allclose(f(X, c=1.0) - f(X), 0.75, rtol=1e-6)
    copied = pickle.loads(pickle.dumps(f))
    np.testing.assert_array_equal(copied(X), f(X))


def test_gated_units_and_rows_under_transformations() -> None:
    x = jnp.asarray(np.random.default_rng(1).standard_normal((3, 8)), jnp.bfloat16)
    for f in (rj.gated("swiglu"), rj.rowwise("sparsemax"), rj.rowwise("maxout")):
        y = f(x)
        assert y.dtype == jnp.bfloat16
        np.testing.assert_array_equal(jax.vmap(f)(x), y)
        np.testing.assert_array_equal(f(x.T, axis=0).T, y)
        wide = x.astype(jnp.float32)
        np.testing.assert_allclose(jax.jit(f)(wide), f(wide), rtol=1e-6)
        curved = jax.hessian(lambda t, f=f: (f(t) ** 2).sum())(wide[0])
        assert np.isfinite(curved).all()
    for f in (rj.gated("glu"), rj.rowwise("softmax")):
        with pytest.raises(InvalidInputError, match="real numbers"):
            f(x.astype(jnp.complex64))
        with pytest.raises(InvalidInputError, match="no axis 3"):
            f(x, axis=3)
    with pytest.raises(InvalidInputError, match="even number"):
        rj.gated("glu")(x[:, :3])
    with pytest.raises(UnknownNameError, match="did you mean 'last'"):
        rj.gated("glu")(x, gate="lst")


def test_names_and_documents() -> None:
    assert set(NAMES) <= set(dir(rj))
    assert rectifier.jax is rj
    assert rj.gelu_new is rj.gelu_tanh
    assert pickle.loads(pickle.dumps(rj.mish)) is rj.mish
    assert str(inspect.signature(rj.leaky_relu)) == "(x, /, negative_slope=0.01)"
    assert "0.01" in rj.leaky_relu.__doc__
    assert "mish" in str(jax.make_jaxpr(rj.mish)(1.0)) or rj.mish.__name__ == "mish"


def test_explain_says_composed() -> None:
    for framework in ("jax", "keras"):
        found = kernels.explain("mish", framework)
        assert found.path == "composed"
        assert "NumPy and PyTorch" in found.reason
        for path in ("native", "framework"):
            with pytest.raises(KernelUnavailableError, match=f"path '{path}'"):
                kernels.explain("relu", framework, path=path)

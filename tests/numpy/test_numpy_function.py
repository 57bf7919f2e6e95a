"""The NumPy front end: types, shapes, outputs, paths, and refusals."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import rectifier
import rectifier.numpy as rn
from rectifier import catalog
from rectifier.activation import Param
from rectifier.definition import define
from rectifier.errors import InvalidActivationError, InvalidInputError, KernelUnavailableError
from rectifier.kernels import native
from rectifier.numpy import function, gelu, mish, prelu, relu

NAMES = catalog.names()
needs_native = pytest.mark.skipif(not native.available(), reason="no compiled kernels here")


def sample(shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    return np.random.default_rng(7).normal(scale=3, size=shape).astype(dtype)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", ">f8"])
def test_type_is_kept_and_rounded_once(name: str, dtype: str) -> None:
    x = sample((257,), dtype)
    call = function(name)
    for run in (call, call.derivative):
        got = run(x, path="composed")
        assert got.dtype == np.dtype(dtype)
        exact = run(x.astype(np.float64), path="composed")
        np.testing.assert_array_equal(got, exact.astype(dtype))


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "int64"])
def test_integers_give_fp64(dtype: str) -> None:
    got = mish(np.array([0, 1, 2], dtype))
    assert got.dtype == np.float64
    np.testing.assert_array_equal(got, mish(np.array([0.0, 1.0, 2.0])))


@pytest.mark.parametrize(
    "thing",
    [
        np.array([1 + 2j]),
        np.array(["a"]),
        np.array([None]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.array([1.0], np.longdouble),
        [[1.0, 2.0], [3.0]],
        None,
        "x",
        {"x": 1},
        np.ma.masked_array([1.0, 2.0], [True, False]),
    ],
    ids=lambda thing: type(thing).__name__ + str(getattr(thing, "dtype", "")),
)
def test_what_are_no_real_numbers_is_refused(thing: object) -> None:
    with pytest.raises(InvalidInputError, match="expected"):
        mish(thing)


def test_booleans_count_as_whole_numbers_as_in_the_other_front_ends() -> None:
    for given in ([True, False], np.array([True, False])):
        assert mish(given).tolist() == mish([1, 0]).tolist()
    assert mish.derivative(np.array([True])).dtype == np.float64


def test_scalars_and_arrays_without_dimensions() -> None:
    for given in (1.0, 1, np.float64(1), np.array(1.0)):
        got = mish(given)
        assert isinstance(got, np.float64)
        assert got == pytest.approx(0.8650983882673103, rel=1e-15)
    assert isinstance(mish(np.float32(1)), np.float32)
    out = np.empty(())
    assert mish(1.0, out=out) is out
    assert relu.derivative([-1.0, 0.0, 2.0]).tolist() == [0, 0, 1]


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3, 2)])
def test_empty_arrays(shape: tuple[int, ...]) -> None:
    for name in ("mish", "identity", "pau"):
        got = function(name)(np.empty(shape, np.float32))
        assert got.shape == shape
        assert got.dtype == np.float32


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "view",
    [
        lambda a: a,
        lambda a: a.T,
        lambda a: a[::2, ::3],
        lambda a: a[::-1, ::-2],
        lambda a: np.asfortranarray(a),
        lambda a: a.reshape(4, 3, -1).transpose(1, 2, 0),
        lambda a: np.broadcast_to(a[:1], a.shape),
        lambda a: a[:, :1],
        lambda a: a[None, ..., None],
    ],
    ids=[
        "plain",
        "transposed",
        "strided",
        "reversed",
        "fortran",
        "permuted",
        "broadcast",
        "column",
        "ones",
    ],
)
def test_any_layout(view, dtype: str) -> None:
    x = view(sample((24, 36), dtype))
    want = np.array([mish(v) for v in x.flat], dtype).reshape(x.shape)
    np.testing.assert_allclose(mish(x), want, rtol=1e-6)
    out = np.full(x.shape, 9, dtype)
    assert mish(x, out=out) is out
    np.testing.assert_allclose(out, want, rtol=1e-6)
    strided = np.full((*x.shape, 2), 9, dtype)[..., 0]
    mish(x, out=strided)
    np.testing.assert_allclose(strided, want, rtol=1e-6)
    turned = np.full(x.shape[::-1], 9, dtype).T
    mish(x, out=turned)
    np.testing.assert_allclose(turned, want, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_out_may_be_the_input_or_overlap_it(dtype: str) -> None:
    x = sample((100_000,), dtype)
    want = mish(x)
    same = x.copy()
    mish(same, out=same)
    np.testing.assert_array_equal(same, want)
    shifted = np.concatenate([x, x[:1]])
    mish(shifted[:-1], out=shifted[1:])
    np.testing.assert_array_equal(shifted[1:], want)
    square = x[:10_000].reshape(100, 100).copy()
    want = gelu(square)
    gelu(square, out=square.T)
    # Not bit by bit: a kernel chooses its arithmetic for a block of numbers, here in another order.
    np.testing.assert_allclose(square.T, want, rtol=2.4e-7 if dtype == "float32" else 0)


def test_out_is_checked() -> None:
    x = sample((4, 3), "float32")
    with pytest.raises(InvalidInputError, match=r"must have shape \(4, 3\) and type float32"):
        mish(x, out=np.empty((3, 4), np.float32))
    with pytest.raises(InvalidInputError, match="type float32"):
        mish(x, out=np.empty((4, 3)))
    with pytest.raises(InvalidInputError, match="type float64"):
        mish(np.arange(3), out=np.empty(3, np.int64))
    with pytest.raises(InvalidInputError, match="must be a NumPy array, got list"):
        mish(x, out=[0] * 12)
    frozen = np.empty((4, 3), np.float32)
    frozen.setflags(write=False)
    with pytest.raises(InvalidInputError, match="read-only"):
        mish(x, out=frozen)


def test_parameters_by_keyword() -> None:
    x = np.array([-2.0, 3.0])
    assert rn.leaky_relu(x, negative_slope=0.5).tolist() == [-1, 3]
    assert rn.leaky_relu.derivative(x, negative_slope=0.5).tolist() == [0.5, 1]
    with pytest.raises(InvalidActivationError, match="no parameter 'alpha'; it takes none"):
        mish(x, alpha=1)
    with pytest.raises(InvalidActivationError, match="between"):
        rn.elu(x, alpha=-1)
    with pytest.raises(TypeError):
        rn.leaky_relu(x, 0.5)


def test_one_slope_per_channel() -> None:
    x = sample((2, 3, 4))
    slopes = np.array([0.0, 0.5, -1.0])[:, None]
    np.testing.assert_array_equal(prelu(x, weight=slopes), np.where(x > 0, x, slopes * x))
    np.testing.assert_array_equal(prelu.derivative(x, weight=slopes), np.where(x > 0, 1, slopes))
    with pytest.raises(InvalidInputError, match="does not broadcast"):
        prelu(x, weight=np.ones(3))
    with pytest.raises(InvalidInputError, match="does not broadcast"):
        prelu(x, weight=np.ones((5, 2, 3, 4)))
    with pytest.raises(InvalidActivationError, match="finite"):
        prelu(x, weight=np.full((3, 1), np.nan))
    with pytest.raises(InvalidActivationError, match="must be numbers"):
        prelu(x, weight=["a", "b"])


def test_no_warning_escapes_and_the_callers_settings_stay() -> None:
    before = np.geterr()
    with np.errstate(all="raise"):
        mish(np.array([-1e300, 1e300, np.inf]))
        rn.pau.derivative(np.array([1e300]))
    assert np.geterr() == before


def test_higher_derivatives() -> None:
    x = np.linspace(-3, 3, 13)
    h = 1e-6
    numeric = (gelu.derivative(x + h) - gelu.derivative(x - h)) / (2 * h)
    np.testing.assert_allclose(gelu.derivative(x, order=2), numeric, atol=1e-8)
    with pytest.raises(InvalidActivationError, match="from 0 to 4"):
        gelu.derivative(x, order=9)
    with pytest.raises(KernelUnavailableError, match="no derivative of order 2"):
        mish.derivative(np.float32(1), order=2, path="native")


def test_paths() -> None:
    x = sample((1000,), "float32")
    swash = rectifier.numpy.function(rectifier.define("swash", "x * sigmoid(1.5 * x)"))
    with pytest.raises(KernelUnavailableError, match="native"):
        swash(x, path="native")
    with pytest.raises(LookupError, match="fast"):
        mish(x, path="fast")


@needs_native
def test_the_compiled_kernel_agrees_with_the_composed_one() -> None:
    assert str(rectifier.explain("mish", dtype="float32")).startswith("native")
    x = np.concatenate([sample((5000,), "float32"), np.linspace(-100, 100, 5000, dtype="f4")])
    for run in (mish, mish.derivative):
        np.testing.assert_allclose(
            run(x, path="native"), run(x, path="composed"), rtol=2e-6, atol=1e-7
        )


def test_functions_of_ones_own() -> None:
    made = define("swash", "x * sigmoid(beta * x)", beta=Param(2.0))
    x = np.array([-1.0, 2.0])
    np.testing.assert_allclose(function(made)(x), x / (1 + np.exp(-2 * x)), rtol=1e-15)
    step = function(define("step", "where(x > 0, 1, 0)"))
    np.testing.assert_array_equal(step(np.array([-1, 2, np.nan])), [0, 1, np.nan])
    constant = function(define("constant", "2 + 0"))
    np.testing.assert_array_equal(constant(np.ones((2, 2))), np.full((2, 2), 2.0))
    # A user's function that borrows a known name must not get the known name's kernel.
    other = function(define("mish", "2 * x"))
    np.testing.assert_array_equal(other(np.float32([1, 2])), np.float32([2, 4]))


def test_the_module_offers_the_catalog() -> None:
    assert set(NAMES) <= set(dir(rn))
    assert function("GELU_new") is rn.gelu_tanh
    assert rn.mish is mish
    assert pickle.loads(pickle.dumps(mish)) is mish
    assert "Misra" in (mish.__doc__ or "")
    assert repr(mish) == "<rectifier.numpy function mish>"
    with pytest.raises(AttributeError, match="did you mean 'mish'"):
        rn.mihs  # noqa: B018
    with pytest.raises(ImportError):
        from rectifier.numpy import mihs  # noqa: F401
    with pytest.raises(LookupError, match="unknown activation"):
        function("mihs")

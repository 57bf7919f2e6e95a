"""The compiled kernels that are installed: accuracy, limits, buffers, threads, forks, switch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest
from expression_reference import TABLE

from rectifier import catalog, define
from rectifier.errors import InvalidInputError, KernelUnavailableError
from rectifier.expression import evaluate
from rectifier.kernels import native

VALUE_ULP = 2.0
"""The bar of the accuracy table: most blocks are computed in float, where that keeps it."""
SLOPE_ULP = 4.0
"""As above; beside its zero at -1.19 of the terms' size, since they cancel there."""

needs_native = pytest.mark.skipif(
    not native.available() and shutil.which("c++") is None,
    reason="no C++ compiler was there to build the kernels with",
)


def forward(x: np.ndarray, **options: int) -> np.ndarray:
    out = np.empty_like(x)
    native.unary("mish", "forward", x, out, **options)
    return out


def backward(x: np.ndarray, grad: np.ndarray, **options: int) -> np.ndarray:
    out = np.empty_like(x)
    native.unary("mish", "backward", x, out, grad=grad, **options)
    return out


def mish(x: np.ndarray) -> np.ndarray:
    """The plain formula in fp64; right to 1e-14 of the value wherever the value is not 0."""
    with np.errstate(all="ignore"):
        softplus = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
        return np.where(x > -800, x * np.tanh(softplus), np.where(np.isnan(x), x, -0.0))


def mish_slope(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The derivative in fp64 and the size of its larger term."""
    with np.errstate(all="ignore"):
        t = np.tanh(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))
        second = np.clip(x, -800, 800) * (1 - t * t) / (1 + np.exp(-x))
        return t + second, np.maximum(np.abs(t), np.abs(second))


@pytest.fixture(scope="module")
def every() -> np.ndarray:
    """Every 4096th float, with both infinities and the NaNs."""
    return np.arange(0, 2**32, 4096, dtype=np.uint64).astype(np.uint32).view(np.float32)


def widened(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):  # some NaNs signal when they are converted
        return x.astype(np.float64)


def units(reference: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.spacing(np.abs(reference).astype(np.float32)).astype(np.float64)


@needs_native
def test_the_build_has_made_the_kernels() -> None:
    assert native.available(), native.why_not()
    assert native.names() == catalog.names()
    assert all(native.supports(name) for name in catalog.names())


@needs_native
def test_the_value_keeps_the_bar(every: np.ndarray) -> None:
    exact = mish(widened(every))
    got = forward(every)
    assert np.array_equal(np.isnan(got), np.isnan(every))
    with np.errstate(all="ignore"):
        ordinary = np.isfinite(exact) & (np.abs(exact) < 3.4e38)
        error = np.abs(got - exact)[ordinary] / units(exact)[ordinary]
        assert error.max() <= VALUE_ULP
        assert np.array_equal(got[~ordinary], exact.astype(np.float32)[~ordinary], equal_nan=True)


@needs_native
def test_the_derivative_keeps_the_bar(every: np.ndarray) -> None:
    exact, scale = mish_slope(widened(every))
    got = backward(every, np.ones_like(every))
    assert np.array_equal(np.isnan(got), np.isnan(every))
    here = np.isfinite(every)
    exact, scale, got, x = exact[here], scale[here], got[here], every[here]
    size = np.where(np.abs(x + 1.19) < 0.2, scale, np.abs(exact))
    error = np.abs(got - exact) / units(size)
    assert error.max() <= SLOPE_ULP


@needs_native
def test_the_references_agree_with_mpmath() -> None:
    spec = catalog.get("mish")
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.normal(0, 3, 60), rng.uniform(-700, 90, 60)])
    with mp.workdps(700):
        for x in points:
            at = {"x": mp.mpf(float(x))}
            value = evaluate(spec.expression, TABLE, at)
            slope = evaluate(spec.derivative(), TABLE, at)
            assert abs(mish(np.array([x]))[0] / float(value) - 1) < 1e-13
            assert abs(mish_slope(np.array([x]))[0][0] / float(slope) - 1) < 1e-12


@needs_native
def test_limits_and_signs() -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, -3e38, 3e38, 1e-45], np.float32)
    expected = np.array([np.inf, -0.0, np.nan, 0.0, -0.0, -0.0, 3e38, 1e-45], np.float32)
    got = forward(x)
    np.testing.assert_array_equal(got[:-1], expected[:-1])
    assert list(np.signbit(got[[1, 3, 4, 5]])) == [True, False, True, True]
    slope = backward(x, np.ones_like(x))
    np.testing.assert_array_equal(slope, np.array([1, 0, np.nan, 0.6, 0.6, 0, 1, 0.6], np.float32))


@needs_native
@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 1000, 16385])
@pytest.mark.parametrize("start", [0, 1, 3])
def test_any_size_and_alignment_and_nothing_outside(size: int, start: int) -> None:
    rng = np.random.default_rng(size)
    x = rng.normal(0, 3, start + size).astype(np.float32)[start:]
    grad = rng.normal(0, 1, start + size).astype(np.float32)[start:]
    room = np.full(start + size + 5, 7.0, np.float32)
    out = room[start : start + size]
    native.unary("mish", "forward", x, out)
    np.testing.assert_allclose(out, mish(x.astype(np.float64)), rtol=1e-6)
    assert (room[:start] == 7).all()
    assert (room[start + size :] == 7).all()
    native.unary("mish", "backward", x, out, grad=grad)
    np.testing.assert_allclose(out, grad * mish_slope(x.astype(np.float64))[0], rtol=1e-5)
    assert (room[:start] == 7).all()
    assert (room[start + size :] == 7).all()


@needs_native
def test_in_place() -> None:
    x = np.linspace(-5, 5, 100_001, dtype=np.float32)
    grad = np.cos(x)
    value, slope = forward(x), backward(x, grad)
    same = x.copy()
    native.unary("mish", "forward", same, same)
    np.testing.assert_array_equal(same, value)
    same = grad.copy()
    native.unary("mish", "backward", x, same, grad=same)
    np.testing.assert_array_equal(same, slope)
    same = x.copy()
    native.unary("mish", "backward", same, same, grad=grad)
    np.testing.assert_array_equal(same, slope)


@needs_native
def test_the_number_of_threads_changes_nothing() -> None:
    x = np.random.default_rng(2).normal(0, 4, 300_007).astype(np.float32)
    one = forward(x, threads=1)
    for threads in (2, 3, 64, 10_000):
        np.testing.assert_array_equal(forward(x, threads=threads), one)


@needs_native
def test_several_python_threads_at_once() -> None:
    x = np.random.default_rng(3).normal(0, 4, 400_000).astype(np.float32)
    expected = forward(x, threads=1)
    wrong: list[int] = []

    def work(number: int) -> None:
        results = [forward(x, threads=2) for _ in range(5)]
        wrong.extend(number for got in results if not np.array_equal(got, expected))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


@needs_native
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_child_can_compute() -> None:
    program = (
        "import os, numpy as np\n"
        "from rectifier.kernels import native\n"
        "x = np.ones(300_000, np.float32)\n"
        "out = np.zeros_like(x)\n"
        "native.unary('mish', 'forward', x, out, threads=2)\n"
        "child = os.fork()\n"
        "out[:] = 0\n"
        "native.unary('mish', 'forward', x, out, threads=2)\n"
        "right = abs(out - 0.8650984).max() < 1e-6\n"
        "if child == 0:\n"
        "    os._exit(0 if right else 3)\n"
        "assert right\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0\n"
    )
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program]
    subprocess.run(command, check=True, timeout=60)


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def read_only() -> np.ndarray:
    array = zeros(4)
    array.flags.writeable = False
    return array


BAD: dict[str, tuple[Callable[[], tuple[object, object, object]], str]] = {
    "other type": (lambda: (np.zeros(4), zeros(4), None), "out must be"),
    "long doubles": (lambda: (np.zeros(4, np.longdouble), zeros(4), None), "source must be"),
    "other type of out": (lambda: (zeros(4), np.zeros(4), None), "out must be"),
    "integers": (lambda: (np.zeros(4, np.int32), zeros(4), None), "source must be"),
    "half": (lambda: (np.zeros(4, np.float16), zeros(4), None), "out must be"),
    "other type of grad": (lambda: (zeros(4), zeros(4), np.zeros(4, np.float16)), "grad must be"),
    "gaps": (lambda: (zeros(8)[::2], zeros(4), None), "source must be"),
    "backwards": (lambda: (zeros(4)[::-1], zeros(4), None), "source must be"),
    "gaps in out": (lambda: (zeros(4), zeros(8)[::2], None), "out must be"),
    "read-only out": (lambda: (zeros(4), read_only(), None), "out must be"),
    "other size of out": (lambda: (zeros(4), zeros(5), None), "out must have as many"),
    "other size of grad": (lambda: (zeros(4), zeros(4), zeros(3)), "grad must have as many"),
    "a list": (lambda: ([0.0], zeros(1), None), "source must be"),
    "None": (lambda: (zeros(1), None, None), "out must be"),
    "other byte order": (lambda: (np.zeros(4, ">f4"), zeros(4), None), "source must be"),
}


@needs_native
@pytest.mark.parametrize("case", BAD)
def test_a_buffer_that_does_not_fit_is_refused(case: str) -> None:
    make, message = BAD[case]
    source, out, grad = make()
    kind: native.Kind = "forward" if grad is None else "backward"
    with pytest.raises(InvalidInputError, match=message):
        native.unary("mish", kind, source, out, grad=grad)


@needs_native
@pytest.mark.parametrize("shift", [-3, -1, 1, 3])
def test_buffers_that_overlap_in_part_are_refused(shift: int) -> None:
    room = zeros(20)
    one, two = room[5:10], room[5 + shift : 10 + shift]
    with pytest.raises(InvalidInputError, match="overlap in part"):
        native.unary("mish", "forward", one, two)
    with pytest.raises(InvalidInputError, match="overlap in part"):
        native.unary("mish", "backward", zeros(5), one, grad=two)
    native.unary("mish", "forward", room[:5], room[5:10])


@needs_native
def test_what_is_asked_for_has_to_make_sense() -> None:
    x, y = zeros(3), zeros(3)
    with pytest.raises(KernelUnavailableError, match="no kernel was compiled for 'gleu'"):
        native.unary("gleu", "forward", x, y)
    with pytest.raises(InvalidInputError, match="kind must be"):
        native.unary("mish", "sideways", x, y)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="grad must be given"):
        native.unary("mish", "backward", x, y)
    with pytest.raises(InvalidInputError, match="grad must be given"):
        native.unary("mish", "forward", x, y, grad=x)
    with pytest.raises(InvalidInputError, match="takes 0 parameters, got 1"):
        native.unary("mish", "forward", x, y, parameters=(1.0,))
    with pytest.raises(InvalidInputError, match="threads must be 1 or more, got -1"):
        native.unary("mish", "forward", x, y, threads=-1)


@needs_native
def test_tensors_are_taken_as_they_are() -> None:
    torch = pytest.importorskip("torch")
    x = torch.linspace(-4, 4, 1001, requires_grad=True)
    out = torch.empty(1001)
    native.unary("mish", "forward", x, out)
    np.testing.assert_array_equal(out.numpy(), forward(x.detach().numpy()))
    grad = torch.sin(x.detach())
    native.unary("mish", "backward", x, out, grad=grad)
    np.testing.assert_array_equal(out.numpy(), backward(x.detach().numpy(), grad.numpy()))
    empty = torch.empty(0)
    native.unary("mish", "backward", empty, empty, grad=empty)
    bad = [
        (x, torch.empty(1000)),
        (x, torch.empty(1001, dtype=torch.float64)),
        (x.double(), out),
        (x.double(), torch.empty(1000, dtype=torch.float64)),
        (x, torch.empty(2002)[::2]),
        (x, torch.empty(1001, device="meta")),
        (x, np.empty(1001, np.float32)),
    ]
    for source, target in bad:
        with pytest.raises(InvalidInputError, match="must be a"):
            native.unary("mish", "forward", source, target)


@needs_native
@pytest.mark.skipif(
    not os.environ.get("RECTIFIER_TEST_HUGE"), reason="takes 4.3 GB; set RECTIFIER_TEST_HUGE=1"
)
def test_more_elements_than_an_int32_counts() -> None:
    size = 2**31 + 2**20 + 3
    x = np.zeros(size, np.float16)
    x[[0, 2**31 - 1, 2**31, size - 1]] = [1.0, 2.0, 3.0, -4.0]
    native.unary("relu_squared", "forward", x, x, threads=2)
    assert list(x[[0, 2**31 - 1, 2**31, size - 1]]) == [1.0, 4.0, 9.0, 0.0]
    assert np.count_nonzero(x) == 3


@needs_native
def test_torchs_threads_are_shared_and_survive_a_fork() -> None:
    pytest.importorskip("torch")
    program = (
        "import os, torch\n"
        "from rectifier.kernels import native\n"
        "torch.set_num_threads(2)\n"
        "assert native.team() == 'pool'\n"
        "x, out = torch.ones(300_000), torch.zeros(300_000)\n"
        "torch.exp(x)\n"
        "native.unary('mish', 'forward', x, out)\n"
        "assert native.team() == ('openmp' if native.openmp() else 'pool')\n"
        "child = os.fork()\n"
        "out.numpy()[:] = 0\n"
        "native.unary('mish', 'forward', x, out)\n"
        "right = abs(out.numpy() - 0.8650984).max() < 1e-6\n"
        "if child == 0:\n"
        "    os._exit(0 if right and native.team() == 'pool' else 3)\n"
        "assert right\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0\n"
    )
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program]
    subprocess.run(command, check=True, timeout=60)


@needs_native
def test_the_name_alone_is_not_believed() -> None:
    other = define("mish", "x * sigmoid(x)")
    assert not native.supports(other)
    assert "another formula" in native.obstacle(other)
    assert native.supports(define("mish", "x * tanh(softplus(x))")) is False
    assert not native.supports("mish", "float128")
    assert "float128" in native.obstacle("mish", "float128")


def test_the_switch_turns_kernels_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.SWITCH, "0")
    assert not native.available()
    assert "RECTIFIER_NATIVE=0" in native.why_not()
    assert native.names() == ()
    assert not native.supports("mish")
    with pytest.raises(KernelUnavailableError, match="RECTIFIER_NATIVE=0"):
        native.unary("mish", "forward", zeros(1), zeros(1))


def test_a_missing_extension_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(native.SWITCH, raising=False)
    native._load.cache_clear()
    monkeypatch.setitem(sys.modules, "rectifier._native", None)
    try:
        with pytest.warns(RuntimeWarning, match="no compiled kernels.*C.. compiler"):
            assert not native.available()
        assert "C++ compiler" in native.why_not()
        with pytest.raises(KernelUnavailableError, match="pip install"):
            native.unary("mish", "forward", zeros(1), zeros(1))
    finally:
        native._load.cache_clear()


@pytest.mark.skipif(not native.available(), reason="no compiled kernels")
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "hard_shrink", "soft_shrink", "hard_tanh"])
def test_few_operations_in_bfloat16_are_those_of_float(name: str) -> None:
    """Two numbers at a time: every number, odd lengths, in place; and other parameters."""
    torch = pytest.importorskip("torch")
    every = torch.arange(2**16, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    grad = torch.linspace(-3, 3, 2**16).bfloat16().flip(0)
    defaults = tuple(catalog.get(name).parameters().values())
    for parameters in (defaults, tuple(2 * value for value in defaults)):
        for kind, by in (("forward", None), ("backward", grad)):
            wide = torch.empty(2**16)
            native.unary(
                name, kind, every.float(), wide,
                grad=None if by is None else by.float(), parameters=parameters,
            )  # fmt: skip
            wanted = wide.bfloat16()
            for size in (1, 2, 7, 2**16 - 1, 2**16):
                got = every[-size:].clone()
                bys = None if by is None else by[-size:].clone()
                native.unary(name, kind, got, got, grad=bys, parameters=parameters)
                here = wanted[-size:]
                assert torch.equal(got.isnan(), here.isnan())
                same = (got.view(torch.int16) == here.view(torch.int16)) | here.isnan()
                assert same.all(), every[-size:][~same][:3]


@pytest.mark.skipif(not native.available(), reason="no compiled kernels")
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_long_half_precision_is_what_short_is(dtype: str) -> None:
    """From 2^18 elements on results are looked up; every number, and values of parameters."""
    torch = pytest.importorskip("torch")
    every = torch.arange(2**16, dtype=torch.int32).to(torch.int16).view(getattr(torch, dtype))
    grad = torch.linspace(-3, 3, 2**16).to(every.dtype)
    for name, parameters in (("gelu", ()), ("serf", ()), ("elu", (1.0,)), ("elu", (2.0,))):
        for kind, by in (("forward", None), ("backward", grad)):
            short = torch.empty_like(every)
            native.unary(name, kind, every, short, grad=by, parameters=parameters)
            many = every.repeat(5)[:-7]
            long = torch.empty_like(many)
            bys = None if by is None else by.repeat(5)[:-7]
            native.unary(name, kind, many, long, grad=bys, parameters=parameters)
            wanted = short.repeat(5)[:-7]
            assert torch.equal(long.isnan(), wanted.isnan())
            # Beside the middle between two numbers, where the slope in double had not been rounded.
            differ = ~wanted.isnan() & (long != wanted)
            assert differ.sum() <= 5 * 8
            off = (long.float() - wanted.float()).abs()
            assert (off <= 0.01 * wanted.float().abs() + 1e-7)[differ].all()


def test_threads_follow_openmp(monkeypatch: pytest.MonkeyPatch) -> None:
    for given, expected in [("3", 3), ("4,2", 4)]:
        monkeypatch.setenv("OMP_NUM_THREADS", given)
        native.default_threads.cache_clear()
        assert native.default_threads() == expected
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    native.default_threads.cache_clear()
    assert native.default_threads() >= 1
    native.default_threads.cache_clear()

"""What the functions take and give back: types, layouts, shapes, parameters, paths, errors."""

from __future__ import annotations

import inspect
import math
import pickle

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

import rectifier.torch as rt
from rectifier import Param, catalog, define
from rectifier.errors import (
    InvalidActivationError,
    InvalidInputError,
    KernelUnavailableError,
    UnknownNameError,
)
from rectifier.kernels import choose, native
from rectifier.torch import functional

NAMES = catalog.names()


@pytest.mark.parametrize("name", NAMES)
def test_on_the_meta_device(name: str) -> None:
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        x = torch.empty(2, 3, dtype=dtype, device="meta", requires_grad=True)
        own = {"device": "meta", "dtype": dtype}
        for y in (getattr(functional, name)(x), rt.activation(name, **own)(x)):
            assert (y.shape, y.dtype, y.device.type) == ((2, 3), dtype, "meta")
        (grad,) = torch.autograd.grad(y.sum(), x)
        assert (grad.shape, grad.dtype, grad.device.type) == ((2, 3), dtype, "meta")


@pytest.mark.parametrize("name", NAMES)
def test_layouts_do_not_change_the_values(name: str) -> None:
    f = getattr(functional, name)
    x = torch.randn(2, 3, 4, 5)
    expected, seed = f(x), torch.randn(2, 3, 4, 5)
    leaf = x.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(f(leaf), leaf, seed)
    wide = torch.zeros(2, 3, 4, 10)
    wide[..., ::2] = x
    for other in (
        x.contiguous(memory_format=torch.channels_last),
        x.transpose(1, 3).contiguous().transpose(1, 3),
        wide[..., ::2],
    ):
        other = other.requires_grad_()
        assert torch.allclose(f(other), expected, rtol=1e-6)
        (found,) = torch.autograd.grad(f(other), other, seed)
        assert torch.allclose(found, wanted, rtol=1e-6)
    spread = x[:1, :1, :1, :1].expand(2, 3, 4, 5)
    assert torch.allclose(f(spread), f(spread.contiguous()), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_channels_last_stays_channels_last(name: str) -> None:
    f = getattr(functional, name)
    x = torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last).requires_grad_()
    y = f(x)
    assert y.is_contiguous(memory_format=torch.channels_last)
    (grad,) = torch.autograd.grad(y, x, torch.ones_like(y))
    assert grad.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", NAMES)
def test_inplace_writes_into_the_input_and_keeps_the_gradient(name: str) -> None:
    f = getattr(functional, name)
    x = torch.randn(3, 4)
    expected = f(x)
    with torch.no_grad():
        overwritten = x.clone()
        assert f(overwritten, inplace=True) is overwritten
    assert torch.equal(overwritten, expected)
    leaf = x.clone().requires_grad_()
    f(leaf.clone(), inplace=True).sum().backward()
    plain = x.clone().requires_grad_()
    f(plain).sum().backward()
    assert torch.equal(leaf.grad, plain.grad)
    with pytest.raises(RuntimeError, match="leaf Variable"):
        f(leaf, inplace=True)


@pytest.mark.parametrize("name", NAMES)
def test_integers_are_promoted_and_complex_numbers_refused(name: str) -> None:
    f = getattr(functional, name)
    for given in (torch.tensor([0, 1, 2]), torch.tensor([True, False])):
        assert torch.equal(f(given), f(given.to(torch.get_default_dtype())))
    with pytest.raises(InvalidInputError, match=r"floating tensor to write to, got torch\.int64"):
        f(torch.tensor([1, 2]), inplace=True)
    with pytest.raises(InvalidInputError, match=r"real numbers, got torch\.complex64"):
        f(torch.ones(2, dtype=torch.complex64))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([1.0], "expected a torch.Tensor, got list; .*rectifier.numpy"),
        (1.0, "expected a torch.Tensor, got float"),
        (torch.ones(2, dtype=torch.complex64), "expected real numbers, got torch.complex64"),
        (torch.ones(2, 2).to_sparse(), "expected a dense tensor"),
    ],
)
def test_what_is_no_dense_real_tensor_is_refused(bad: object, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        functional.mish(bad)


def test_parameters_by_position_by_name_and_as_tensors() -> None:
    x = torch.randn(5, 3, 2)
    expected = torch.nn.functional.leaky_relu(x, 0.2)
    # A number is 0.2 in float64 to a compiled kernel, and in float32 to torch.
    torch.testing.assert_close(functional.leaky_relu(x, 0.2), expected, rtol=2e-7, atol=0)
    by_name = functional.leaky_relu(input=x, negative_slope=0.2)
    assert torch.equal(by_name, functional.leaky_relu(x, 0.2))
    slopes = torch.tensor([0.1, 0.2, 0.3])
    assert torch.equal(functional.prelu(x, slopes), torch.nn.functional.prelu(x, slopes))
    assert torch.equal(functional.prelu(x, slopes[1:2]), expected)
    assert torch.equal(functional.prelu(x, slopes[1]), expected)
    assert torch.equal(functional.prelu(x, slopes[:, None].expand(3, 2))[:, 1], expected[:, 1])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: functional.mish(x, 1.0), TypeError, "takes the input and 0 parameters"),
        (lambda x: functional.elu(x, 1.0, alpha=2.0), TypeError, "'alpha' twice"),
        (lambda x: functional.elu(x, beta=2.0), TypeError, "its parameters are: alpha"),
        (lambda x: functional.softplus(x, -1.0), InvalidActivationError, "'beta' must be between"),
        (lambda x: functional.swish(x, float("nan")), InvalidActivationError, "finite"),
        (lambda x: functional.swish(x, "a"), InvalidActivationError, "finite"),
        (lambda x: functional.prelu(x, torch.ones(4)), InvalidInputError, "4 values, one per ch"),
        (lambda x: functional.prelu(x[0], torch.ones(3)), InvalidInputError, "dimension 1"),
        (lambda x: functional.prelu(x, torch.ones(9, 1, 3)), InvalidInputError, "broadcast"),
        (lambda x: functional.prelu(x, torch.tensor(1)), InvalidInputError, "floating tensor"),
    ],
)
def test_wrong_parameters(call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(torch.randn(2, 3))


def test_names() -> None:
    assert set(NAMES) <= set(dir(functional))
    assert functional.gelu_new is functional.gelu_tanh
    assert pickle.loads(pickle.dumps(functional.mish)) is functional.mish
    with pytest.raises(AttributeError, match="did you mean 'mish'"):
        functional.mihs  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute '__wrapped__'"):
        functional.__wrapped__  # noqa: B018
    with pytest.raises(UnknownNameError, match="did you mean 'gelu'"):
        rt.activation("gelo")


def test_signature_and_documentation_come_from_the_spec() -> None:
    signature = inspect.signature(functional.leaky_relu)
    assert list(signature.parameters) == ["input", "negative_slope", "inplace", "path", "keep"]
    assert signature.parameters["negative_slope"].default == 0.01
    spec = catalog.get("leaky_relu")
    for part in (spec.summary, spec.formula, "default 0.01", str(spec.source)):
        assert part in functional.leaky_relu.__doc__


def test_paths_are_those_that_explain_names() -> None:
    x = torch.randn(100)
    assert rt.explain("relu", device="mps").path == "framework"
    assert rt.explain("gelu", device="mps").path == "composed"
    own = define("swash", "x * sigmoid(1.5 * x)")
    assert rt.explain(own).path == "composed"
    with pytest.raises(KernelUnavailableError, match="'swash'"):
        functional.function(own)(x, path="native")
    with pytest.raises(UnknownNameError, match="kernel path"):
        functional.gelu(x, path="fastest")


@pytest.mark.skipif(not native.available(), reason="no compiled kernels")
def test_the_native_path_runs_where_it_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[bool] = []
    real = native.runner

    def spied(name: str, dtype: str) -> native.Runner:
        run = real(name, dtype)
        return lambda backward, *rest: ran.append(backward) or run(backward, *rest)

    monkeypatch.setattr(native, "runner", spied)
    function = functional._build(catalog.get("mish"))  # plans of its own, which know the spy
    x = torch.randn(10, 4, requires_grad=True)
    assert rt.explain("mish").path == "native"
    (found,) = torch.autograd.grad(function(x), x, torch.ones(1, 1).expand(10, 4))
    assert ran == [False, True]
    y = function(x, path="composed")
    assert torch.allclose(found, torch.autograd.grad(y.sum(), x)[0], rtol=1e-6)
    assert ran == [False, True]
    assert torch.allclose(torch.func.vmap(function)(x), y, rtol=1e-6)
    assert ran == [False, True, False]
    strided = torch.randn(6, 8)[:, ::2]
    for given in (strided, strided.t(), x.detach().t(), torch.randn(2, 3, 4, 5).transpose(1, 3)):
        assert torch.equal(function(given), function(given.contiguous()))
        assert function(given, path="native").stride() == torch.relu(given).stride()
    with pytest.raises(KernelUnavailableError, match="'mish' on this tensor"):
        function(x.detach().as_subclass(type("Own", (torch.Tensor,), {})), path="native")
    monkeypatch.setenv(native.SWITCH, "0")
    with pytest.raises(KernelUnavailableError, match=native.SWITCH):
        function(x, path="native")
    count = len(ran)
    assert torch.allclose(function(x), y, rtol=1e-6)
    assert len(ran) == count


@pytest.mark.skipif(not native.available(), reason="no compiled kernels")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_tensor_of_one_number_goes_to_the_kernel_and_gets_its_gradient(
    dtype: torch.dtype,
) -> None:
    x = torch.randn(7, 5, dtype=dtype)
    results = []
    for path in ("native", "composed"):
        leaf, beta = x.clone().requires_grad_(), torch.tensor([1.25], requires_grad=True)
        y = functional.swish(leaf, beta, path=path)
        results.append((y, *torch.autograd.grad(y.float().sum(), (leaf, beta))))
    for one, two in zip(*results, strict=True):
        assert one.dtype == two.dtype
        torch.testing.assert_close(one, two, rtol=2 * torch.finfo(one.dtype).eps, atol=1e-7)
    with pytest.raises(KernelUnavailableError, match="tensors as parameters"):
        functional.prelu(x, torch.ones(5), path="native")


@pytest.mark.parametrize("name", NAMES)
def test_autocast_leaves_type_and_value_alone(name: str) -> None:
    module, x = rt.activation(name).eval(), torch.randn(4, 4)
    expected = {dtype: module(x.to(dtype)) for dtype in (torch.float32, torch.bfloat16)}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for dtype, value in expected.items():
            assert torch.equal(module(x.to(dtype)), value)
            assert value.dtype == dtype


def test_autocast_in_a_network() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = torch.nn.Linear(4, 4)(torch.randn(4, 4))
        assert hidden.dtype == torch.bfloat16
        assert rt.PReLU(4)(hidden).dtype == torch.bfloat16


def test_a_users_own_activation_is_not_mistaken_for_the_catalogs() -> None:
    mish = define("mish", "2 * x")
    assert torch.equal(functional.function(mish)(torch.ones(2)), torch.full((2,), 2.0))
    for taken in ("input", "inplace", "path"):
        with pytest.raises(InvalidActivationError, match="reserved"):
            define("clash", f"{taken} * x", **{taken: Param(1.0)})


def test_an_active_function_mode_sees_one_call() -> None:
    seen: list[object] = []

    class Mode(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            seen.append(func)
            return func(*args, **(kwargs or {}))

    x = torch.randn(3)
    with Mode():
        y = functional.elu(x, 0.5)
    assert seen == [functional.elu]
    assert functional.elu.activation is catalog.get("elu")
    assert torch.equal(y, functional.elu(x, 0.5))


@pytest.mark.parametrize("flag", [3, 1, 0, None, "yes", 1.0])
def test_flags_are_true_or_false(flag: object) -> None:
    """elu(x, inplace=3) was taken for inplace=True, where alpha=3 was meant."""
    x = torch.randn(3)
    for call in (
        lambda: functional.elu(x, inplace=flag),
        lambda: rt.ELU(inplace=flag),
        lambda: rt.PReLU(learnable=flag),
        lambda: rt.SwiGLU(4, 8, bias=flag),
    ):
        with pytest.raises(InvalidActivationError, match=f"must be True or False, got {flag!r}"):
            call()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_roots_of_negative_zero(dtype: torch.dtype) -> None:
    """torch's own power of -0.5 is -inf there, NumPy's is inf."""
    for formula, value, slope in (("x ** 0.5", 0.0, math.inf), ("x ** -0.5", math.inf, -math.inf)):
        root = functional.function(define("root", formula))
        x = torch.tensor([-0.0, 0.0, 4.0, -1.0, math.nan], dtype=dtype, requires_grad=True)
        y = root(x)
        (grad,) = torch.autograd.grad(y.sum(), x)
        assert y[:2].tolist() == [value, value]
        assert not y[:2].signbit().any()
        assert grad[:2].tolist() == [slope, slope]
        assert y[3:].isnan().all()
        assert grad[3:].isnan().all()


@pytest.mark.parametrize("name", sorted(choose.SHORT))
def test_short_tensors_take_torchs_own_operation_where_that_is_right(name: str) -> None:
    limits = choose.SHORT[name]
    assert limits.operation in rt.explain(name).reason
    assert limits.operation not in rt.explain(name, dtype=torch.float64).reason
    f = rt.functional.function(name)
    short = torch.linspace(-9, 9, 101, requires_grad=True)
    assert type(f(short).grad_fn).__name__ != "LeanBackward"
    longer = torch.linspace(-9, 9, limits.most).requires_grad_()
    assert "Lean" in type(f(longer).grad_fn).__name__
    exact = short.detach().double().requires_grad_()
    (grad,) = torch.autograd.grad(f(short).sum(), short)
    (wanted,) = torch.autograd.grad(f(exact).sum(), exact)
    assert torch.allclose(f(short).detach().double(), f(exact).detach(), rtol=3e-7, atol=0)
    assert torch.allclose(grad.double(), wanted, rtol=5e-7, atol=0)
    assert torch.equal(f(short.detach()), f(short).detach())
    ends = torch.tensor([-torch.inf, torch.nan, 1.0, torch.inf] * 9, requires_grad=True)
    wide = ends.detach().double().requires_grad_()
    (grad,) = torch.autograd.grad(f(ends).sum(), ends)
    (wanted,) = torch.autograd.grad(f(wide).sum(), wide)
    assert torch.allclose(f(ends).double(), f(wide), rtol=3e-7, atol=0, equal_nan=True)
    assert torch.allclose(grad.double(), wanted, rtol=5e-7, atol=0, equal_nan=True)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
def test_tensors_without_numbers_of_their_own() -> None:
    """A zero tensor of autograd's has no memory; reading it ended the process."""
    none = torch._efficientzerotensor((8,))
    parts = [torch.ones(3), torch.ones(4)]
    with FakeTensorMode():
        fake = torch.empty(8)
    for call in (functional.mish, functional.relu, rt.gated("swiglu"), rt.rowwise("sparsemax")):
        assert torch.equal(call(none), call(torch.zeros(8)))
        assert isinstance(call(fake), FakeTensor)
        for layout in (torch.strided, torch.jagged):
            with pytest.raises(InvalidInputError, match="nested"):
                call(torch.nested.nested_tensor(parts, layout=layout))
        with pytest.raises(InvalidInputError, match="to_dense"):
            call(torch.eye(4).to_sparse())


@pytest.mark.parametrize("name", ["shilu", "acon_c", "smu", "snake", "srelu"])
def test_one_value_per_unit_keeps_channels_last(name: str) -> None:
    last = {"memory_format": torch.channels_last}
    for dtype in (torch.float32, torch.float64):
        module = rt.activation(name, num_parameters=(4, 3, 5), dtype=dtype)
        x = torch.randn(2, 4, 3, 5, dtype=dtype).contiguous(**last).requires_grad_()
        y = module(x)
        (grad,) = torch.autograd.grad(y, x, torch.randn_like(y).contiguous())
        assert y.is_contiguous(**last)
        assert grad.is_contiguous(**last)


def test_names_of_other_kinds_are_no_functions() -> None:
    assert hasattr(rt.functional, "mish")
    assert not hasattr(rt.functional, "softmax")  # row-wise
    assert not hasattr(rt.functional, "swiglu")  # gated

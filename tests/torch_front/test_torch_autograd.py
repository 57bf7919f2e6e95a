"""Gradients to second order, forward mode, torch.func, compile and export, over the catalog."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.func import grad, hessian, jvp, vmap

import rectifier.torch as rt
from rectifier import Param, catalog, define
from rectifier.errors import KernelUnavailableError

NAMES = catalog.names()
SWASH = define("swash", "x * sigmoid(beta * x) + c", beta=Param(1.5, learnable=True), c=0.25)

UNSUITED_DEFAULTS = {
    **{name: {"mu": 0.7} for name in ("smu", "smu_1")},  # too sharp for differences
    "soft_exponential": {"alpha": 0.3},  # its second derivative by alpha jumps at 0
}

# torch's own forward mode, and its tracer, do what torch itself deprecates.
pytestmark = [
    pytest.mark.filterwarnings("ignore:`torch.jit.script.*` is deprecated"),
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
]


def slope(f, x: Tensor) -> Tensor:
    x = x.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(f(x).sum(), x)
    return found


def inputs(seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(3, 4, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("name", NAMES)
def test_first_and_second_gradients_match_differences(name: str) -> None:
    f, x = getattr(rt.functional, name), inputs().requires_grad_()
    assert torch.autograd.gradcheck(f, (x,), check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(f, (x,))


LEARNED = [spec for spec in (*map(catalog.get, NAMES), SWASH) if spec.params]


@pytest.mark.parametrize("spec", LEARNED, ids=str)
def test_gradients_by_parameters_match_differences(spec) -> None:
    start = spec.parameters(**UNSUITED_DEFAULTS.get(spec.name, {}))
    x = inputs().requires_grad_()
    per_channel = [torch.full((4,), v, dtype=x.dtype).requires_grad_() for v in start.values()]
    shared = [torch.tensor(v, dtype=x.dtype, requires_grad=True) for v in start.values()]
    f = rt.activation(spec, learnable=False).function
    for parameters in (per_channel, shared):
        assert torch.autograd.gradcheck(f, (x, *parameters), check_forward_ad=True)
    if len(shared) <= 2:
        assert torch.autograd.gradgradcheck(f, (x, *per_channel))


@pytest.mark.parametrize("name", NAMES)
def test_float32_gradient_is_that_of_float64(name: str) -> None:
    f, x = getattr(rt.functional, name), inputs(dtype=torch.float32)
    assert torch.allclose(slope(f, x), slope(f, x.double()).float(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_transforms_agree_with_the_plain_gradient(name: str) -> None:
    f, x = getattr(rt.functional, name), inputs(dtype=torch.float32)
    first = slope(f, x)
    assert torch.allclose(vmap(f)(x), f(x), rtol=1e-6)
    assert torch.allclose(vmap(f, in_dims=1, out_dims=1)(x), f(x), rtol=1e-6)
    assert torch.allclose(vmap(vmap(grad(f)))(x), first, rtol=1e-6)
    value, tangent = jvp(f, (x,), (torch.full_like(x, 2.0),))
    assert torch.allclose(value, f(x), rtol=1e-6)
    assert torch.allclose(tangent, 2 * first, rtol=1e-6)
    second = slope(lambda t: torch.autograd.grad(f(t).sum(), t, create_graph=True)[0], x)
    assert torch.allclose(vmap(vmap(hessian(f)))(x), second, rtol=1e-5, atol=1e-6)


def test_vmap_over_parameters_aligns_as_without() -> None:
    x, beta = inputs(), torch.rand(5, 4, dtype=torch.float64)
    together = vmap(lambda b: rt.functional.swish(x, b))(beta)
    apart = torch.stack([rt.functional.swish(x, b) for b in beta])
    assert torch.allclose(together, apart)
    single = vmap(lambda b, t: rt.functional.swish(t, b), in_dims=(0, 1))(beta[:4, 0], x)
    apart = torch.stack([rt.functional.swish(x[:, i], beta[i, 0]) for i in range(4)])
    assert torch.allclose(single, apart)


@pytest.mark.parametrize("name", NAMES)
def test_only_the_input_or_the_output_is_kept_for_backward(name: str) -> None:
    kept: list[tuple[int, torch.dtype]] = []
    x = inputs(dtype=torch.bfloat16).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.append((t.numel(), t.dtype)) or t, lambda t: t
    ):
        getattr(rt.functional, name)(x)
    assert kept == [(12, torch.bfloat16)]


@pytest.mark.parametrize("name", ["relu", "mish", "prelu"])
def test_compile_without_graph_breaks(name: str) -> None:
    torch._dynamo.reset()
    module = rt.activation(name)
    x = inputs(dtype=torch.float32).requires_grad_()
    for backend in ("eager", "aot_eager"):
        compiled = torch.compile(module, fullgraph=True, backend=backend)
        y = compiled(x)
        assert torch.allclose(y, module(x), rtol=1e-6)
        (found,) = torch.autograd.grad(y.sum(), x)
        assert torch.allclose(found, slope(module, x), rtol=1e-6)


def test_no_conversion_to_the_same_type_is_traced() -> None:
    """Torch 2.11 takes what it gives for a result of its own; every gradient was zero."""
    torch._dynamo.reset()
    traced: list[torch.fx.GraphModule] = []

    def remember(module: torch.fx.GraphModule, _: object) -> torch.fx.GraphModule:
        traced.extend(m for m in module.modules() if isinstance(m, torch.fx.GraphModule))
        return module

    x = inputs(dtype=torch.float32).requires_grad_()
    torch.compile(rt.activation("relu"), fullgraph=True, backend=remember)(x)
    targets = [node.target for module in traced for node in module.graph.nodes]
    assert "to" not in targets
    assert torch.where in targets  # the derivative was traced too


class Every(torch.nn.Module):
    """Every activation of the catalog, of one input: one graph is traced faster than 122."""

    def __init__(self) -> None:
        super().__init__()
        self.each = torch.nn.ModuleList([rt.activation(name) for name in NAMES])

    def forward(self, x: Tensor) -> list[Tensor]:
        return [module(x) for module in self.each]


def assert_each_agrees(got: list[Tensor], expected: list[Tensor]) -> None:
    for name, one, other in zip(NAMES, got, expected, strict=True):
        assert torch.allclose(one, other, rtol=1e-6, atol=1e-30), name


def test_drawn_slopes_compile() -> None:
    torch._dynamo.reset()
    module, x = rt.RReLU(), torch.randn(64, requires_grad=True)
    y = torch.compile(module, fullgraph=True, backend="eager")(x)
    y.sum().backward()
    assert torch.equal(y[x > 0], x[x > 0])
    slopes = x.grad[x < 0]
    assert slopes.min() >= module.values["lower"]
    assert slopes.max() <= module.values["upper"]
    assert slopes.unique().numel() > 10


def test_all_of_the_catalog_in_one_compiled_graph_and_in_one_exported() -> None:
    torch._dynamo.reset()
    module, x = Every().eval().requires_grad_(False), 3 * inputs(dtype=torch.float32)[:, None]
    expected = module(x)
    assert_each_agrees(torch.compile(module, fullgraph=True, backend="eager")(x), expected)
    exported = torch.export.export(module, (x,))
    assert_each_agrees(exported.module()(x), expected)
    called = {str(node.target) for node in exported.graph.nodes if node.op == "call_function"}
    assert all(target.startswith("aten.") for target in called)


def test_compile_with_inductor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch._dynamo.reset()
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "1")
    net = torch.nn.Sequential(torch.nn.Linear(4, 4), rt.Mish())
    x = inputs(dtype=torch.float32).requires_grad_()
    compiled = torch.compile(net, fullgraph=True)
    torch.testing.assert_close(compiled(x), net(x), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(slope(compiled, x), slope(net, x), rtol=1e-5, atol=1e-6)


def test_compile_with_gradients_by_parameters_and_inplace() -> None:
    torch._dynamo.reset()
    module = rt.activation(SWASH)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    x = inputs(dtype=torch.float32)
    compiled(x).sum().backward()
    found = module.beta.grad.clone()
    module.zero_grad()
    module(x).sum().backward()
    assert torch.allclose(found, module.beta.grad, rtol=1e-6)

    def twice(t: Tensor) -> Tensor:
        return rt.functional.elu(t * 1, 0.5, inplace=True)

    assert torch.allclose(torch.compile(twice, fullgraph=True, backend="aot_eager")(x), twice(x))
    plans = rt.functional._Plans(SWASH)
    with pytest.raises(KernelUnavailableError, match=r"while torch\.compile"):
        rt.functional._apply_traced(plans, x, (1.0, 0.0), False, "native")


@pytest.mark.parametrize("name", ["relu", "mish", "prelu", "pau"])
def test_export(name: str) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), rt.activation(name))
    x = inputs(dtype=torch.float32)
    exported = torch.export.export(model, (x,))
    assert torch.allclose(exported.module()(x), model(x), rtol=1e-6)
    called = {str(node.target) for node in exported.graph.nodes}
    assert any(target.startswith("aten.") for target in called)
    assert not any("rectifier" in target for target in called)


def test_symbolic_trace_sees_one_call() -> None:
    class Net(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return rt.functional.leaky_relu(x, 0.2)

    graph = torch.fx.symbolic_trace(Net())
    assert [str(node.op) for node in graph.graph.nodes] == [
        "placeholder",
        "call_function",
        "output",
    ]
    x = inputs()
    assert torch.equal(graph(x), rt.functional.leaky_relu(x, 0.2))


@pytest.mark.parametrize("name", NAMES)
def test_modules_survive_pickling_and_copying(name: str) -> None:
    module, x = rt.activation(name).eval(), inputs()
    for other in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        assert type(other) is type(module)
        assert torch.equal(other(x), module(x))
        assert other.state_dict().keys() == module.state_dict().keys()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.25)
    fresh = rt.activation(name).eval()
    fresh.load_state_dict(module.state_dict())
    assert torch.equal(fresh(x), module(x))

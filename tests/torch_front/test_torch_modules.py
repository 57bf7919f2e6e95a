"""Modules by class and by name, their learnable parameters, and parameter groups."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn
from torch._dynamo.testing import CompileCounter

import rectifier.torch as rt
from rectifier import Param, catalog, define
from rectifier.errors import InvalidActivationError, InvalidInputError, UnknownNameError

SWASH = define("swash", "x * sigmoid(beta * x) + c", beta=Param(1.5, learnable=True), c=0.25)


def test_a_parameter_beyond_float16_is_held_at_its_largest_number() -> None:
    zero = torch.zeros(2, 3, dtype=torch.float16)
    kinds = (rt.SMU().half(), rt.SMU(num_parameters=3, dtype=torch.float16))
    for module in (*kinds, rt.SMU(mu=torch.tensor(1e6), dtype=torch.float16)):
        assert (module.mu == 65504).all()
        assert torch.equal(module(zero), zero)
        module.reset_parameters()
        assert (module.mu == 65504).all()
    loaded = rt.SMU().half()
    loaded.load_state_dict(rt.SMU().state_dict())
    assert torch.equal(loaded(zero), zero)
    assert rt.SMU(dtype=torch.float16).float().mu.item() == 65504
    assert rt.SMU().to(torch.bfloat16).mu.item() == pytest.approx(1e6, rel=2**-8)


@pytest.mark.parametrize("name", catalog.names())
def test_every_class_by_its_name_and_by_alias(name: str) -> None:
    spec = catalog.get(name)
    module = getattr(rt, spec.class_name)()
    assert type(module).__name__ == spec.class_name
    assert type(rt.activation(name)) is type(module)
    assert all(type(rt.activation(alias)) is type(module) for alias in spec.aliases)
    assert {n for n, _ in module.named_parameters()} == set(spec.learnable)
    x = torch.randn(2, 3)
    torch.testing.assert_close(module.eval()(x), getattr(rt.functional, name)(x))
    assert spec.formula in type(module).__doc__
    assert repr(module).startswith(f"{spec.class_name}(")


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match=r"did you mean .*'Mish'"):
        rt.Mihs  # noqa: B018
    with pytest.raises(UnknownNameError):
        rt.activation("mihs")
    with pytest.raises(ImportError):
        exec("from rectifier.torch import Nothing")


def test_everything_named_is_there() -> None:
    import rectifier

    assert {"Mish", "PReLU", "functional", "init_", "watch", "swap"} <= set(dir(rt))
    assert rectifier.torch is rt
    for name in ("activation", "explain", "functional", "init_", "parameter_groups"):
        assert getattr(rt, name) is not None


def test_prelu_is_torchs() -> None:
    ours, theirs = rt.PReLU(3, init=0.1), nn.PReLU(3, init=0.1)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(4, 3, 5)
    assert torch.equal(ours(x), theirs(x))
    for module in (ours, theirs):
        module(x).square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)
    assert repr(ours) == "PReLU(num_parameters=3)"


def test_values_where_learning_starts() -> None:
    assert rt.Swish(beta=2.0).beta.tolist() == [2.0]
    assert rt.Swish(2.0, num_parameters=3).beta.tolist() == [2.0] * 3
    assert rt.PReLU(2, torch.tensor([0.5, 0.75])).weight.tolist() == [0.5, 0.75]
    module = rt.PReLU(2, 0.5, dtype=torch.bfloat16, device="meta")
    assert (module.weight.dtype, module.weight.device.type) == (torch.bfloat16, "meta")
    fixed = rt.Swish(beta=2.0, learnable=False)
    assert not list(fixed.parameters())
    assert repr(fixed) == "Swish(beta=2, learnable=False)"
    changed = rt.PReLU(2, 0.5)
    changed.reset_parameters()
    assert changed.weight.tolist() == [0.25, 0.25]
    assert repr(rt.LeakyReLU(0.2, inplace=True)) == "LeakyReLU(negative_slope=0.2, inplace=True)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rt.Mish(1.0), "takes 0 parameters"),
        (lambda: rt.Mish(num_parameters=2), "no learnable parameters"),
        (lambda: rt.Mish(beta=2.0), "no parameter 'beta'"),
        (lambda: rt.ELU(1.0, alpha=1.0), "'alpha' twice"),
        (lambda: rt.Softplus(beta=-1.0), "'beta' must be between"),
        (lambda: rt.PReLU(0), "whole number from 1, or the shape of the units, got 0"),
        (lambda: rt.PReLU(2.5), "whole number from 1, or the shape of the units, got 2.5"),
        (lambda: rt.PReLU(()), "must not be empty"),
        (lambda: rt.PReLU((2, 0)), "shape of the units, got"),
        (lambda: rt.PReLU(2, num_parameters=2), "num_parameters twice"),
        (lambda: rt.PAU(init=0.1), "exactly one learnable"),
        (lambda: rt.PReLU(3, torch.ones(2)), "num_parameters=3 values"),
        (lambda: rt.ActivationModule(), "needs an activation"),
        (lambda: rt.activation(define("a", "x * training", training=1.0)), "named training"),
    ],
)
def test_wrong_arguments(make, message: str) -> None:
    with pytest.raises((InvalidActivationError, InvalidInputError), match=message):
        make()


def test_prelu_shared_per_channel_and_per_unit() -> None:
    x = -torch.rand(2, 3, 4, 5) - 0.1
    for shape, laid in (((1,), ()), ((3,), (3, 1, 1)), ((3, 4, 5), (3, 4, 5))):
        module = rt.PReLU(shape[0] if len(shape) == 1 else shape)
        assert module.weight.shape == shape
        with torch.no_grad():
            module.weight.copy_(torch.arange(module.weight.numel()).reshape(shape))
        torch.testing.assert_close(module(x), module.weight.reshape(laid) * x)
        (grad,) = torch.autograd.grad(module(x).sum(), module.weight)
        torch.testing.assert_close(grad, x.sum(0).sum_to_size(laid).reshape(shape))
    assert repr(rt.PReLU((3, 4))) == "PReLU(num_parameters=(3, 4))"
    assert rt.PReLU((2, 2), torch.arange(4.0)).weight.tolist() == [[0, 1], [2, 3]]


def test_rrelu_draws_while_it_trains() -> None:
    module, theirs = rt.RReLU(0.1, 0.5), nn.RReLU(0.1, 0.5)
    for x in (torch.randn(4000, 2), torch.randn(4000), torch.randn(20, 20, 20)):
        x.requires_grad_()
        y = module(x)
        ratio = (y / x).detach()
        assert (ratio[x > 0] == 1).all()
        drawn = ratio[x < 0]
        assert 0.1 <= drawn.min() < 0.11
        assert 0.49 < drawn.max() <= 0.5
        assert drawn.mean().item() == pytest.approx(0.3, abs=0.01)
        (grad,) = torch.autograd.grad(y.sum(), x)
        torch.testing.assert_close(grad, ratio)
        module.eval(), theirs.eval()
        torch.testing.assert_close(module(x), theirs(x))
        module.train()
    torch.manual_seed(0)
    first = module(-torch.ones(5))
    torch.manual_seed(0)
    assert torch.equal(module(-torch.ones(5)), first)
    assert type(pickle.loads(pickle.dumps(module))) is type(module)
    assert type(rt.activation("rrelu")) is rt.RReLU


def test_pau_d_is_noisy_while_it_trains() -> None:
    module, x = rt.PAUD(), torch.linspace(0.5, 3, 20)
    assert not torch.equal(module(x), module(x))
    quiet = module.eval()(x)
    torch.testing.assert_close(module.train()(x), quiet, rtol=0.4, atol=0.0)
    module(x).sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())


def test_a_users_own_activation_learns_is_saved_and_copied() -> None:
    module = rt.activation(SWASH, beta=2.0, num_parameters=3)
    assert repr(module) == "Swash(num_parameters=3, c=0.25)"
    x = torch.randn(5, 3)
    torch.testing.assert_close(module(x), x * torch.sigmoid(2 * x) + 0.25)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    module(x).square().sum().backward()
    optimizer.step()
    assert not torch.equal(module.beta, torch.full((3,), 2.0))
    for other in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        assert torch.equal(other(x), module(x))
    fresh = rt.activation(SWASH, num_parameters=3)
    fresh.load_state_dict(module.state_dict())
    assert torch.equal(fresh(x), module(x))


def test_a_module_moves_with_its_model() -> None:
    model = nn.Sequential(nn.Linear(3, 3), rt.PReLU(3)).double()
    assert model(torch.randn(2, 3, dtype=torch.float64)).dtype == torch.float64
    assert model[1].weight.dtype == torch.float64


class Norm(nn.Module):
    """A model's own normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))


class RMSNorm(Norm):
    """Told by its name."""


def test_parameter_groups_hold_every_trainable_parameter_once() -> None:
    decayed = define("decayed", "x * b", b=Param(1.0, learnable=True))
    model = nn.ModuleDict(
        {
            "linear": nn.Linear(4, 4),
            "norm": nn.BatchNorm1d(4),
            "layer_norm": nn.LayerNorm(4),
            "own_norm": RMSNorm(),
            "prelu": rt.PReLU(4),
            "theirs": nn.PReLU(4),
            "decayed": rt.activation(decayed),
            "attention": nn.MultiheadAttention(4, 2),
            "recurrent": nn.LSTM(4, 4),
            "frozen": nn.Linear(4, 4).requires_grad_(False),
            "embedding": nn.Embedding(4, 4),
        }
    )
    model["tied"] = nn.Linear(4, 4, bias=False)
    model["tied"].weight = model["embedding"].weight
    groups = rt.parameter_groups(model, 0.1, lr=0.5)
    names = {id(p): n for n, p in model.named_parameters()}
    found = [[names[id(p)] for p in group["params"]] for group in groups]
    assert sorted(found[0]) == [
        "attention.in_proj_weight",
        "attention.out_proj.weight",
        "decayed.b",
        "embedding.weight",
        "linear.weight",
        "recurrent.weight_hh_l0",
        "recurrent.weight_ih_l0",
    ]
    trainable = {n for n, p in model.named_parameters() if p.requires_grad}
    assert set(found[0]) | set(found[1]) == trainable
    assert len(found[0]) + len(found[1]) == len(trainable)
    assert [g["weight_decay"] for g in groups] == [0.1, 0.0]
    assert [g["lr"] for g in groups] == [0.5, 0.5]
    torch.optim.AdamW(groups)


def test_a_parameter_shared_with_one_that_must_not_decay_does_not() -> None:
    first, second = nn.Linear(1, 4, bias=False), nn.LayerNorm(4, bias=False)
    first.weight = nn.Parameter(torch.ones(4))
    second.weight = first.weight
    for order in ([first, second], [second, first]):
        (group,) = rt.parameter_groups(nn.ModuleList(order))
        assert group["weight_decay"] == 0.0
        assert len(group["params"]) == 1


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("model", {}, "expected a torch.nn.Module, got str"),
        (nn.ReLU(), {}, "no trainable parameter"),
        (nn.LazyLinear(3), {}, "no shape yet"),
        (nn.Linear(1, 1), {"weight_decay": -1}, "at least 0"),
        (nn.Linear(1, 1), {"weight_decay": None}, "must be a number"),
        (nn.Linear(1, 1), {"params": []}, "'params' is what"),
    ],
)
def test_parameter_groups_of_wrong_input(model, options: dict, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        rt.parameter_groups(model, **options)


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
def test_a_formula_is_compiled_on_request() -> None:
    spec = define("swash", "x * sigmoid(b * x)", b=1.5)
    counter = CompileCounter()
    module = rt.activation(spec, compile=counter)
    x = torch.linspace(-5, 5, 101)
    assert torch.allclose(module(x), rt.activation(spec)(x), rtol=1e-6)
    assert counter.frame_count == 1
    assert rt.activation(spec)._compiled_call_impl is None

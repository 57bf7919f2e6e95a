"""What is seen, under which names, in which steps; and that nothing is left behind."""

from __future__ import annotations

import inspect
import threading
from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules import module as module_hooks
from torch.nn.utils import parametrizations
from torch.optim import optimizer as optimizer_hooks

from rectifier.torch.sites import Interception, Layer, Observer, Site, trace
from rectifier.watch.options import WatchOptions
from rectifier.watch.watcher import Watcher


class Listener(Observer):
    """Writes down all that it is told."""

    def __init__(self, steps: set[int] | None = None, training_only: bool = False) -> None:
        self.steps = steps
        self.training_only = training_only
        self.sites: list[Site] = []
        self.heard: list[tuple[Any, ...]] = []

    def wants_step(self, step: int) -> bool:
        return self.steps is None or step in self.steps

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        self.sites.append(site)
        self.heard.append(("site", site.name))

    def on_layer(self, layer: Layer, output: Any) -> None:
        self.heard.append(("layer", layer.name, layer.kind))

    def on_model(self, model: nn.Module, name: str, args: Any, kwargs: Any) -> None:
        self.heard.append(("model", name, len(args), tuple(kwargs)))

    def on_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        self.heard.append(("optimizer", type(optimizer).__name__, optimizer.param_groups[0]["lr"]))

    def on_loss(self, name: str, tensor: Tensor, source: str) -> None:
        self.heard.append(("loss", name))

    def on_backward(self, loss: Tensor) -> None:
        self.heard.append(("backward",))

    def on_input(self, model: str, tensor: Tensor) -> None:
        self.heard.append(("input", model))

    def before_step(self, optimizer: Any, step: int) -> None:
        self.heard.append(("before", step))

    def after_step(self, optimizer: Any, step: int) -> None:
        self.heard.append(("after", step))

    @property
    def names(self) -> list[tuple[str, str]]:
        return [(site.name, site.layer) for site in dict.fromkeys(self.sites)]


class Block(nn.Module):
    """Residual, one ReLU module used twice."""

    def __init__(self, width: int, shortcut: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Conv2d(width, width, 1) if shortcut else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return self.relu(out)


class Net(nn.Module):
    """Layers in a loop, dropout, flatten."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3)
        self.blocks = nn.ModuleList([Block(4, False), Block(4, True)])
        self.layers = nn.ModuleList([nn.Linear(64, 8), nn.Linear(8, 8)])
        self.head = nn.Linear(8, 3)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor, *, scale: float = 1.0) -> Tensor:
        x = F.relu(F.max_pool2d(self.stem(x), 2)) * scale
        for block in self.blocks:
            x = block(x)
        x = x.flatten(1)
        for layer in self.layers:
            x = torch.tanh(self.drop(layer(x)))
        return torch.sigmoid(self.head(x))


EXPECTED = [
    ("relu", "stem"),
    ("blocks.0.relu", "blocks.0.bn1"),
    ("blocks.0.relu:2", "blocks.0.bn2"),
    ("blocks.1.relu", "blocks.1.bn1"),
    ("blocks.1.relu:2", "blocks.1.bn2"),
    ("tanh", "layers.0"),
    ("tanh:2", "layers.1"),
    ("sigmoid", "head"),
]


def hooks() -> tuple[Any, ...]:
    return (
        torch._C._len_torch_function_stack(),
        dict(module_hooks._global_forward_hooks),
        dict(module_hooks._global_forward_pre_hooks),
        dict(module_hooks._global_forward_hooks_always_called),
        dict(optimizer_hooks._global_optimizer_pre_hooks),
        dict(optimizer_hooks._global_optimizer_post_hooks),
        torch.optim.Optimizer.__init__,
        nn.Module.__init__,
        torch.autograd.backward,
        torch.autograd.grad,
        torch.autograd.Function.__dict__["apply"],
    )


def step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor) -> None:
    loss = F.mse_loss(model(x), torch.zeros(len(x), 3))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def test_names_layers_and_lines_of_a_network_with_reuse() -> None:
    before = hooks()
    model = Net()
    listener = Listener()
    optimizer = torch.optim.Adam(model.parameters())
    with Interception([listener]):
        for _ in range(2):
            step(model, optimizer, torch.randn(2, 1, 10, 10))
    assert listener.names == EXPECTED
    assert Counter(site.name for site in listener.sites) == dict.fromkeys(dict(EXPECTED), 2)
    lines, start = inspect.getsourcelines(Net.forward)
    first = start + next(i for i, line in enumerate(lines) if "F.relu" in line)
    assert listener.sites[0].source == f"tests/torch_sites/test_interception.py:{first}"
    assert [site.order for site in listener.sites[:8]] == list(range(8))
    assert [site.unit_axis for site in listener.sites[:8]] == [1] * 8
    assert listener.sites[0].layer_module() is model.stem
    assert listener.sites[1].module() is model.blocks[0].relu
    assert listener.sites[0].fan_in == 9
    assert hooks() == before


def test_trace_names_the_same_sites_and_changes_nothing() -> None:
    model = Net().train()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    sites = trace(model, torch.randn(2, 1, 10, 10, generator=torch.Generator().manual_seed(0)))
    assert [(site.name, site.layer) for site in sites] == EXPECTED
    assert model.training
    assert model.drop.training
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_frozen_models_and_passes_without_gradients_find_the_same_layers() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 5), nn.Tanh())
    for parameter in model.parameters():
        parameter.requires_grad = False
    assert [(s.name, s.layer) for s in trace(model, torch.ones(1, 3))] == [("1", "0"), ("3", "2")]
    listener = Listener()
    with Interception([listener]), torch.no_grad():
        model(torch.ones(1, 3))
    assert listener.names == [("1", "0"), ("3", "2")]


def test_the_order_of_what_is_told_in_a_step() -> None:
    listener = Listener()
    with Interception([listener]):
        model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
        step(model, optimizer, torch.randn(2, 4))
    assert listener.heard == [
        ("optimizer", "SGD", 0.25),
        ("model", "Sequential", 1, ()),
        ("input", "Sequential"),
        ("layer", "0", "Linear"),
        ("site", "1"),
        ("layer", "2", "Linear"),
        ("loss", "mse_loss"),
        ("backward",),
        ("before", 0),
        ("after", 0),
    ]


def test_only_wanted_steps_are_seen_and_the_others_run_without_a_hook() -> None:
    listener = Listener({0, 3})
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    seen = []
    with Interception([listener]) as interception:
        for number in range(5):
            assert interception.step == number
            assert bool(module_hooks._global_forward_hooks) is interception.observing
            assert torch._C._len_torch_function_stack() == int(interception.observing)
            seen.append(interception.observing)
            step(model, optimizer, torch.randn(2, 4))
    assert seen == [True, False, False, True, False]
    assert len(listener.sites) == 2
    assert [h for h in listener.heard if h[0] == "before"] == [("before", i) for i in range(5)]
    assert listener.heard.count(("backward",)) == 5


def test_keyword_arguments_reach_on_model() -> None:
    listener = Listener()
    model = Net()
    with Interception([listener]):
        model(torch.randn(2, 1, 10, 10), scale=2.0)
    assert ("model", "Net", 1, ("scale",)) in listener.heard


def test_training_only_observers_hear_nothing_of_passes_without_gradients() -> None:
    both, training = Listener(), Listener(training_only=True)
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
    with Interception([both, training]):
        with torch.no_grad():
            model(torch.randn(2, 4))
        with torch.inference_mode():
            model(torch.randn(2, 4))
        model(torch.randn(2, 4))
    assert len(both.sites) == 3
    assert len(training.sites) == 1


def test_a_failing_observer_is_detached_with_a_note_and_the_training_goes_on() -> None:
    class Failing(Observer):
        def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
            raise ValueError("broken inside")

    listener = Listener()
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Interception([Failing(), listener]) as interception:
        for _ in range(3):
            step(model, optimizer, torch.randn(2, 4))
    assert interception.notes == [
        "Failing was detached at step 0: its on_site raised ValueError: broken inside"
    ]
    assert len(listener.sites) == 3


def test_errors_of_the_program_pass_and_leave_no_hook() -> None:
    before = hooks()
    model = Net()
    listener = Listener()
    model.head = nn.Linear(9, 3)
    with Interception([listener]):
        with pytest.raises(TypeError):
            F.relu("no tensor")
        with pytest.raises(RuntimeError, match="mat1 and mat2"):
            model(torch.randn(2, 1, 10, 10))
    assert hooks() == before
    healthy = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    with Interception([listener]) as interception:
        with pytest.raises(RuntimeError):
            healthy(torch.randn(2, 9))
        step(healthy, torch.optim.SGD(healthy.parameters(), lr=0.1), torch.randn(2, 4))
    assert interception.notes == []
    assert listener.sites[-1].name == "1"


def test_another_mode_entered_inside_and_left_after_is_kept() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Interception([Listener({0})]), torch.device("cpu"):
        step(model, optimizer, torch.randn(2, 4))
        assert torch._C._len_torch_function_stack() == 1
        step(model, optimizer, torch.randn(2, 4))
    assert torch._C._len_torch_function_stack() == 0


def test_other_threads_are_not_seen() -> None:
    listener = Listener()
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Interception([listener]):
        thread = threading.Thread(target=step, args=(model, optimizer, torch.randn(2, 4)))
        thread.start()
        thread.join()
    assert listener.heard == []


def test_weights_updated_by_hand_make_each_backward_pass_a_step() -> None:
    w1 = torch.randn(4, 6, requires_grad=True)
    w2 = torch.randn(6, 1, requires_grad=True)
    listener = Listener()
    with Interception([listener]) as interception:
        for _ in range(3):
            hidden = torch.relu(torch.randn(5, 4) @ w1)
            loss = F.relu(1 - hidden @ w2).mean()
            loss.backward()
            with torch.no_grad():
                for w in (w1, w2):
                    w -= 0.1 * w.grad
                    w.grad = None
    assert interception.step == 3
    assert listener.names == [("relu", "w1")], "the hinge loss is no hidden site"
    assert len(listener.sites) == 3


def test_autograd_grad_to_weights_is_a_step_but_not_a_derivative_in_the_loss() -> None:
    model = nn.Sequential(nn.Linear(1, 6), nn.Tanh(), nn.Linear(6, 1))
    parameters = list(model.parameters())
    listener = Listener()
    with Interception([listener]) as interception:
        for _ in range(2):
            x = torch.randn(5, 1, requires_grad=True)
            y = model(x)
            (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
            grads = torch.autograd.grad((slope - y).square().mean(), parameters)
            with torch.no_grad():
                for p, g in zip(parameters, grads, strict=True):
                    p -= 0.01 * g
    assert interception.step == 2


def test_parts_of_a_model_that_are_called_on_their_own_keep_their_paths() -> None:
    class Auto(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
            self.up = nn.Linear(3, 4)

        def encode(self, x: Tensor) -> Tensor:
            return self.encoder(x)

        def decode(self, z: Tensor) -> Tensor:
            return torch.sigmoid(self.up(z))

    auto = Auto()
    listener = Listener()
    with Interception([listener]):
        auto.decode(auto.encode(torch.randn(2, 4))).sum().backward()
    assert listener.names == [("encoder.1", "encoder.0"), ("sigmoid", "up")]
    assert {site.model for site in listener.sites} == {"Auto"}


def test_loose_layers_are_called_by_their_variables() -> None:
    fc1, fc2 = nn.Linear(4, 6), nn.Linear(6, 1)
    listener = Listener()
    with Interception([listener]):
        fc2(F.relu(fc1(torch.randn(2, 4)))).sum().backward()
    assert listener.names == [("relu", "fc1")]
    assert [h[1] for h in listener.heard if h[0] == "layer"] == ["fc1", "fc2"]


def test_two_models_of_one_class_are_told_apart() -> None:
    first = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
    second = nn.Sequential(nn.Linear(5, 5), nn.ReLU())
    listener = Listener()
    with Interception([listener]):
        second(first(torch.randn(2, 4))).sum().backward()
    assert [(s.name, s.model) for s in listener.sites] == [
        ("1", "Sequential"),
        ("1:2", "Sequential:2"),
    ]


def test_only_the_models_asked_for() -> None:
    first = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
    second = nn.Sequential(nn.Linear(5, 5), nn.ReLU())
    listener = Listener()
    with Interception([listener], [second]):
        second(first(torch.randn(2, 4))).sum().backward()
    assert [s.model for s in listener.sites] == ["Sequential"]
    assert listener.sites[0].layer_module() is second[0]


def test_replacing_what_a_site_computes_in_training_and_evaluation() -> None:
    class Swap(Observer):
        name = "gelu"

        def replace(self, site: Site, input: Tensor, apply: Any) -> Tensor | None:
            return F.gelu(input) if site.function == "relu" else None

    class Shift(Observer):
        def replace(self, site: Site, input: Tensor, apply: Any) -> Tensor | None:
            return apply(input - 1)

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(4, 5), nn.Linear(5, 5), nn.Linear(5, 3)
            self.act = nn.ReLU(inplace=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.c(F.relu(self.b(self.act(self.a(x))), inplace=True))

    model = Two()
    x = torch.randn(6, 4)
    listener = Listener()
    with Interception([Swap(), listener]):
        out = model(x)
        out.sum().backward()
        with torch.no_grad():
            evaluated = model.eval()(x)
    expected = model.c(F.gelu(model.b(F.gelu(model.a(x)))))
    assert torch.equal(out, expected)
    assert torch.equal(evaluated, expected)
    assert {site.function for site in listener.sites} == {"gelu"}
    assert listener.names == [("act", "a"), ("relu", "b")]
    with Interception([Shift(), listener]):
        out = model(x)
    assert torch.equal(out, model.c(F.relu(model.b(F.relu(model.a(x) - 1)) - 1)))
    assert listener.sites[-1].function == "relu"


def test_in_place_sites_are_told_with_their_input_as_it_was() -> None:
    class Check(Observer):
        def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
            assert bool((input < 0).any())
            assert torch.equal(output, input.clamp(min=0))

    model = nn.Sequential(nn.Linear(4, 50), nn.ReLU(inplace=True))
    with Interception([Check()]) as interception:
        model(torch.randn(8, 4)).sum().backward()
        F.relu_(model[0](torch.randn(8, 4)))
    assert interception.notes == []


def test_checkpointing_counts_a_pass_once() -> None:
    from torch.utils.checkpoint import checkpoint

    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    listener = Listener()
    with Interception([listener]):
        out = checkpoint(model, torch.randn(2, 4), use_reentrant=False)
        out.sum().backward()
    assert len(listener.sites) == 1


@pytest.mark.parametrize("made", [parametrizations.weight_norm, parametrizations.spectral_norm])
@pytest.mark.parametrize("reentrant", [False, True])
def test_weights_made_of_others_and_checkpoints_run_as_without_us(
    made: Any, reentrant: bool
) -> None:
    def train(*observers: Observer) -> list[float]:
        torch.manual_seed(0)
        first, second = made(nn.Linear(4, 6)), made(nn.Linear(6, 6))
        model = nn.Sequential(first, nn.GELU(), second, nn.SiLU())
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        losses = []
        with Interception(observers, [model]):
            for _ in range(5):
                x = torch.randn(8, 4, requires_grad=True)
                y = torch.utils.checkpoint.checkpoint(model, x, use_reentrant=reentrant)
                loss = y.square().mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(float(loss.detach()))
        return losses

    watcher = Watcher(WatchOptions(every=1))
    assert train(watcher) == train()
    record = watcher.record()
    if not reentrant:  # else all runs without gradients, and once more inside the backward pass
        assert record.notes == ()
        assert [site.function for site in record.sites] == ["gelu", "silu"]
        assert [layer.trainable and layer.in_optimizer for layer in record.layers] == [True, True]


def test_a_transformer_layer_is_seen() -> None:
    model = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    listener = Listener()
    with Interception([listener]):
        model(torch.randn(2, 3, 8)).sum().backward()
    assert listener.names == [("relu", "linear1")]
    assert listener.sites[0].unit_axis == 2


def test_an_optimizer_from_before_is_known_and_one_of_others_is_not() -> None:
    stranger = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    with Interception([Listener()]) as interception:
        for _ in range(2):
            model(torch.randn(2, 4)).sum().backward()
    assert interception.step == 2
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Interception([Listener()]) as interception:
        for _ in range(4):
            model(torch.randn(2, 4)).sum().backward()
        optimizer.step()
    assert interception.step == 1
    del stranger


def test_an_optimizer_that_never_steps_is_noted() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    listener = Listener()
    with Interception([listener]) as interception:
        torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            model(torch.randn(2, 4)).sum().backward()
    assert ("after", 0) in listener.heard
    assert "its step was never called" in interception.notes[0]


def test_closures_and_accumulation_and_wrapped_optimizers_make_one_step() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
    x = torch.randn(6, 4)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        return loss

    listener = Listener()
    with Interception([listener]) as interception:
        optimizer.step(closure)
        optimizer.step(closure)
    assert interception.step == 2
    assert len(listener.sites) >= 6

    class Outer(torch.optim.Optimizer):
        def __init__(self, inner: torch.optim.Optimizer) -> None:
            super().__init__(inner.param_groups, {})
            self.inner = inner

        def step(self, closure: Any = None) -> None:
            self.inner.step()

    outer = Outer(torch.optim.SGD(model.parameters(), lr=0.1))
    with Interception([listener]) as interception:
        for _ in range(2):
            for _ in range(3):
                model(x).sum().backward()
            outer.step()
    assert interception.step == 2


class Sleeper(Listener):
    """Sleeps through what it does not want."""

    def sleeps(self, step: int) -> int:
        return next((n for n in range(9) if self.wants_step(step + n)), 1)


@pytest.mark.parametrize("kind", [Listener, Sleeper])
def test_an_optimizer_that_steps_in_a_hook_of_the_backward_pass(kind: type[Listener]) -> None:
    """As programs do that step while gradients come; autograd has a stack of modes of its own."""
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    listener = kind({step for step in range(40) if step % 4 == 0})
    depths = set()
    with Interception([listener], [model]) as interception:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        hook: Any = model[0].weight.register_post_accumulate_grad_hook
        hook(lambda parameter: optimizer.step())
        for _ in range(40):
            model(torch.randn(5, 3)).sum().backward()
            depths.add(torch._C._len_torch_function_stack())
        assert interception.step == 40
    assert max(depths) == 1  # it grew by one a step
    assert torch._C._len_torch_function_stack() == 0
    assert [site.name for site in listener.sites] == ["1"] * 10
    assert interception.notes == []


def test_own_modules_that_only_look_like_activations_are_no_sites() -> None:
    class Norm(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * torch.rsqrt(x.square().mean(-1, keepdim=True).clamp(min=1e-6))

    class Noise(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.dropout(F.relu(x), 0.5)

    class Scale(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 3 * x - 1

    class Positions(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + torch.arange(x.numel()).reshape(x.shape).sin()

    others = Norm(), Noise(), Scale(), Positions()
    model = nn.Sequential(nn.Linear(4, 5), *others, nn.Linear(5, 3))
    listener = Listener()
    with Interception([listener]):
        for _ in range(2):
            model(torch.randn(2, 4)).sum().backward()
    assert listener.names == [("2.relu", "0")]
    assert len(listener.sites) == 2


def test_own_layers_are_layers() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.randn(4, 6))

        def forward(self, x: Tensor) -> Tensor:
            return x @ self.w

    model = nn.Sequential(Own(), nn.ReLU(), nn.utils.parametrizations.weight_norm(nn.Linear(6, 3)))
    listener = Listener()
    with Interception([listener]):
        model(torch.randn(2, 4)).sum().backward()
    assert [h for h in listener.heard if h[0] == "layer"] == [
        ("layer", "0", "Own"),
        ("layer", "2", "Linear"),
    ]
    (site,) = listener.sites
    assert (site.layer, site.layer_kind, site.fan_in) == ("0", "Own", 4)
    assert site.feeding is not None
    assert site.feeding.weight() is model[0].w


def test_compiled_code_is_seen_in_observed_steps_and_compiled_whole_in_others() -> None:
    import torch._dynamo

    torch._dynamo.utils.counters.clear()
    listener = Listener({0, 3})
    with Interception([listener]) as interception:
        model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(5):
            step(compiled, optimizer, torch.randn(2, 4))
    assert listener.names == [("1", "0")]
    assert len(listener.sites) == 2
    counters = torch._dynamo.utils.counters
    assert counters["stats"]["unique_graphs"] == 1
    assert not counters["graph_break"]
    assert "torch.compile" in interception.notes[0]


def test_transforms_and_scripted_modules_run_and_are_noted() -> None:
    from torch.func import functional_call, grad

    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    x = torch.randn(2, 4)
    parameters = dict(model.named_parameters())
    with Interception([Listener()]) as interception:
        found = grad(lambda p: functional_call(model, p, (x,)).square().mean())(parameters)
    assert found["0.weight"].shape == (5, 4)
    assert ["torch.func" in note for note in interception.notes] == [True]


def test_functions_applied_by_a_method_of_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch 2.14 has no `apply` of Python any more."""
    method = torch._C._FunctionBase.__dict__["apply"]
    monkeypatch.setattr(torch.autograd.Function, "apply", method)

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return (x > 0).float()

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            (x,) = ctx.saved_tensors
            return gradients[0] / (1 + x.abs()).square()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(2, 5), nn.Linear(5, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.second(Spike.apply(self.first(x)))  # type: ignore[no-any-return, no-untyped-call]

    model = Net()
    listener = Listener()
    with Interception([listener], [model]):
        step(model, torch.optim.SGD(model.parameters(), lr=0.1), torch.randn(4, 2))
    assert len(listener.sites) == 1
    assert model.first.weight.grad.abs().sum() > 0
    assert torch.autograd.Function.__dict__["apply"] is method


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize("how", ["script", "trace"])
def test_inside_torchscript_outputs_are_counted(how: str) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(4, 5), nn.Linear(5, 3)

        def forward(self, x: Tensor) -> Tensor:
            return F.gelu(self.second(torch.relu(self.first(x))))

    torch.manual_seed(0)
    eager = Net()
    script = (
        torch.jit.script(eager) if how == "script" else torch.jit.trace(eager, torch.ones(2, 4))
    )
    model = nn.Sequential(script)
    batches = [torch.randn(6, 4) for _ in range(4)]
    expected = sum((torch.relu(eager.first(x)) > 0).sum(0) for x in batches)
    before = hooks()
    watcher = Watcher(WatchOptions(every=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with Interception([watcher], [model]) as interception:
        for x in batches:
            step(model, optimizer, x)
        with pytest.raises(RuntimeError):
            model(torch.ones(2, 9))
    assert torch._C._len_torch_dispatch_stack() == 0
    assert hooks() == before
    relu, gelu = watcher.record().sites
    assert (relu.site, relu.function, relu.layer) == ("0.relu", "relu", "0.first.weight")
    assert (gelu.site, gelu.function) == ("0.gelu", "gelu")
    assert relu.unit.active.tolist() == expected.tolist()
    assert relu.unit.seen == 24
    assert "TorchScript" in interception.notes[0]
    assert model.get_parameter("0.first.weight").grad is not None


def test_the_fast_path_of_a_transformer_is_seen() -> None:
    """In evaluation torch computes the whole layer in one call, unless somebody looks."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu")
    model = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
    x = torch.randn(2, 3, 8)
    with torch.inference_mode():
        expected = model(x)
    listener = Listener()
    with Interception([listener]), torch.inference_mode():
        found = model(x)
    assert [name for name, _ in listener.names] == ["layers.0.gelu", "layers.1.gelu"]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_an_evaluation_that_nobody_wants_is_left_alone() -> None:
    """Torch's own fast path runs in it, to the last digit, and the training after it is seen."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, activation="gelu")
    model = nn.Sequential(nn.TransformerEncoder(layer, 2), nn.Linear(16, 1))
    x = torch.randn(3, 5, 16)

    class Told(Observer):
        training_only = True

        def __init__(self) -> None:
            self.sites: list[str] = []

        def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
            self.sites.append(site.name)

    def evaluate() -> Tensor:
        model.eval()
        with torch.no_grad():
            result: Tensor = model(x)
        model.train()
        return result

    expected, told = evaluate(), Told()
    with Interception([told]):
        assert torch.equal(evaluate(), expected)
        assert told.sites == []
        with torch.no_grad(), pytest.raises((RuntimeError, AssertionError)):
            model(torch.randn(3, 5, 7))
        model(x).sum().backward()
        assert len(told.sites) == 2
    assert not model._forward_hooks
    assert not module_hooks._global_forward_hooks


def test_steps_that_end_in_a_backward_pass_leave_nothing_on_the_stack() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    with Interception([Listener({0, 2, 3})]) as interception:
        for number in range(5):
            assert interception.step == number
            assert torch._C._len_torch_function_stack() == int(interception.observing)
            model(torch.randn(2, 4)).sum().backward()  # without an optimiser this ends the step
    assert torch._C._len_torch_function_stack() == 0

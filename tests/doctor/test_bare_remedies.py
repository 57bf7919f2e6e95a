"""Remedies in programs without modules, or without torch's optimisers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from at_work import under
from torch import nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.rates import lower
from rectifier.doctor.remedies import build
from rectifier.doctor.remedies._updates import WAIT
from rectifier.torch.sites import Interception
from rectifier.watch.record import Record, TrainingSeries

X = torch.randn(64, 5, generator=torch.Generator().manual_seed(1))
Y = torch.tanh(X[:, :1] * X[:, 1:2])


def tensors() -> list[torch.Tensor]:
    g = torch.Generator().manual_seed(2)
    shapes = ((5, 8), (8,), (8, 1), (1,))
    return [(0.5 * torch.randn(s, generator=g)).requires_grad_() for s in shapes]


def output(p: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x @ p[0] + p[1]) @ p[2] + p[3]


def adam_by_hand(rate: float, steps: int = 6) -> torch.Tensor:
    p = tensors()
    first, second = ([torch.zeros_like(t) for t in p] for _ in range(2))
    for step in range(1, steps + 1):
        gradients = torch.autograd.grad((output(p, X) - Y).square().mean(), p)
        with torch.no_grad():
            for t, m, v, g in zip(p, first, second, gradients, strict=True):
                m.mul_(0.9).add_(g, alpha=0.1)
                v.mul_(0.99).addcmul_(g, g, value=0.01)
                t -= rate * (m / (1 - 0.9**step)) / ((v / (1 - 0.99**step)).sqrt() + 1e-8)
    return torch.cat([t.detach().flatten() for t in p])


def test_steps_of_an_adam_by_hand_take_the_factor() -> None:
    want = adam_by_hand(0.01)
    given = {"from": 1.0, "to": 0.01, "relative": True}
    got, log = under("lower_learning_rate", lambda: adam_by_hand(1.0), **given)
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)
    assert log == ["steps of the program's own update: × 0.01 each"]


def adam_over_lists(rate: float, steps: int = 6) -> torch.Tensor:
    """As Keras updates weights on PyTorch."""
    p = tensors()
    first, second = ([torch.zeros_like(t) for t in p] for _ in range(2))
    for _ in range(steps):
        gradients = torch.autograd.grad((output(p, X) - Y).square().mean(), p)
        with torch.no_grad():
            torch._foreach_mul_(first, 0.9)
            torch._foreach_add_(first, gradients, alpha=0.1)
            torch._foreach_mul_(second, 0.99)
            torch._foreach_addcmul_(second, gradients, gradients, value=0.01)
            sizes = torch._foreach_add(torch._foreach_sqrt(second), 1e-8)
            torch._foreach_add_(p, torch._foreach_div(first, sizes), alpha=-rate)
    return torch.cat([t.detach().flatten() for t in p])


def test_steps_over_lists_of_weights_take_the_factor() -> None:
    want = adam_over_lists(0.01)
    given = {"from": 1.0, "to": 0.01, "relative": True}
    got, log = under("lower_learning_rate", lambda: adam_over_lists(1.0), **given)
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)
    assert log == ["steps of the program's own update: × 0.01 each"]


def by_data(rate: float, steps: int, *, skipped: int) -> torch.Tensor:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))
    momenta = {p: torch.zeros_like(p) for p in net.parameters()}
    for step in range(steps):
        net.zero_grad()
        (net(X) - Y).square().mean().backward()
        for p in net.parameters():
            if step >= skipped:
                momenta[p] = 0.9 * momenta[p] + p.grad
            p.data = p.data - rate * momenta[p]
    return torch.cat([p.detach().flatten() for p in net.parameters()])


@pytest.mark.parametrize(
    ("action", "to"), [("lower_learning_rate", 0.1), ("raise_learning_rate", 10)]
)
def test_weights_that_are_set_anew_take_the_factor(action: str, to: float) -> None:
    want = by_data(0.01, 6, skipped=1)  # the first gradients are taken as zero, to learn the form
    got, _ = under(action, lambda: by_data(0.01 / to, 6, skipped=0), **{"from": 1.0, "to": to})
    torch.testing.assert_close(got, want)


def test_an_update_in_no_known_form_gets_smaller_gradients() -> None:
    def program(rate: float, steps: int) -> torch.Tensor:
        p = tensors()
        for _ in range(steps):
            for t in p:
                t.grad = None
            (output(p, X) - Y).square().mean().backward()
            with torch.no_grad():
                for t in p:
                    torch.sub(t, rate * t.grad, out=t)
        return torch.cat([t.detach().flatten() for t in p])

    want = program(0.01, 3)
    given = {"from": 1.0, "to": 0.1}
    got, _ = under("lower_learning_rate", lambda: program(0.1, WAIT + 3), **given)
    torch.testing.assert_close(got, want)


class OwnOptimizer(torch.optim.Optimizer):
    def __init__(self, parameters, eta: float) -> None:
        super().__init__(parameters, {"eta": eta})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(p.grad.sign(), alpha=group["eta"])


def test_an_optimiser_that_names_its_rate_otherwise_takes_smaller_steps() -> None:
    def program(eta: float) -> torch.Tensor:
        p = tensors()
        optimizer = OwnOptimizer(p, eta)
        for _ in range(5):
            optimizer.zero_grad()
            (output(p, X) - Y).square().mean().backward()
            optimizer.step()
        return torch.cat([t.detach().flatten() for t in p])

    want = program(0.01)
    got, log = under("lower_learning_rate", lambda: program(0.1), **{"from": 1.0, "to": 0.1})
    torch.testing.assert_close(got, want)
    assert log == ["steps of OwnOptimizer: × 0.1 each"]


def test_a_group_that_is_slow_already_keeps_its_rate() -> None:
    seen = []

    def program() -> None:
        model = nn.Linear(5, 1)
        fast = torch.optim.SGD([model.weight], lr=20.0)
        slow = torch.optim.SGD([model.bias], lr=1e-3)
        for optimizer in (fast, slow):
            optimizer.register_step_pre_hook(lambda o, a, k: seen.append(o.param_groups[0]["lr"]))
        (model(X) - Y).square().mean().backward()
        fast.step()
        slow.step()

    under("lower_learning_rate", program, **{"from": 20.0, "to": 0.2})
    assert seen == pytest.approx([0.2, 1e-3])


def test_a_rate_that_is_not_known_is_lowered_by_a_factor() -> None:
    series = TrainingSeries(
        step=np.arange(30.0),
        loss=np.ones(30),
        learning_rate=np.full(30, math.nan),
        gradient_norm=np.ones(30),
        update_ratio=np.full(30, 5.0),
    )
    remedy = lower(Record(training=series), 3, "")
    assert remedy is not None
    assert remedy.settings == {"from": 1.0, "to": 0.002, "relative": True}


def test_data_of_bare_tensors_are_normalised_in_evaluation_too() -> None:
    raw = 7 + 50 * X
    mean, std = raw.mean(0), raw.std(0)

    def program(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        g = torch.Generator().manual_seed(3)
        p = [(0.4 * torch.randn(5, 5, generator=g)).requires_grad_() for _ in range(3)]
        for _ in range(4):
            given = F.linear(torch.tanh(x @ p[0] + 0.1), p[1]) @ p[2]
            for t in p:
                t.grad = None
            (given - X).square().mean().backward()
            with torch.no_grad():
                for t in p:
                    t -= 0.1 * t.grad
        with torch.no_grad():
            return F.linear(torch.tanh(x @ p[0] + 0.1), p[1]) @ p[2], p[1].detach()

    want = program((raw - mean) / std)
    given = {"mean": mean.tolist(), "std": std.tolist(), "axis": -1}
    got, log = under("normalize_input", lambda: program(raw), {"layers": ["p.0"]}, **given)
    for one, other in zip(got, want, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert log == ["5 features normalised before a layer of bare tensors"]


def test_data_of_a_vector_of_weights_are_normalised() -> None:
    raw = 7 + 50 * X
    mean, std = raw.mean(0), raw.std(0)

    def program(x: torch.Tensor) -> torch.Tensor:
        w = torch.zeros(5, requires_grad=True)
        for _ in range(4):
            w.grad = None
            (x @ w + 1 - X[:, 0]).square().mean().backward()
            with torch.no_grad():
                w -= 0.1 * w.grad
        return w.detach()

    given = {"mean": mean.tolist(), "std": std.tolist(), "axis": -1}
    got, _ = under("normalize_input", lambda: program(raw), {"layers": ["w"]}, **given)
    torch.testing.assert_close(got, program((raw - mean) / std), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("biased", [True, False])
def test_an_activation_comes_behind_bare_tensors_and_their_bias(biased: bool) -> None:
    p = tensors()

    def plain(x: torch.Tensor) -> torch.Tensor:
        h = x @ p[0]
        h = h + p[1] if biased else h
        return h @ p[2]

    def program() -> torch.Tensor:
        for _ in range(2):
            plain(X).sum().backward()
        with torch.no_grad():
            return plain(X)

    name = _layers(lambda: plain(X).sum().backward())[0]
    got, log = under("add_activation", program, {"layers": [name]}, function="relu")
    hidden = X @ p[0] + p[1] if biased else X @ p[0]
    torch.testing.assert_close(got, (torch.relu(hidden) @ p[2]).detach())
    assert log == [f"relu added behind {name}"]


def _layers(program) -> list[str]:
    from rectifier.torch.sites import Observer

    class Names(Observer):
        def on_layer(self, layer, output) -> None:
            found.append(layer.name)

    found: list[str] = []
    with Interception([Names()]):
        program()
    return found


def test_scores_are_linear_in_evaluation_as_in_training() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 4), nn.Tanh())
    labels = X[:, :4].argmax(1)

    def program() -> tuple[torch.Tensor, torch.Tensor]:
        loss = F.cross_entropy(model(X), labels)
        loss.backward()
        with torch.no_grad():
            return loss.detach(), model(X)

    scope = {"layer": "2"}
    got, _ = under("remove_output_activation", program, scope, function="tanh")
    with torch.no_grad():
        want = model[:3](X)
        torch.testing.assert_close(got[0], F.cross_entropy(want, labels))
    torch.testing.assert_close(got[1], want)


def descended(in_place: bool, steps: int = 6) -> torch.Tensor:
    p = tensors()
    for _ in range(steps):
        (output(p, X) - Y).square().mean().backward()
        with torch.no_grad():
            for t in p:
                step = 0.1 * t.grad
                t.grad.zero_()
                if in_place:
                    t -= step
                else:
                    t = t - step
            sum((t - s).abs().sum() for t, s in zip(p, tensors(), strict=True))  # how far it is
    return torch.cat([t.detach().flatten() for t in p])


def test_updates_that_give_a_name_another_tensor_are_written_into_the_weights() -> None:
    start = torch.cat([t.detach().flatten() for t in tensors()])
    torch.testing.assert_close(descended(False), start)
    got, log = under("add_to_optimizer", lambda: descended(False), how="write")
    torch.testing.assert_close(got, descended(True))
    assert len(log) == 1
    assert "is written into the weights" in log[0]


def test_steps_of_a_functional_training_take_the_factor() -> None:
    """Velocities are sums of gradients, so that gradients of a tenth make steps of a tenth."""

    def program(rate: float) -> torch.Tensor:
        p = [t.detach() for t in tensors()]
        velocity = [torch.zeros_like(t) for t in p]
        for _ in range(6):
            gradients = torch.func.grad(lambda q: (output(q, X) - Y).square().mean())(p)
            velocity = [0.9 * v + g for v, g in zip(velocity, gradients, strict=True)]
            p = [t - rate * v for t, v in zip(p, velocity, strict=True)]
        return torch.cat([t.flatten() for t in p])

    want = program(0.05)
    given = {"from": 1.0, "to": 0.1, "relative": True}
    got, log = under("lower_learning_rate", lambda: program(0.5), **given)
    torch.testing.assert_close(got, want)
    assert log == ["steps of the program's own update: × 0.1 each"]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_is_added_to_a_product_of_bare_tensors_starts_at_zero(sign: float) -> None:
    """Also what is taken from it, as a threshold of a dictionary is: there all units were dead."""

    def program() -> torch.Tensor:
        p = tensors()
        p[1] = torch.full((8,), -5.0 * sign, requires_grad=True)
        optimizer = torch.optim.SGD(p, lr=0.01)
        for _ in range(3):
            product = X @ p[0]
            hidden = torch.relu(product + p[1] if sign > 0 else product - p[1])
            loss = (hidden @ p[2] + p[3] - Y).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return p[1].detach()

    assert bool((program() == -5.0 * sign).all())
    left, log = under("reinitialize", program, scheme="he_normal")
    assert float(left.abs().max()) < 0.1
    assert log == ["2 weights outside torch's layers drawn anew (he_normal)"]


def test_a_table_that_no_module_registers_and_only_an_index_meets_is_joined() -> None:
    """``nn.Parameter(…) * 0.1`` is no parameter; the one in it is reached by the loss alone."""
    index = torch.arange(32) % 8
    wanted = torch.randn(8, 3, generator=torch.Generator().manual_seed(4))[index]

    def program() -> float:
        torch.manual_seed(0)
        table, head = nn.Parameter(torch.randn(8, 3)), nn.Linear(3, 3)
        small = table * 0.1
        optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
        for _ in range(60):
            loss = (head(small[index]) - wanted).square().mean()
            optimizer.zero_grad()
            loss.backward(retain_graph=True)
            optimizer.step()
            small = table * 0.1
        return loss.item()

    plain = program()
    got, log = under("add_to_optimizer", program, {"parameters": ["parameter of shape (8, 3)"]})
    assert got < 0.5 * plain
    assert log == ["Adam now holds 'parameter of shape (8, 3)' too"]
    _, log = under("add_to_optimizer", program, {"parameters": ["another"]})
    assert log == []


class Own(nn.Module):
    """A layer of the user's own kind."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sin(F.linear(x, self.weight))


@pytest.mark.parametrize("behind", [nn.Linear(8, 1), Own(8, 1)])
def test_layers_of_ones_own_that_are_scaled_are_not_drawn_anew(behind: nn.Module) -> None:
    torch.manual_seed(3)
    model = nn.Sequential(Own(5, 8), Own(8, 8), behind)
    before = [model[0].weight.detach().clone(), model[1].weight.detach().clone()]

    def program() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        for _ in range(3):
            optimizer.zero_grad()
            model(X).square().mean().backward()
            optimizer.step()

    scope = {"layers": ["1"], "factors": {"1": 0.25}}
    _, log = under("reinitialize", program, scope=scope, scheme="scaled")
    assert log == ["weights of 1 of Sequential times 0.25"]
    assert torch.equal(model[0].weight, before[0])
    torch.testing.assert_close(model[1].weight.detach(), 0.25 * before[1])


def test_a_states_own_matrix_keeps_its_size() -> None:
    g = torch.Generator().manual_seed(4)
    w_in = torch.randn(5, 16, generator=g).requires_grad_()
    w_state = torch.randn(16, 16, generator=g).requires_grad_()
    w_out = torch.randn(16, 1, generator=g).requires_grad_()

    def program() -> None:
        optimizer = torch.optim.SGD([w_in, w_state, w_out], lr=0.0)
        for _ in range(3):
            h = torch.zeros(64, 16)
            for _ in range(4):
                h = torch.tanh(X @ w_in + h @ w_state)
            optimizer.zero_grad()
            (h @ w_out).square().mean().backward()
            optimizer.step()

    under("reinitialize", program, scheme="he_normal")
    state = w_state.detach()
    torch.testing.assert_close(state @ state.T, torch.eye(16), atol=1e-5, rtol=0)
    gain = float(w_in.detach().std()) * math.sqrt(5)
    xavier = math.sqrt(2 * 5 / (5 + 16))
    assert gain == pytest.approx(xavier, rel=0.25), "a tanh starts where it is steep"


def test_rates_are_tried_on_the_weights_that_were_drawn() -> None:
    """An overshoot takes the trials back to where they began, which is not the sick weights."""
    given = [
        build(Remedy("reinitialize", "", {"scheme": "he_normal"})),
        build(
            Remedy(
                "lower_learning_rate", "",
                {"from": 3.0, "to": 3.0, "most": 3.0, "trial_steps": 10, "guard": True},
            )
        ),
    ]  # fmt: skip
    p = [(50.0 * t).detach().requires_grad_() for t in tensors()]
    optimizer = torch.optim.SGD(p, lr=3.0)
    first, sizes = p[0].detach().clone(), []
    with Interception(given) as interception:
        for _ in range(120):
            sizes.append(float(p[0].detach().norm()))
            loss = (output(p, X) - Y).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert interception.notes == []
    assert any(line.startswith("tried in the opening") for line in given[1].log)
    assert sizes[0] == float(first.norm())
    assert sizes.count(sizes[0]) == 1  # never again
    assert sizes[-1] < 0.1 * sizes[0]


def test_a_bounded_state_of_few_inputs_is_not_driven_to_its_end() -> None:
    def program() -> float:
        torch.manual_seed(0)
        w, u = (torch.randn(s).requires_grad_() for s in ((1, 64), (64, 64)))
        out = torch.randn(64, 1).requires_grad_()
        optimizer = torch.optim.SGD([w, u, out], lr=1e-9)
        for _ in range(3):
            h, x = torch.zeros(32, 64), torch.randn(32, 6, 1)
            for t in range(6):
                h = torch.tanh(x[:, t] @ w + h @ u)
            optimizer.zero_grad()
            (h @ out).square().mean().backward()
            optimizer.step()
        return float(w.detach().std())

    spread, log = under("reinitialize", program, scheme="he_normal")
    assert 0.1 < spread < 0.26  # 0.175 by both of its ends; one by its inputs alone
    assert any("(xavier_normal)" in line for line in log)


def test_another_function_in_layers_of_the_users_own_kind() -> None:
    """Whose weights nobody can draw anew: they stay, and the function is exchanged all the same."""

    class Dense(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.eye(5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.sigmoid(x @ self.weight)

    def program() -> torch.Tensor:
        model = Dense()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        for _ in range(2):
            out = model(X)
            out.sum().backward()
            optimizer.step()
        return out.detach()

    given = {"from": "sigmoid", "to": "relu"}
    out, log = under("swap_activation", program, {"reinitialize": True}, **given)
    torch.testing.assert_close(out, torch.relu(X))
    assert any(line.startswith("sigmoid → relu at") for line in log)

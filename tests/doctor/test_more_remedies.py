"""The remedies that change inputs, outputs, losses and optimisers, at work in running programs."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from at_work import under
from torch import nn
from torch.distributions import Categorical

from rectifier.doctor import remedies
from rectifier.doctor.finding import Remedy
from rectifier.errors import InvalidInputError
from rectifier.torch.sites import Interception

X = torch.randn(96, 6, generator=torch.Generator().manual_seed(1))
LABELS = X[:, :3].argmax(1)


def layers(*more: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3), *more)


def fit(model, loss_of, steps: int = 8, lr: float = 0.1, before_step=None):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        loss = loss_of(model(X))
        optimizer.zero_grad()
        loss.backward()
        if before_step is not None:
            before_step(optimizer)
        optimizer.step()
        losses.append(loss.item())
    return losses


def cross_entropy(output):
    return F.cross_entropy(output, LABELS)


def test_a_softmax_before_cross_entropy_is_undone_for_the_loss_alone() -> None:
    want = fit(layers(), cross_entropy)
    model = layers(nn.Softmax(dim=1))
    got, log = under(
        "remove_output_activation", lambda: fit(model, cross_entropy), function="softmax"
    )
    assert got == want
    assert log == ["cross_entropy is given what entered softmax"]
    assert torch.allclose(model(X).sum(1), torch.ones(96))  # the model still gives probabilities


def test_a_second_sigmoid_in_evaluation_is_left_out() -> None:
    model = layers(nn.Sigmoid())
    targets = F.one_hot(LABELS, 3).float()

    def program():
        fit(model, lambda out: F.binary_cross_entropy_with_logits(out, targets))
        with torch.no_grad():
            return torch.sigmoid(model(X)), model(X)

    (twice, once), _ = under("remove_output_activation", program, function="sigmoid")
    assert torch.equal(twice, once)


@pytest.mark.parametrize("side", [lambda p: p > 0, lambda p: p.ge(0.0), lambda p: p <= 0])
def test_a_sigmoid_that_is_compared_to_nought_in_evaluation_is_left_out(side) -> None:
    targets = F.one_hot(LABELS, 3).float()

    def program(model):
        fit(model, lambda out: F.binary_cross_entropy_with_logits(out, targets))
        with torch.no_grad():
            return side(model(X)), model(X) > 0.5

    want, _ = program(layers())
    (got, usual), _ = under(
        "remove_output_activation", lambda: program(layers(nn.Sigmoid())), function="sigmoid"
    )
    assert torch.equal(got, want)
    assert 0 < want.sum() < want.numel()
    assert torch.equal(usual, program(layers())[0] if side(torch.ones(1)).item() else ~want)


def test_probabilities_given_as_logits_to_categorical() -> None:
    def program(model):
        return fit(model, lambda out: -Categorical(logits=out).log_prob(LABELS).mean())

    want = program(layers())
    got, _ = under(
        "remove_output_activation",
        lambda: program(layers(nn.Softmax(dim=-1))),
        function="softmax",
    )
    assert got == pytest.approx(want, rel=1e-5)


def test_a_sigmoid_before_its_own_loss_also_through_a_change_of_shape() -> None:
    targets = (LABELS == 1).float()

    def loss_of(output):
        return F.binary_cross_entropy_with_logits(output[:, 0], targets)

    want = fit(layers(), loss_of)
    model = layers(nn.Sigmoid())
    got, _ = under("remove_output_activation", lambda: fit(model, loss_of), function="sigmoid")
    assert got == want


def test_a_softmax_over_one_value_becomes_a_sigmoid() -> None:
    targets = (LABELS == 1).float()[:, None]
    model = nn.Sequential(nn.Linear(6, 1), nn.Softmax(dim=1))
    losses, _ = under(
        "remove_output_activation",
        lambda: fit(model, lambda out: F.binary_cross_entropy(out, targets), 40, 1.0),
        function="softmax",
        to="sigmoid",
    )
    assert losses[-1] < losses[0]


def test_a_bounded_output_becomes_linear_for_a_regression() -> None:
    far = 5 * X[:, :3]
    model = layers(nn.Tanh())
    scope = {"layer": "2"}
    losses, log = under(
        "remove_output_activation",
        lambda: fit(model, lambda out: F.mse_loss(out, far), 60, 0.05),
        scope,
        function="tanh",
        regression=True,
    )
    assert losses[-1] < 0.2 * losses[0]
    assert log == ["tanh removed at 3"]


@pytest.mark.parametrize("how", ["keep_gradient", "step", "join", "unfreeze"])
def test_what_should_learn_learns(how) -> None:
    model = layers()
    first = model[0].weight.detach().clone()

    def program():
        if how == "unfreeze":
            model.requires_grad_(False)
        held = model[2].parameters() if how == "join" else model.parameters()
        optimizer = torch.optim.SGD(held, lr=0.1)
        for _ in range(10):
            loss = cross_entropy(model(X))
            optimizer.zero_grad()
            if loss.requires_grad:
                loss.backward()
            if how == "keep_gradient":
                optimizer.zero_grad()
            if how != "step":
                optimizer.step()
        return cross_entropy(model(X)).item()

    before = cross_entropy(model(X)).item()
    after, log = under("add_to_optimizer", program, how=how)
    assert after < before
    assert not torch.equal(model[0].weight, first)
    assert log


def test_gradients_put_back_give_the_same_training_as_gradients_kept() -> None:
    want = fit(layers(), cross_entropy)
    got, _ = under(
        "add_to_optimizer",
        lambda: fit(layers(), cross_entropy, before_step=lambda o: o.zero_grad()),
        how="keep_gradient",
    )
    assert got == want


def test_a_critic_joins_the_optimizer_that_steps_after_its_own_loss() -> None:
    torch.manual_seed(0)
    maker, critic = nn.Linear(4, 6), nn.Linear(6, 1)
    start = critic.weight.detach().clone()

    def program():
        mine = torch.optim.SGD(maker.parameters(), lr=0.1)
        yours = torch.optim.SGD(maker.parameters(), lr=0.1)  # the mistake
        for _ in range(5):
            fake = maker(torch.randn(96, 4))
            loss = F.softplus(-critic(X)).mean() + F.softplus(critic(fake.detach())).mean()
            yours.zero_grad()
            loss.backward()
            yours.step()
            mine.zero_grad()
            F.softplus(-critic(fake)).mean().backward()
            mine.step()
        return [len(o.param_groups[0]["params"]) for o in (mine, yours)]

    held, log = under("add_to_optimizer", program, how="join")
    assert held == [2, 2]  # in exchange: it held nothing of its own
    assert not torch.equal(critic.weight, start)
    assert log == ["SGD now holds 'weight' and 'bias', and no longer what another optimiser holds"]


class Cut(nn.Module):
    """A network whose first layer a detach() cuts off, if asked for."""

    def __init__(self, cut: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last, self.cut = nn.Linear(6, 16), nn.Linear(16, 3), cut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.first(x))
        return self.last(hidden.detach() if self.cut else hidden)


def test_steps_where_none_are_taken_give_the_same_training_and_leave_nothing() -> None:
    want = fit(layers(), cross_entropy)
    backward = torch.autograd.backward
    modes = torch._C._len_torch_function_stack()  # remedies that were to stay, of other tests

    def program():
        model = layers()
        optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.1), []
        for _ in range(8):
            loss = cross_entropy(model(X))
            optimizer.zero_grad()
            loss.backward()
            assert torch._C._len_torch_function_stack() <= modes + 1
            losses.append(loss.item())
        return losses

    got, log = under("add_to_optimizer", program, how="step")
    assert got == want
    assert log == ["SGD steps after each backward pass"]
    assert torch.autograd.backward is backward


@pytest.mark.parametrize("both_cleared_first", [True, False])
def test_the_one_optimizer_that_never_steps_does_after_its_own_loss(both_cleared_first) -> None:
    def game(rounds: int, steps: bool):
        torch.manual_seed(0)
        maker, judge = layers(), layers()
        shape = torch.nn.Linear(3, 6)
        for p in shape.parameters():
            p.requires_grad_(False)
        ours = torch.optim.SGD(maker.parameters(), lr=0.1)
        theirs = torch.optim.SGD(judge.parameters(), lr=0.1)
        for turn in range(rounds):
            made = shape(maker(X))
            ours.zero_grad()
            theirs.zero_grad()
            (cross_entropy(judge(X)) + cross_entropy(judge(made.detach()))).backward()
            if steps and turn:  # the first round is waited for
                theirs.step()
            if not both_cleared_first:
                ours.zero_grad()
            (-cross_entropy(judge(made))).backward()
            ours.step()
        return [p.detach().clone() for p in (*judge.parameters(), *maker.parameters())]

    want = game(5, steps=True)
    got, log = under("add_to_optimizer", lambda: game(5, steps=False), how="step_too")
    assert all(map(torch.equal, got, want))
    assert log == ["SGD steps after the backward pass of its own loss"]


def test_a_detach_in_forward_is_left_out() -> None:
    want = fit(Cut(False), cross_entropy)
    scope = {"parameters": ["first.weight", "first.bias"]}
    got, log = under("add_to_optimizer", lambda: fit(Cut(True), cross_entropy), scope, how="attach")
    assert got == want
    assert log == ["a detach() in forward is left out, so that the gradient passes"]


def test_a_detach_outside_forward_stays() -> None:
    outputs = []

    def program():
        model = Cut(False)
        fit(model, lambda output: outputs.append(output.detach()) or cross_entropy(output))

    _, log = under("add_to_optimizer", program, how="attach")
    assert log == []
    assert not any(output.requires_grad for output in outputs)


class Asleep(Cut):
    def forward(self, x):
        with torch.no_grad():
            hidden = torch.tanh(self.first(x))
        return self.last(hidden)


def test_a_no_grad_in_forward_is_left_out_but_not_one_around_the_model() -> None:
    want = fit(Cut(False), cross_entropy)
    scope = {"parameters": ["first.weight", "first.bias"]}
    seen = []

    def program():
        model = Asleep(False)
        losses = fit(model, cross_entropy)
        with torch.no_grad():
            seen.append(model(X))
        return losses

    got, log = under("add_to_optimizer", program, scope, how="attach")
    assert got == want
    assert log == ["a no_grad() in forward is left out, so that the gradient passes"]
    assert not seen[0].requires_grad


def test_half_precision_weights_are_stepped_in_single_precision() -> None:
    """As fast as float32 does; in float16 itself Adam makes NaN of them."""

    def program(dtype, steps=60):
        model = layers().to(dtype)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        for _ in range(steps):
            loss = F.cross_entropy(model(X.to(dtype)).float(), LABELS)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert all(p.dtype == dtype for p in model.parameters())
        assert {id(p) for p in optimizer.state} == {id(p) for p in model.parameters()}
        return loss.item()

    assert math.isnan(program(torch.float16))
    got, log = under("stabilize_loss", lambda: program(torch.float16))
    assert got == pytest.approx(program(torch.float32), rel=0.01)
    assert log == ["Adam steps float16 weights in float32"]


def test_features_are_normalised_in_training_and_evaluation() -> None:
    raw = X * torch.tensor([1.0, 1000.0, 1.0, 1.0, 1.0, 1.0]) + 5
    mean, std = raw.mean(0), raw.std(0)
    model = layers()
    settings = {"mean": mean.tolist(), "std": std.tolist()}

    def program():
        fit(model, lambda out: cross_entropy(out + 0 * model(raw)))
        with torch.no_grad():
            return model.eval()(raw)

    got, log = under("normalize_input", program, {"layers": ["0"]}, **settings)
    with torch.no_grad():
        assert torch.allclose(got, model(raw))
        hooks = model[0]._forward_pre_hooks
        assert len(hooks) == 1
        hooks.clear()
        assert torch.allclose(got, model((raw - mean) / std), atol=1e-4)
    assert log == ["6 features normalised before 0"]
    with pytest.raises(InvalidInputError, match="same length"):
        remedies.build(Remedy("normalize_input", "", {"mean": [0.0], "std": []}))


def test_the_spread_of_a_last_batch_of_one_is_none() -> None:
    def program():
        rows = torch.ones(1, 3, requires_grad=True)
        spread = (rows - rows.mean(0)) / (rows.std(0) + 1e-5)
        spread.sum().backward()
        return spread, rows.grad, torch.tensor([[1.0], [3.0]]).std(0)

    (spread, gradient, of_two), log = under("stabilize_loss", program)
    assert bool(torch.isfinite(spread).all() and torch.isfinite(gradient).all())
    assert float(of_two) == pytest.approx(2**0.5)
    assert log == ["kept from NaN and infinity: std"]


@pytest.mark.parametrize("dim", [0, 1])
def test_a_softmax_over_the_batch_is_turned_to_the_classes(dim: int) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 3), nn.LogSoftmax(dim=dim))
    other = torch.randn(4, 3)

    def program():
        fit(model, lambda out: F.nll_loss(out, LABELS))
        with torch.no_grad():
            return model(X), torch.softmax(other, 0)

    turned = {"from": "log_softmax", "to": "log_softmax", "dim": 1}
    (out, untouched), log = under("swap_activation", program, {"layers": ["0"]}, **turned)
    assert torch.allclose(out.exp().sum(1), torch.ones(len(X)), atol=1e-5)
    assert torch.equal(untouched, torch.softmax(other, 0))
    assert log == (["log_softmax over dimension 1 behind 0"] if dim == 0 else [])
    remedies.build(Remedy("swap_activation", "", turned, {"layers": ["0"]})).apply(model, None)
    assert model[1].dim == 1


@pytest.mark.parametrize(("kind", "size"), [(nn.Conv1d, (9,)), (nn.Conv2d, (5, 4))])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_channels_are_normalised_with_a_batch_and_without(kind, size, batch) -> None:
    """A line of sound in a batch has as many dimensions as an image by itself."""
    net = kind(1, 2, 3)
    settings = {"mean": [4.0], "std": [2.0], "axis": 1}
    remedy = Remedy("normalize_input", "", settings, {"layers": ["0"]})
    model = nn.Sequential(net)
    x = torch.randn(*batch, 1, *size)
    plain = model(x)
    remedies.build(remedy).apply(model, None)
    assert torch.allclose(model(2 * x + 4), plain, atol=1e-5)


def test_an_activation_between_layers_and_a_logarithm_before_a_loss() -> None:
    model = nn.Sequential(nn.Linear(6, 16), nn.Linear(16, 3))
    _, log = under(
        "add_activation", lambda: fit(model, cross_entropy), {"layers": ["0"]}, function="relu"
    )
    assert log == ["relu added behind 0"]
    assert (model[0](X) >= 0).all()
    want = fit(layers(), cross_entropy)
    got, _ = under(
        "add_activation",
        lambda: fit(layers(), lambda out: F.nll_loss(out, LABELS)),
        function="log_softmax",
        before="nll_loss",
    )
    assert got == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (torch.log, [0.0, 1.0]),
        (lambda x: x.sqrt(), [0.0, 4.0]),
        (lambda x: x**0.5, [0.0, 4.0]),
        (lambda x: 1.0 / x, [0.0, 2.0]),
        (lambda x: x / x, [0.0, 2.0]),
        (lambda x: x.exp(), [200.0, 1.0]),
        (lambda x: torch.softmax(x, 0), [-math.inf, -math.inf]),
        (torch.acos, [1.0, 0.5]),
        (lambda x: x ** torch.tensor([1.3], requires_grad=True), [-1.0, 4.0]),
    ],
)
def test_the_edge_is_guarded_and_the_rest_is_as_before(function, x) -> None:
    plain = function(torch.tensor(x[1:] * 2 if math.isfinite(x[1]) else [0.0, 1.0]))

    def program():
        point = torch.tensor(x, requires_grad=True)
        value = function(point)
        value.sum().backward()
        inside = function(torch.tensor(x[1:] * 2 if math.isfinite(x[1]) else [0.0, 1.0]))
        return value.detach(), point.grad, inside

    (value, gradient, inside), log = under("stabilize_loss", program)
    assert torch.isfinite(value).all()
    assert torch.isfinite(gradient).all()
    assert torch.equal(inside, plain)
    assert log


def test_nothing_stays_on_after_the_interception() -> None:
    under("stabilize_loss", lambda: None)
    assert torch.log(torch.zeros(())) == -math.inf


@pytest.mark.parametrize(("hold", "rates"), [(False, [0.4, 0.04]), (True, [0.2, 0.2])])
def test_a_rate_is_raised_by_a_factor_or_held(hold, rates) -> None:
    seen = []

    def program():
        optimizer = torch.optim.SGD(layers().parameters(), lr=0.1)
        optimizer.register_step_post_hook(lambda o, a, k: None)
        plain = optimizer.step
        for rate in (0.1, 0.01):
            optimizer.param_groups[0]["lr"] = rate
            built_in = optimizer.register_step_pre_hook(
                lambda o, a, k: seen.append(o.param_groups[0]["lr"])
            )
            plain()
            built_in.remove()

    settings = {"from": 0.1, "to": 0.4} if not hold else {"from": 0.0, "to": 0.2, "hold": True}
    under("raise_learning_rate", program, **settings)
    assert seen == pytest.approx(rates)


def test_alike_weights_are_drawn_and_pretrained_ones_stay() -> None:
    model = layers()
    with torch.no_grad():
        model[2].weight.fill_(0.05)
    kept = model[0].weight.detach().clone()
    remedy = remedies.build(Remedy("reinitialize", "", {"alike": True}))
    remedy.apply(model, None)
    assert torch.equal(model[0].weight, kept)
    assert model[2].weight.unique().numel() > 40


def test_reinitialize_draws_for_layers_of_the_users_own_kind() -> None:
    class Own(nn.Module):
        def __init__(self, n_in: int, n_out: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.rand(n_out, n_in))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ self.weight.t()

    torch.manual_seed(0)
    model = nn.Sequential(Own(64, 64), nn.ReLU(), Own(64, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    action = remedies.build(Remedy("reinitialize", "", {"scheme": "he_normal"}))
    with Interception([action]) as interception:
        for _ in range(2):
            optimizer.zero_grad()
            model(torch.randn(16, 64)).square().mean().backward()
            optimizer.step()
    assert interception.notes == []
    assert action.log == ["2 weights outside torch's layers drawn anew (he_normal)"]
    assert abs(float(model[0].weight.detach().mean())) < 0.05


class Block(nn.Module):
    def __init__(self, width: int, normed: bool = False) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(width, width), nn.Linear(width, width)
        self.norm = nn.LayerNorm(width) if normed else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.norm(self.two(F.relu(self.one(x))))


def drawn_anew(model: nn.Module, x: torch.Tensor) -> list[str]:
    action = remedies.build(Remedy("reinitialize", "", {"scheme": "he_normal"}))
    with Interception([action]) as interception:
        model(x)
    assert interception.notes == []
    return action.log


@pytest.mark.parametrize("normed", [False, True])
def test_redrawn_residual_branches_do_not_blow_up_with_depth(normed: bool) -> None:
    torch.manual_seed(0)
    x = torch.randn(64, 128)
    model = nn.Sequential(nn.Linear(128, 128), *(Block(128, normed) for _ in range(16)))
    log = drawn_anew(model, x)
    growth = (model(x).square().mean() / model[0](x).square().mean()).item()
    scaled = "the last layers of 16 residual branches of Sequential divided by the root of their"
    assert any(line.startswith(scaled) for line in log) is not normed
    assert growth < (20 if normed else 4)  # a normalised branch adds one; undivided ones 2**16


def test_a_shift_that_silences_a_normalised_unit_is_taken_back() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    with torch.no_grad():
        model[1].bias.copy_(torch.tensor([-8.0, 0.5, 0.0, -8.0]))
        model[1].weight.copy_(torch.tensor([1.0, 1.0, 0.0, 4.0]))
    log = drawn_anew(model, torch.randn(8, 1, 6, 6))
    assert model[1].bias.tolist() == [0.0, 0.5, 0.0, -8.0]
    assert model[1].weight.tolist() == [1.0, 1.0, 0.0, 4.0]  # a scale of zero may be meant
    assert "shifts beyond the spread in 1 of Sequential set to zero" in log


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.5, 0.0)])
def test_a_normalisation_that_gives_nothing_gets_a_scale(shift: float, scale: float) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    nn.init.zeros_(model[1].weight)
    nn.init.constant_(model[1].bias, shift)
    log = drawn_anew(model, torch.randn(8, 3))
    assert model[1].weight.tolist() == [scale] * 4
    assert any("which were zero" in line for line in log) is (scale == 1.0)


def optimized(action: str, make, scope=None, **settings):
    """The settings of the one group at each step under a remedy, and those between the steps."""
    seen = []
    model = layers()

    def program():
        optimizer = make(model)
        for scale in (1.0, 0.01):
            optimizer.param_groups[0]["lr"] *= scale
            before = dict(optimizer.param_groups[0])
            cross_entropy(model(X)).backward()
            handle = optimizer.register_step_pre_hook(
                lambda o, *_: seen.append({k: o.param_groups[0].get(k) for k in WATCHED})
            )
            optimizer.step()
            handle.remove()
            assert {k: optimizer.param_groups[0].get(k) for k in WATCHED} == {
                k: before.get(k) for k in WATCHED
            }
        return seen

    return under(action, program, scope, **settings)


WATCHED = ("lr", "momentum", "weight_decay", "eps")


def test_a_heavy_momentum_is_shortened_before_the_rate_is_lowered() -> None:
    seen, log = optimized(
        "lower_learning_rate",
        lambda m: torch.optim.SGD(m.parameters(), 0.3, momentum=0.99),
        **{"from": 0.3, "to": 0.03},
    )
    assert [round(s["momentum"], 3) for s in seen] == [0.9, 0.9]
    assert [s["lr"] for s in seen] == pytest.approx([0.3, 0.003])  # its steps are a tenth as long
    assert "momentum of SGD: 0.99 → 0.9" in log
    seen, _ = optimized(
        "lower_learning_rate",
        lambda m: torch.optim.SGD(m.parameters(), 0.3, momentum=0.9),
        **{"from": 0.3, "to": 0.03},
    )
    assert [s["lr"] for s in seen] == pytest.approx([0.03, 0.0003])


def test_only_the_top_of_a_schedule_is_cut_off() -> None:
    settings = {"from": 0.4, "to": 0.01, "cap": True}
    make = lambda m: torch.optim.SGD(m.parameters(), 0.4)  # noqa: E731
    seen, log = optimized("lower_learning_rate", make, **settings)
    assert [s["lr"] for s in seen] == pytest.approx([0.01, 0.004])
    assert log == ["learning rate of SGD: held at 0.01 or below"]


@pytest.mark.parametrize(("kind", "usual"), [(torch.optim.SGD, 5e-4), (torch.optim.AdamW, 0.01)])
def test_a_decay_that_outweighs_the_loss_becomes_a_usual_one(kind, usual) -> None:
    strong = lambda m: kind(m.parameters(), lr=0.1, weight_decay=0.5)  # noqa: E731
    seen, log = optimized("stabilize_loss", strong, decay=True)
    assert [s["weight_decay"] for s in seen] == [usual, usual]
    assert log == [f"weight decay of {kind.__name__}: 0.5 → {usual:g}"]
    weak = lambda m: kind(m.parameters(), lr=0.1, weight_decay=1e-4)  # noqa: E731
    seen, _ = optimized("stabilize_loss", weak, decay=True)
    assert [s["weight_decay"] for s in seen] == [1e-4, 1e-4]


def test_a_decay_beside_a_small_gradient_becomes_smaller_than_usual() -> None:
    make = lambda m: torch.optim.Adam(m.parameters(), lr=0.1, weight_decay=1e-4)  # noqa: E731
    seen, log = optimized("stabilize_loss", make, decay=1e-6)
    assert [s["weight_decay"] for s in seen] == [1e-6, 1e-6]
    assert log == ["weight decay of Adam: 0.0001 → 1e-06"]


@pytest.mark.parametrize(("before", "bound"), [(1e-8, 1e-12), (1e-12, 1e-8)])
def test_an_epsilon_that_outweighs_the_gradient_is_bounded(before, bound) -> None:
    make = lambda m: torch.optim.Adam(m.parameters(), lr=0.1, eps=before)  # noqa: E731
    seen, log = optimized("stabilize_loss", make, epsilon=bound)
    assert [s["eps"] for s in seen] == 2 * [min(before, bound)]
    assert log == (["eps of Adam: 1e-08 → 1e-12"] if bound < before else [])


class Signs(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sign(x)


def test_signs_within_forward_become_smooth_and_others_stay() -> None:
    model = layers(Signs())

    def program():
        with torch.no_grad():
            return model(X), model[:3](X), torch.sign(X)

    (given, raw, labels), log = under("swap_activation", program, **{"from": "sign", "to": "tanh"})
    assert torch.equal(given, torch.tanh(raw))
    assert torch.equal(labels, torch.sign(X))
    assert log == ["sign → tanh within forward"]


def adversaries(cut: bool):
    """Two rounds of a generator and a critic; whether the generator got a gradient in each."""
    torch.manual_seed(0)
    g, d = nn.Sequential(nn.Linear(3, 3)), nn.Sequential(nn.Linear(3, 1))
    of_g, of_d = (torch.optim.SGD(m.parameters(), lr=0.1) for m in (g, d))
    got = []
    for _ in range(3):
        fake = g(torch.randn(8, 3))
        of_d.zero_grad()
        (d(fake.detach()) - 1).square().mean().backward()
        of_d.step()
        of_g.zero_grad()
        given = fake.detach() if cut else fake
        d(given).square().mean().backward()
        got.append(g[0].weight.grad is not None)
        of_g.step()
    return got


def test_only_the_detach_before_the_idle_optimizers_step_is_left_out() -> None:
    scope = {"parameters": ["0.weight", "0.bias"]}
    got, log = under("add_to_optimizer", lambda: adversaries(cut=True), scope, how="attach")
    assert got == [False, True, True]
    assert len(log) == 1
    assert log[0].startswith("the detach() at test_more_remedies.py:")
    got, log = under("add_to_optimizer", lambda: adversaries(cut=False), scope, how="attach")
    assert got == [True, True, True]
    assert log == []


class Routed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.router, self.experts = nn.Linear(6, 4), nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.router(x)
        chosen = F.one_hot(logits.argmax(-1), 4).float()
        return (chosen * self.experts(x)).sum(-1)


def test_a_choice_passes_the_gradient_of_a_softmax() -> None:
    model = Routed()
    want = model(X).detach()

    def program():
        given = model(X)
        given.sum().backward()
        return given.detach()

    got, log = under("add_to_optimizer", program, {"parameters": ["router.weight"]}, how="attach")
    assert torch.allclose(got, want)
    soft = torch.softmax(model.router(X), -1)
    (gradient,) = torch.autograd.grad((soft * model.experts(X).detach()).sum(), model.router.weight)
    assert torch.allclose(model.router.weight.grad, gradient, atol=1e-5)
    assert log == ["a choice by argmax passes the gradient of a softmax"]


def test_what_overflows_half_precision_is_computed_in_single() -> None:
    def program() -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.full((4,), 300.0, dtype=torch.float16, requires_grad=True)
        loss = x.square().mean().sqrt()
        loss.backward()
        return loss.detach(), x.grad

    (loss, gradient), log = under("stabilize_loss", program)
    torch.testing.assert_close(loss, torch.tensor(300.0))
    torch.testing.assert_close(gradient, torch.full((4,), 0.25, dtype=torch.float16))
    assert any("single precision" in line for line in log)


def test_biases_of_bare_tensors_do_not_take_the_old_gradient() -> None:
    torch.manual_seed(0)
    w = (30 * torch.randn(6, 8)).requires_grad_()
    b = torch.zeros(8, requires_grad=True)
    head = torch.randn(8, 3).requires_grad_()
    action = remedies.build(Remedy("reinitialize", "", {"scheme": "he_normal"}))
    with Interception([action]):
        (((X @ w + b).relu() @ head).square().mean()).backward()
        with torch.no_grad():
            for p in (w, b, head):
                p -= 0.1 * p.grad
    assert w.abs().max() < 10
    assert not b.any()


@pytest.mark.parametrize("numbers", [False, True])
def test_classes_that_may_hold_at_once_get_a_sigmoid_each_other_numbers_none(numbers) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 6), nn.Softmax(1), nn.Linear(6, 3), nn.Softmax(1))
    x = torch.randn(8, 4)
    want = net[:3](x).detach() if numbers else net[:3](x).sigmoid().detach()

    def program() -> torch.Tensor:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
        F.mse_loss(net(x), torch.full((8, 3), 7.0)).backward()
        optimizer.step()
        with torch.no_grad():
            return net.eval()(x)

    more = {"regression": True} if numbers else {"to": "sigmoid", "each": True}
    got, log = under(
        "remove_output_activation", program, {"layer": "2"}, function="softmax", **more
    )
    torch.testing.assert_close(got, want)
    assert log == [
        "softmax removed behind 2" if numbers else "sigmoid in place of softmax behind 2"
    ]


@pytest.mark.parametrize("scaled", [True, False])
def test_a_temperature_between_is_followed(scaled) -> None:
    x, y = torch.randn(6, 4, requires_grad=True), torch.tensor([0, 1, 2, 3, 0, 1])

    def program() -> torch.Tensor:
        return F.nll_loss(F.log_softmax(0.5 * x.softmax(1) / 2.0, 1), y)

    more = {"scaled": True} if scaled else {}
    got, log = under("remove_output_activation", program, function="softmax", **more)
    want = F.nll_loss(F.log_softmax(x / 4.0, 1), y) if scaled else program()
    torch.testing.assert_close(got, want)
    assert bool(log) is scaled


def test_an_exponential_at_the_output_of_a_regression_goes_in_evaluation_too() -> None:
    far = X[:, :3]

    class Positive(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = layers()

        def forward(self, x):
            scale = torch.exp(x.mean())  # one elsewhere stays
            return torch.exp(self.body(x).view(-1, 3)) + 0 * scale

    def program():
        model = Positive()
        losses = fit(model, lambda out: F.mse_loss(out, far), 60, 0.05)
        with torch.no_grad():
            return losses, torch.equal(model(X), model.body(X))

    (losses, same), log = under(
        "remove_output_activation", program, {"layer": "body.2"}, function="exp", regression=True
    )
    assert losses[-1] < 0.5 * losses[0]
    assert same
    assert log == ["exp of the output removed"]


def test_frozen_layers_that_no_optimizer_holds_are_thawed_and_stepped() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
    for parameter in (*model[0].parameters(), model[2].weight):
        parameter.requires_grad_(False)
    before = [p.detach().clone() for p in model.parameters()]
    x = torch.randn(16, 3)

    def program() -> None:
        held = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.SGD(held, lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(model(x), torch.arange(16) % 2).backward()
            optimizer.step()

    _, log = under("add_to_optimizer", program, {"parameters": ["2.weight"]}, how="unfreeze")
    moved = [not torch.equal(p, old) for p, old in zip(model.parameters(), before, strict=True)]
    assert moved == [False, False, True, True]
    assert log == ["gradients are required now in Sequential by 2.weight"]


class Exp(nn.Module):
    """An activation of a program's own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.exp(x)


@pytest.mark.parametrize(("old", "factor"), [(Exp, 1.245), (nn.Sigmoid, 1.846)])
def test_weights_drawn_faint_for_the_old_function_suit_the_new_one(old, factor) -> None:
    """ELU's gain is 1.245; what a sigmoid's draw gives is enough, and stays."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 400), old(), nn.Linear(400, 400), old(), nn.Linear(400, 1))
    _, log = under(
        "swap_activation",
        lambda: net(torch.randn(16, 8)).sum().backward(),
        {"sites": ["1", "3"], "reinitialize": True},
        **{"from": old.__name__.lower(), "to": "elu"},
    )
    assert any("drawn anew" in line for line in log)
    assert float(net[2].weight.detach().std()) * 20 == pytest.approx(factor, rel=0.02)


def test_an_activation_of_the_users_own_is_swapped_in_evaluation_too() -> None:
    class Exp(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.exp(x)

    def program() -> tuple[torch.Tensor, torch.Tensor]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), Exp(), nn.Linear(8, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        x = torch.randn(16, 4)
        out = model(x)
        out.square().mean().backward()
        optimizer.step()
        with torch.no_grad():
            return out.detach(), model(x)

    settings = {"from": "exp", "to": "elu"}
    (trained, evaluated), _ = under("swap_activation", program, {"sites": ["1"]}, **settings)
    torch.testing.assert_close(evaluated, trained)
    (plain, same), _ = under("swap_activation", program, {"sites": ["elsewhere"]}, **settings)
    torch.testing.assert_close(same, plain)
    assert not torch.allclose(plain, trained)


def test_exponentials_of_what_is_trained_are_bent_in_evaluation_too() -> None:
    def program() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        torch.manual_seed(0)
        net = nn.Linear(2, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.0)

        def scale(x: torch.Tensor) -> torch.Tensor:
            return torch.exp(100 * net(x))

        out = scale(torch.ones(4, 2))
        out.sum().backward()
        optimizer.step()
        with torch.no_grad():
            return out.detach(), scale(torch.ones(4, 2)), torch.exp(torch.tensor([9.0]))

    (trained, evaluated, own), log = under("stabilize_loss", program, bound=2.0)
    assert torch.equal(trained, evaluated)
    assert bool((trained.log().abs() <= 2.0 + 1e-5).all())
    torch.testing.assert_close(own, torch.tensor([9.0]).exp())
    assert log == ["arguments of exp bent to stay within ± 2"]


def test_the_logarithm_of_a_share_of_nought_has_the_slope_of_log_softmax() -> None:
    def loss_of(way: str) -> torch.Tensor:
        x = torch.tensor([[300.0, 0.0, 0.0], [0.0, 1.0, 2.0]], requires_grad=True)
        by_hand = way == "by hand"
        out = torch.softmax(x, dim=-1).log() if by_hand else torch.log_softmax(x, -1)
        (gradient,) = torch.autograd.grad(out[:, 1].sum(), x)
        return torch.stack([out.detach(), gradient])

    got, log = under("stabilize_loss", lambda: loss_of("by hand"))
    torch.testing.assert_close(got, loss_of("at once"))
    assert log == ["logarithms of a softmax taken as log_softmax does"]

"""Whole small trainings, watched and judged: faults that only the graph shows, and healthy likes.

Each program is written as people write it; what is tested is the way from the running program to
the first finding. The suite in tests/programs holds long ones.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rectifier.doctor import diagnose
from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.watcher import Watcher

X = torch.randn(400, 8, generator=torch.Generator().manual_seed(1))
LABELS = X[:, :4].argmax(1)
STEPS = 60

FAULTS: dict[str, tuple[str, Callable[[], None]]] = {}
HEALTHY: dict[str, Callable[[], None]] = {}


def fault(rule: str):
    def keep(program: Callable[[], None]) -> Callable[[], None]:
        FAULTS[program.__name__] = rule, program
        return program

    return keep


def healthy(program: Callable[[], None]) -> Callable[[], None]:
    HEALTHY[program.__name__] = program
    return program


def fit(model, loss_of=None, parameters=None, lr: float = 0.1) -> None:
    optimizer = torch.optim.SGD(model.parameters() if parameters is None else parameters, lr=lr)
    for _ in range(STEPS):
        b = torch.randint(0, 400, (64,))
        out = model(X[b])
        loss = F.cross_entropy(out, LABELS[b]) if loss_of is None else loss_of(out, b)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def classifier(*more: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4), *more)


class Encoding(nn.Module):
    """An encoder, and something done to what it gives before the head."""

    def __init__(self, between: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16))
        self.head = nn.Linear(16, 4)
        self.between = between

    def forward(self, x):
        return self.head(self.between(self.encoder(x)))


@fault("frozen_parameters")
def detached() -> None:
    fit(Encoding(lambda z: F.relu(z).detach()))


@fault("frozen_parameters")
def through_plain_numbers() -> None:
    fit(Encoding(lambda z: torch.tensor(z.tolist())))


@fault("unsuitable_activation")
def hard_threshold() -> None:
    fit(Encoding(lambda z: (z > 0).float()))


@fault("unsuitable_activation")
def hard_sign() -> None:
    fit(Encoding(torch.sign))


@fault("frozen_parameters")
def layers_in_a_list() -> None:
    class Listed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = [nn.Linear(8, 32), nn.Linear(32, 32)]
            self.out = nn.Linear(32, 4)

        def forward(self, x):
            for layer in self.hidden:
                x = F.relu(layer(x))
            return self.out(x)

    fit(Listed())


@fault("frozen_parameters")
def critic_in_no_optimizer() -> None:
    maker, critic = nn.Linear(8, 8), nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    mine, yours = (torch.optim.Adam(maker.parameters(), 1e-3) for _ in range(2))
    for _ in range(STEPS):
        fake = maker(torch.randn(64, 8))
        loss = F.softplus(-critic(X[:64])).mean() + F.softplus(critic(fake.detach())).mean()
        yours.zero_grad()
        loss.backward()
        yours.step()
        mine.zero_grad()
        F.softplus(-critic(fake)).mean().backward()
        mine.step()


@fault("unsuitable_output_activation")
def log_likelihood_of_raw_outputs() -> None:
    fit(classifier(), lambda out, b: F.nll_loss(out, LABELS[b]), lr=0.01)


@fault("unsuitable_output_activation")
def sigmoid_then_its_own_loss() -> None:
    targets = (LABELS == 0).float()
    fit(
        classifier(nn.Linear(4, 1), nn.Sigmoid()),
        lambda out, b: F.binary_cross_entropy_with_logits(out.squeeze(1), targets[b]),
    )


@fault("unsuitable_output_activation")
def relu_before_a_signed_target() -> None:
    fit(classifier(nn.ReLU()), lambda out, b: ((out - X[b, :4]) ** 2).mean())


@fault("missing_activation")
def only_linear() -> None:
    fit(
        nn.Sequential(
            *(nn.Linear(8, 32), nn.Dropout(0.1), nn.Linear(32, 32), nn.BatchNorm1d(32)),
            nn.Linear(32, 4),
        )
    )


def second_derivatives(function: nn.Module) -> None:
    net = nn.Sequential(nn.Linear(1, 16), function, nn.Linear(16, 16), function, nn.Linear(16, 1))
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(STEPS):
        x = torch.rand(32, 1, requires_grad=True)
        first = torch.autograd.grad(net(x).sum(), x, create_graph=True)[0]
        second = torch.autograd.grad(first.sum(), x, create_graph=True)[0]
        loss = (second + torch.sin(math.pi * x)).square().mean() + net(0 * x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@fault("unsuitable_activation")
def second_derivatives_of_relu() -> None:
    second_derivatives(nn.ReLU())


@healthy
def second_derivatives_of_tanh() -> None:
    second_derivatives(nn.Tanh())


@healthy
def meta_learning_with_relu() -> None:
    weights = [nn.Parameter(torch.randn(20, 1)), nn.Parameter(torch.zeros(20))]
    weights += [nn.Parameter(torch.randn(1, 20) * 0.2), nn.Parameter(torch.zeros(1))]
    optimizer = torch.optim.Adam(weights, 1e-2)

    def call(held, x):
        return F.linear(F.relu(F.linear(x, held[0], held[1])), held[2], held[3])

    for _ in range(STEPS):
        x, phase = torch.rand(10, 1) * 6 - 3, torch.rand(1) * 3
        fast = weights
        for _ in range(2):
            loss = F.mse_loss(call(fast, x), torch.sin(x + phase))
            gradients = torch.autograd.grad(loss, fast, create_graph=True)
            fast = [w - 0.01 * g for w, g in zip(fast, gradients, strict=True)]
        optimizer.zero_grad()
        F.mse_loss(call(fast, x), torch.sin(x + phase)).backward()
        optimizer.step()


@healthy
def mutual_learning() -> None:
    one, other = classifier(), classifier()
    optimizer = torch.optim.SGD([*one.parameters(), *other.parameters()], lr=0.1)
    for _ in range(STEPS):
        b = torch.randint(0, 400, (64,))
        p, q = one(X[b]), other(X[b])
        loss = F.cross_entropy(p, LABELS[b]) + F.cross_entropy(q, LABELS[b])
        loss = loss + F.kl_div(p.log_softmax(1), q.softmax(1), reduction="batchmean")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@healthy
def codebook_updated_by_hand() -> None:
    encoder, decoder, book = nn.Linear(8, 4), nn.Linear(4, 8), nn.Embedding(16, 4)
    held = [p for module in (encoder, decoder, book) for p in module.parameters()]
    optimizer = torch.optim.Adam(held, 1e-3)
    for _ in range(STEPS):
        x = X[torch.randint(0, 400, (64,))]
        z = encoder(x)
        code = torch.cdist(z, book.weight).argmin(1)
        near = book(code).detach()
        loss = F.mse_loss(decoder(F.relu(z + (near - z).detach())), x) + F.mse_loss(z, near)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for k in code.unique():
                book.weight[k].lerp_(z[code == k].mean(0), 0.1)


@healthy
def head_on_a_loaded_body() -> None:
    body = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
    body.load_state_dict(copy.deepcopy(body.state_dict()))
    model = nn.Sequential(body, nn.Linear(32, 4))
    fit(model, parameters=model[1].parameters())


@healthy
def target_network_that_follows() -> None:
    online = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16))
    predictor, target = nn.Linear(16, 16), copy.deepcopy(online)
    optimizer = torch.optim.SGD([*online.parameters(), *predictor.parameters()], lr=0.1)
    for _ in range(STEPS):
        x = X[torch.randint(0, 400, (64,))]
        with torch.no_grad():
            goal = target(x + 0.1 * torch.randn_like(x))
        loss = 2 - 2 * F.cosine_similarity(predictor(F.relu(online(x))), goal).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for p, q in zip(target.parameters(), online.parameters(), strict=True):
                p.lerp_(q, 0.05)


class Adapted(nn.Module):
    """A frozen layer and a low-rank path beside it."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base, self.down = base, nn.Linear(base.in_features, 2, bias=False)
        self.up = nn.Linear(2, base.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.base(x) + self.up(self.down(x))


def adapt(first: bool) -> None:
    """Adapters come into a model that was trained before; the optimiser comes first, or after."""
    model = classifier()
    fit(model)
    model.requires_grad_(False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1) if first else None
    model[0] = Adapted(model[0])
    optimizer = optimizer or torch.optim.SGD(model[0].parameters(), lr=0.1)
    for _ in range(STEPS):
        b = torch.randint(0, 400, (64,))
        optimizer.zero_grad()
        F.cross_entropy(model(X[b].flip(1)), LABELS[b]).backward()
        optimizer.step()


@fault("frozen_parameters")
def adapters_made_after_the_optimizer() -> None:
    adapt(True)


@healthy
def adapters_made_before_it() -> None:
    adapt(False)


@fault("exploding_gradient")
def gradients_never_cleared() -> None:
    model = classifier()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(STEPS):
        b = torch.randint(0, 400, (64,))
        F.cross_entropy(model(X[b]), LABELS[b]).backward()
        optimizer.step()


@healthy
def gradients_accumulated_over_four_batches() -> None:
    model = classifier()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for k in range(4 * STEPS):
        b = torch.randint(0, 400, (64,))
        (F.cross_entropy(model(X[b]), LABELS[b]) / 4).backward()
        if k % 4 == 3:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)


@healthy
def attacked_before_the_gradients_are_cleared() -> None:
    """The backward pass of the attack meets what the step before left."""
    for to_none in (True, False):
        model = classifier()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(STEPS):
            b = torch.randint(0, 400, (64,))
            x = X[b].clone().requires_grad_()
            F.cross_entropy(model(x), LABELS[b]).backward()
            x = (x + 0.05 * x.grad.sign()).detach()
            optimizer.zero_grad(set_to_none=to_none)
            F.cross_entropy(model(x), LABELS[b]).backward()
            optimizer.step()


def judge(program: Callable[[], None]):
    watcher = Watcher(WatchOptions(every=1))
    torch.manual_seed(0)
    with Interception([watcher]) as interception:
        program()
    assert interception.notes == []
    return [f for f in diagnose(watcher.record()) if f.severity != "info"]


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_the_fault_comes_first(name: str) -> None:
    rule, program = FAULTS[name]
    assert judge(program)[0].rule == rule


@pytest.mark.parametrize("name", sorted(HEALTHY))
def test_the_like_is_not_accused(name: str) -> None:
    assert [f.cause for f in judge(HEALTHY[name])] == []

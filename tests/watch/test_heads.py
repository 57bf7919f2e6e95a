"""What the record says of the way from a loss to the output, read from autograd's graph."""

from __future__ import annotations

import pytest
import torch
from test_surroundings import train
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.doctor import diagnose
from rectifier.torch import wiring


def classes(*shape: int):
    return lambda: (torch.randn(*shape), torch.randint(0, 3, (shape[0], *shape[2:])))


@pytest.mark.parametrize(
    ("loss", "across", "width"),
    [
        (lambda p, y: F.nll_loss(F.log_softmax(p, 1), y), False, 3),
        (lambda p, y: F.nll_loss(F.log_softmax(p, -1), y), False, 3),
        (lambda p, y: F.nll_loss(F.log_softmax(p, 0), y), True, 30),
        (lambda p, y: F.nll_loss(torch.log(F.softmax(p, 0)), y), True, 30),
        (lambda p, y: F.nll_loss(torch.log(F.softmax(p, 1)), y), False, 3),
        (lambda p, y: -F.log_softmax(p, 0)[torch.arange(30), y].mean(), True, 30),
        (lambda p, y: -F.log_softmax(p, 1)[torch.arange(30), y].mean(), False, 3),
        (F.cross_entropy, False, 3),
        (lambda p, y: F.cross_entropy(p[0], y[0]), False, 3),  # a single example
    ],
)
def test_over_which_dimension_a_softmax_goes(loss, across, width) -> None:
    torch.manual_seed(0)
    (head,) = train(nn.Linear(4, 3), classes(30, 4), loss).circumstances.heads
    assert (head.across, head.width) == (across, width)


def test_a_policy_over_a_single_state_is_no_softmax_over_one_value() -> None:
    def loss(logits: Tensor, _: Tensor) -> Tensor:
        return -torch.distributions.Categorical(probs=logits.softmax(-1)).log_prob(torch.tensor(1))

    found = train(nn.Linear(4, 2), lambda: (torch.randn(4), torch.zeros(1)), loss).circumstances
    assert {head.width for head in found.heads} == {2}


@pytest.mark.parametrize("kind", ["relu", "clamp", "softplus"])
@pytest.mark.parametrize(("truth", "short"), [("within", 0.0), ("beyond", 0.87)])
def test_where_targets_lie_when_outputs_stand_at_their_bound(kind, truth, short) -> None:
    torch.manual_seed(0)
    scale = 40.0 if kind == "softplus" else 1.0
    squash = {
        "relu": F.relu,
        "clamp": lambda t: t.clamp(min=0),
        "softplus": lambda t: F.softplus(t, beta=scale),
    }[kind]
    layer = nn.Linear(1, 1)
    nn.init.ones_(layer.weight)
    nn.init.zeros_(layer.bias)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Tensor) -> Tensor:
            return squash(self.layer(x))

    def data() -> tuple[Tensor, Tensor]:
        x = torch.rand(4000, 1) * 2 - 1
        noise = 0.5 * torch.randn_like(x)
        return x, x if truth == "beyond" else x.relu() + noise

    (head,) = train(Net(), data, F.mse_loss).circumstances.heads
    assert head.held == pytest.approx(0.5, abs=0.05)
    assert head.short == pytest.approx(short, abs=0.06)
    assert head.output_low >= 0
    # of x the half below nought, a third of one squared; of noise half of its square, and half of
    # the half whose truth is above by nothing to a few of its own spreads
    low, high = (0.15, 0.18) if truth == "beyond" else (0.06, 0.125)
    assert low <= head.excess <= high


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_a_recurrent_layer_that_is_the_output(kind) -> None:
    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = kind(2, 1, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.lstm(x)[0][:, -1]

    found = train(Net(), lambda: (torch.randn(16, 5, 2), torch.full((16, 1), 4.0)), F.mse_loss)
    (finding, *_) = diagnose(found, ["unsuitable_output_activation"])
    assert (finding.layer, finding.severity) == ("lstm", "error")
    assert "a recurrent layer (-1 to 1)" in finding.cause


@pytest.mark.parametrize(
    ("last", "labels", "low", "high", "outside"),
    [
        (nn.Sigmoid(), [[0.0, 1.0, 1.0]], 0.0, 1.0, None),
        (nn.Softmax(1), [[0.0, 1.0, 1.0]], 0.0, 1.0, 1.0),  # two hold at once
        (nn.Softmax(1), [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]], 0.0, 1.0, 0.5),
        (None, [[-1.0, 1.0, 1.0]], -1.0, 1.0, None),
    ],
)
def test_the_targets_of_a_binary_cross_entropy(last, labels, low, high, outside) -> None:
    torch.manual_seed(0)
    y = torch.tensor(labels)
    model = nn.Sequential(nn.Linear(4, 3), *([last] if last is not None else []))
    loss = F.binary_cross_entropy_with_logits if last is None else F.binary_cross_entropy
    (head,) = train(model, lambda: (torch.randn(len(y), 4), y), loss).circumstances.heads
    assert (head.target_low, head.target_high) == (low, high)
    assert head.outside == outside or outside is None


@pytest.mark.parametrize(
    ("labels", "outside"),
    [
        ([[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]], 0.5),
        ([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5]], 0.0),
        ([[0.0, 1.0, 5.0], [0.0, 0.0, 0.0]], 1.0),
    ],
)
@pytest.mark.parametrize("loss", [F.mse_loss, lambda p, y: (p - y).abs().mean()])
def test_rows_of_targets_that_no_softmax_reaches(loss, labels, outside) -> None:
    torch.manual_seed(0)
    y = torch.tensor(labels)
    model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))
    (head,) = train(model, lambda: (torch.randn(len(y), 4), y), loss).circumstances.heads
    assert head.outside == outside


@pytest.mark.parametrize(
    ("bias", "targets", "mute"),
    [
        ((1.0, -9.0), (1.0, 1.0), 0.5),
        ((1.0, 1.0), (1.0, 1.0), 0.0),
        ((1.0, -9.0), (1.0, 0.0), 0.0),  # nought is what is wanted there
        ((-9.0, -9.0), (1.0, 2.0), 1.0),
    ],
)
def test_columns_of_a_rectified_output_that_stay_at_nought(bias, targets, mute) -> None:
    last = nn.Linear(3, 2)
    last.bias.data = torch.tensor(bias)
    last.weight.data.mul_(0.1)
    given = torch.relu(last(torch.ones(16, 3)))
    found = wiring.read(nn.functional.mse_loss(given, torch.tensor(targets).expand(16, 2)))
    assert found is not None
    (head,) = found.heads
    assert head.facts["mute"] == mute

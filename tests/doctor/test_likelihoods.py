"""Outputs that a likelihood's logarithm or exponential cannot stand: on records, and at work."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from at_work import under
from doctor_records import falling, record, training
from torch import nn

from rectifier.doctor.rules.unsuitable_output_activation import RULE
from rectifier.watch.record import Circumstances, Head

STILL = training(loss=32.0)
HALFWAY = training(loss=falling(1.0, 0.6))
WELL = training(loss=falling(1.0, 0.3))


def told(chain, trained=STILL, **facts):
    head = Head(chain, "out", **facts)
    return RULE.check(record(trained=trained, circumstances=Circumstances(heads=(head,))))


@pytest.mark.parametrize(
    ("chain", "low", "high", "setting"),
    [
        (("mean", "sub*", "exp", "squeeze", "softplus", "addmm"), 1.0, 80.0, "rate"),
        (("mean", "add", "mul", "exp", "softplus", "addmm"), 1.2, 3.0, "regression"),
        (("mean", "exp", "neg", "softplus", "addmm"), 0.1, 1.0, None),  # a decay
        (("mean", "exp", "addmm"), 0.1, 5.0, None),
    ],
)
def test_an_exponential_of_what_is_never_negative(chain, low, high, setting) -> None:
    found = told(chain, output_low=low, output_high=high)
    assert [f.severity for f in found] == ([] if setting is None else ["warning"])
    if setting is not None:
        assert found[0].remedies[0].settings[setting]


BY_HAND = ("binary_cross_entropy", "threshold", "neg", "threshold", "neg", "add", "mul", "addmm")


@pytest.mark.parametrize(
    ("chain", "trained", "severity"),
    [
        (BY_HAND, STILL, "error"),
        (("binary_cross_entropy", "view", "hardsigmoid", "addmm"), STILL, "error"),
        (("binary_cross_entropy", "clamp", "addmm"), HALFWAY, "warning"),
        (BY_HAND, WELL, None),  # borderline: it learnt all the same
        (("binary_cross_entropy", "clamp", "sigmoid", "addmm"), STILL, None),  # a guard
        (("binary_cross_entropy", "sigmoid", "clamp", "addmm"), STILL, None),  # of logits
        (("mse_loss", "clamp", "addmm"), STILL, None),
    ],
)
def test_probabilities_cut_off_at_nought_and_one(chain, trained, severity) -> None:
    found = told(chain, trained)
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if severity is not None:
        assert found[0].remedies[0].settings["hard"]


X = torch.randn(96, 6, generator=torch.Generator().manual_seed(1))
Y = (X[:, :2] > 0).float()


class Sure(nn.Module):
    """A classifier that starts sure and wrong, behind a probability."""

    def __init__(self, probability) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.out, self.probability = nn.Linear(6, 2), probability
        nn.init.normal_(self.out.weight, std=8.0)

    def forward(self, x):
        return self.probability(self.out(x))


def fit(model, loss_of, steps=60):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.5)
    for _ in range(steps):
        loss = loss_of(model(X))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def right(model) -> float:
    return ((model(X) > 0.5) == (Y > 0.5)).double().mean().item()


def test_a_sigmoid_for_the_loss_alone() -> None:
    def program():
        return fit(Sure(F.hardsigmoid), lambda p: F.binary_cross_entropy(p, Y))

    model, log = under("remove_output_activation", program, {"layer": "out"}, hard=True)
    assert right(model) > 0.95 > 0.9 > right(program())
    assert log == ["binary_cross_entropy is given the sigmoid of what out gave"]
    assert float(model(X).detach().max()) == 1.0  # the model's own output stays


def test_a_probability_that_is_no_function_of_the_last_layer_stays() -> None:
    def program():
        return fit(Sure(lambda z: F.hardsigmoid(-z)), lambda p: F.binary_cross_entropy(p, Y), 3)

    _, log = under("remove_output_activation", program, {"layer": "out"}, hard=True)
    assert log == []


def test_a_rate_is_taken_as_a_rate() -> None:
    counts = torch.poisson(2 + 3 * Y[:, :1], generator=torch.Generator().manual_seed(2))

    def program():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 1), nn.Softplus())
        return fit(model, lambda out: nn.PoissonNLLLoss()(out, counts), 200)

    model, log = under("remove_output_activation", program, {"layer": "0"}, rate=True)
    assert model(X).detach().mean() == pytest.approx(counts.mean().item(), rel=0.05)
    assert program()(X).detach().mean() < 0.6 * counts.mean()  # the logarithm, where nobody says so
    assert log == ["poisson_nll_loss with log_input=False"]

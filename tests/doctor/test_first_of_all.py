"""What comes before the remedies of the findings: slips that the record itself tells."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from at_work import under
from doctor_records import layer, record, site, training
from torch import Tensor, nn

from rectifier.doctor import in_turn
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.first_of_all import is_stack
from rectifier.doctor.remedies import names
from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record.circumstances import Circumstances, OptimizerFacts
from rectifier.watch.watcher import Watcher

X = torch.randn(64, 6, generator=torch.Generator().manual_seed(0))
Y = (X[:, :1] * X[:, 1:2] > 0).float()

LOSSES = {
    "logits": lambda x, y: nn.BCEWithLogitsLoss()(x, y),
    "by name": lambda x, y: nn.functional.binary_cross_entropy_with_logits(input=x, target=y),
}


def train(target: Tensor, loss_of) -> Tensor:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(40):
        loss = loss_of(model(X), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.detach()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(("low", "high"), [(0.0, 255.0), (-1.0, 1.0), (1.0, 2.0)])
def test_the_loss_is_given_targets_from_0_to_1(name: str, low: float, high: float) -> None:
    raw, loss_of = Y * (high - low) + low, LOSSES[name]
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher]):
        train(raw, loss_of)
    cause = Finding("unsuitable_output_activation", "error", "It is so.")
    found = in_turn.treatments([cause], names(), watcher.record())[0][0]
    assert found.settings == {"target_low": low, "target_high": high}
    got, log = under(found.action, lambda: train(raw, loss_of), **found.settings)
    torch.testing.assert_close(got, train(Y, loss_of))
    assert log == [
        f"targets of binary_cross_entropy_with_logits: less {low:g}, over {high - low:g}"
    ]


def first(rule: str, decay: float) -> dict[str, object]:
    optimizer = OptimizerFacts("AdamW", 2e-3, decay=decay, apart=True, steps=300)
    known = record(
        site("fc1"),
        layers=(layer("fc1"),),
        trained=training(loss=2.3),
        circumstances=Circumstances(optimizers=(optimizer,)),
    )
    slower = Remedy("lower_learning_rate", "", {"from": 0.1, "to": 0.01})
    found = [Finding(rule, "error", "It is so.", remedies=(slower,))]
    return dict(in_turn.treatments(found, names(), known)[0][0].settings)


def test_a_decay_that_takes_the_weights_away_is_mended_before_what_it_brought_about() -> None:
    assert first("dying_relu", 50.0) == {"decay": True}
    assert "decay" not in first("dying_relu", 0.1)
    assert "decay" not in first("frozen_parameters", 50.0)


def test_a_stack_has_blocks_of_several_layers_each() -> None:
    def known(*stems: str):
        return record(*[], layers=tuple(layer(stem) for stem in stems))

    blocks = [f"net.blocks.{i}.{name}" for i in range(8) for name in ("across.0", "within")]
    assert is_stack(known("patch", *blocks, "head"), 6)
    assert not is_stack(known("patch", *blocks[:8], "head"), 6)
    assert not is_stack(known(*(f"net.{i}" for i in range(12))), 6)
    assert not is_stack(known(*(f"net.{i}.linear" for i in range(12))), 6)


def test_a_stack_whose_gradient_vanishes_gets_a_way_around_each_block() -> None:
    blocks = [f"blocks.{i}.{name}" for i in range(8) for name in ("0", "2")]
    anew = Remedy("reinitialize", "", {"scheme": "he_normal"})

    def actions(rule: str, *stems: str) -> list[str]:
        known = record(
            site("fc1"), layers=tuple(layer(s) for s in stems), trained=training(loss=2.3)
        )
        found = [Finding(rule, "error", "It is so.", remedies=(anew,))]
        return [r.action for r in in_turn.treatments(found, names(), known)[0]][:2]

    assert actions("vanishing_gradient", *blocks) == ["reinitialize", "add_residual"]
    assert "add_residual" not in actions("poor_initialization", *blocks)
    assert "add_residual" not in actions("vanishing_gradient", "fc1", "fc2")


def of_silent(units: int, bias: object, cause: str = "born_dead"):
    """Treatments where an output is unsuitable, or nothing but a hidden layer is silent."""
    start = np.broadcast_to(np.asarray(bias, dtype=float), (units,))
    hidden = site("act", layer="fc1", units=units)
    hidden = dataclasses.replace(hidden, unit=dataclasses.replace(hidden.unit, bias_start=start))
    where = {"sites": ["act"], "layers": ["fc1"]}
    drawn = Remedy("reinitialize", "", {"scheme": "he_normal"}, {})
    leaky = Remedy("swap_activation", "", {"from": "relu", "to": "leaky_relu"}, where)
    silent = Finding(
        "born_dead",
        "error",
        "It is so.",
        layer="fc1",
        evidence={"dead": 1.0},
        remedies=(drawn, leaky),
        consequence_of="" if cause == "born_dead" else cause,
    )
    freed = Remedy("remove_output_activation", "", {"function": "relu"}, {"layer": "out"})
    first = Finding(cause, "error", "It is so.", layer="out", remedies=(freed,))
    found = [silent] if cause == "born_dead" else [first, silent]
    return in_turn.treatments(found, names(), record(hidden, trained=training(loss=2.3)))


@pytest.mark.parametrize(("units", "wakes"), [(1, "swap_activation"), (64, "reinitialize")])
def test_a_layer_that_never_gave_anything_is_no_consequence_of_the_output(units, wakes) -> None:
    first = of_silent(units, 0.0, "unsuitable_output_activation")[0]
    assert [r.action for r in first[:2]] == ["remove_output_activation", wakes]
    other = of_silent(units, 0.0, "learning_rate_too_high")[0]
    assert wakes not in [remedy.action for remedy in other]


def test_a_constant_typed_for_biases_is_taken_back_before_weights_are_drawn() -> None:
    first, second = of_silent(8, -3.0)[:2]
    assert first[0].settings == {"biases": True}
    assert second[0].settings == {"scheme": "he_normal"}
    drawn = of_silent(8, -3.0 + 0.1 * np.arange(8))[0]
    assert drawn[0].settings == {"scheme": "he_normal"}


class Encoder(nn.Module):
    """A layer whose biases silence it, as torch's own or as bare parameters."""

    def __init__(self, bare: bool) -> None:
        super().__init__()
        self.bare = bare
        self.first, self.last = nn.Linear(6, 16), nn.Linear(16, 1)
        nn.init.constant_(self.first.bias, -9.0)
        self.w = nn.Parameter(self.first.weight.detach().t().clone())
        self.b = nn.Parameter(self.first.bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.relu(x @ self.w + self.b if self.bare else self.first(x)))


@pytest.mark.parametrize("bare", [False, True])
def test_biases_start_at_nought_and_weights_stay(bare: bool) -> None:
    def program() -> tuple[Tensor, Encoder]:
        torch.manual_seed(0)
        model = Encoder(bare)
        before = model.first.weight.detach().clone()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        for _ in range(2):
            optimizer.zero_grad()
            model(X).mean().backward()
            optimizer.step()
        return before, model

    with Interception([watcher := Watcher(WatchOptions(every=1))]):
        program()
    (name,) = [s.site for s in watcher.record().sites]
    (before, model), log = under("reinitialize", program, {"sites": [name]}, biases=True)
    weight, bias = (model.w.t(), model.b) if bare else (model.first.weight, model.first.bias)
    assert torch.equal(before, weight)
    assert not bool(bias.any())
    assert bool(model.last.bias.any())
    assert len(log) == 1

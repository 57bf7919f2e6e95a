"""What comes before the remedies of the findings: slips that the record itself tells."""

from __future__ import annotations

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

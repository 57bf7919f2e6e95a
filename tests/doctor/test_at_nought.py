"""Matrices that are frozen while they are zero: sick, healthy and borderline, and the cure."""

from __future__ import annotations

import pytest
import torch
from at_work import under
from doctor_records import falling, layer, told, training, weight
from torch import nn

from rectifier.doctor.rules import frozen_parameters
from rectifier.watch.options import WatchOptions
from rectifier.watch.script import run_script

FROZEN = {"trainable": False, "held": False, "steps": 0, "reached": 0, "moved": float("nan")}


def frozen(norm=0.0, end=1.0, kind="Linear", **facts):
    up = weight("adapter.up.weight", zero_start=True, std=0.0, **{**FROZEN, **facts})
    down = weight("adapter.down.weight", **FROZEN)
    beside = layer("adapter.up", weight_norm=norm)
    object.__setattr__(beside, "kind", kind)
    found = told(
        frozen_parameters,
        parameters=(weight(), weight("base.weight", **FROZEN), down, up),
        layers=(layer("fc1"), beside),
        trained=training(loss=falling(2.3, end)),
    )
    return [item for item in found if item.evidence.get("matrices")]


def test_a_low_rank_branch_that_is_frozen_before_its_first_step() -> None:
    (finding,) = frozen()
    assert (finding.severity, finding.layer) == ("warning", "adapter.up")
    assert finding.remedies[0].settings == {"how": "thaw"}
    assert set(finding.remedies[0].scope["layers"]) == {"adapter.up", "adapter.down"}


@pytest.mark.parametrize(
    "other",
    [
        {"norm": 1.0},  # it got values without a step: a moving mean
        {"end": 0.2},  # nothing is missed
        {"trainable": True, "held": True, "steps": 9, "moved": 0.5, "reached": 9},
        {"loaded": True},
        {"ran": False},
        {"fan_in": 0},
        {"kind": "Embedding"},
    ],
)
def test_what_is_not_told(other) -> None:
    assert frozen(**other) == []


def test_it_begins_above_a_fifth_of_the_loss() -> None:
    assert len(frozen(end=0.55)) == 1


class Adapted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.base, self.head = nn.Linear(6, 6), nn.Linear(6, 2)
        self.down, self.up = nn.Linear(6, 2, bias=False), nn.Linear(2, 6, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.base(x) + self.up(self.down(x))))


def fit(steps: int) -> Adapted:
    torch.manual_seed(0)
    model = Adapted()
    model.requires_grad_(False)
    model.head.requires_grad_(True)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.5)
    x = torch.randn(32, 6)
    for _ in range(steps):
        loss = (model(x) - x[:, :2]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def test_thawed_layers_learn_and_others_do_not() -> None:
    before = fit(0).base.weight.clone()
    scope = {"layers": ["up", "down"]}
    model, log = under("add_to_optimizer", lambda: fit(6), scope, how="thaw")
    assert model.up.weight.abs().sum() > 0
    assert torch.equal(model.base.weight, before)
    assert any("'up'" in line or "up" in line for line in log)
    assert fit(6).up.weight.abs().sum() == 0


class Branch(nn.Module):
    """A low-rank branch with both matrices its own, as most are written."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.base = base
        self.a = nn.Parameter(torch.randn(2, 6))
        self.b = nn.Parameter(torch.zeros(6, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low = nn.functional.linear(nn.functional.linear(x, self.a), self.b)
        return self.base(x) + low


SCRIPT = """
import torch
from torch import nn

from test_at_nought import Branch

torch.manual_seed(0)
base = nn.Linear(6, 6)
base.load_state_dict(nn.Linear(6, 6).state_dict())
model = nn.Sequential(Branch(base), nn.ReLU(), nn.Linear(6, 2))
model.requires_grad_(False)
model[2].requires_grad_(True)
model[0].b.requires_grad_({learns})
optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.05)
for _ in range(40):
    x = torch.randn(32, 6)
    loss = (model(x) - 3 * x[:, :2] * x[:, 2:4]).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize("learns", [False, True])
def test_matrices_that_a_module_holds_itself_are_seen_though_frozen(learns, tmp_path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(learns=learns), encoding="utf-8")
    run = run_script(str(script), options=WatchOptions(every=1))
    found = [f for f in frozen_parameters.RULE.check(run.record) if f.evidence.get("matrices")]
    assert [f.layer for f in found] == [] if learns else ["0.b"]
    if found:
        assert "0.a" in found[0].remedies[0].scope["layers"]

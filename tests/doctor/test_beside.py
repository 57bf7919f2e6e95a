"""What a rerun takes on beside its treatment."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from doctor_records import record, site, training
from torch import nn

from rectifier.doctor import falling_back
from rectifier.doctor.beside import beside, stands
from rectifier.doctor.falling_back import FallingBack
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.remedies import names
from rectifier.torch.sites import Interception

X = torch.randn(128, 8, generator=torch.Generator().manual_seed(1))
Y = X[:, :4].argmax(1)
FASTER = Remedy("raise_learning_rate", "", {"from": 1e-7, "to": 0.3}, {})
SLOPED = Remedy("swap_activation", "", {"from": "relu", "to": "leaky_relu"}, {"sites": ["1"]})
ANEW = Remedy("reinitialize", "", {"scheme": "he_normal"}, {})
SILENT = Finding(
    "born_dead", "error", "All are silent.", evidence={"dead": 1.0}, remedies=(SLOPED,)
)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0] * 60, True),
        ([1.0 - 0.01 * i for i in range(60)], False),  # falls
        ([1.0] * 5 + [0.3] * 55, False),  # far from its start
        ([-1.0] * 60, False),  # tells nothing
    ],
)
def test_where_a_loss_stands(losses: list[float], expected: bool) -> None:
    assert stands(losses, 40) is expected


def found(finding: Finding, *, still: bool = True, sick: tuple[str, ...] = ("born_dead",)):
    known = record(site("fc1"), trained=training(loss=2.3))
    got = beside((FASTER,), [finding], sick, names(), known, still=still)
    return None if got is None else [remedy.action for remedy in got[1]]


def test_what_is_found_beside_is_joined_without_rates() -> None:
    joined = found(SILENT)
    assert joined is not None
    assert joined == ["raise_learning_rate", "swap_activation"]
    slower = Remedy("lower_learning_rate", "", {"from": 0.1, "to": 0.01})
    hot = Finding("learning_rate_too_high", "error", "It is so.", remedies=(slower,))
    assert found(hot) is None


def test_a_loss_that_falls_is_let_be_unless_nothing_else_can_mend_it() -> None:
    assert found(SILENT, still=False) is not None
    some = Finding("born_dead", "error", "Some.", evidence={"dead": 0.6}, remedies=(SLOPED,))
    assert found(some, still=False) is None
    assert found(some) is not None


def test_a_warning_that_the_sick_run_did_not_have_is_thin_evidence() -> None:
    warning = Finding("dying_relu", "warning", "It is so.", remedies=(SLOPED,))
    assert found(warning) is None
    assert found(warning, sick=("dying_relu",)) is not None


def train(steps: int = 400) -> float:
    """Its hidden units are all silent from the start."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
    nn.init.constant_(model[0].bias, -30.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-7, momentum=0.9)
    for _ in range(steps):
        loss = F.cross_entropy(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def rerun(monkeypatch: pytest.MonkeyPatch, finding: Finding, **more: object):
    known = record(site("fc1"), trained=training(loss=2.3))
    monkeypatch.setattr(falling_back, "measuring", lambda interception: lambda: known)
    monkeypatch.setattr(falling_back, "diagnose", lambda record: [finding])
    back = FallingBack([[FASTER]], [1.4] * 400, rules=("born_dead",), **more)  # type: ignore[arg-type]
    with Interception([back, *back.actions]) as interception:
        end = train()
    assert interception.notes == []
    return back, end


def test_what_hides_behind_the_first_cause_is_mended_in_the_same_rerun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = Finding("born_dead", "error", "It is.", evidence={"dead": 1.0}, remedies=(ANEW,))
    back, end = rerun(monkeypatch, silent, certain=True)
    assert end < 0.3
    assert [r.action for r in back.treatments[back.place]] == [
        "raise_learning_rate",
        "reinitialize",
    ]
    assert any("reinitialize as well" in line for line in back.log)


def test_what_made_it_worse_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps a million times too large, which the whole finding is but a pretext for."""
    bursting = Remedy("clip_gradients", "", {"max_norm": 1e-9}, {})
    silent = Finding("born_dead", "error", "It is.", evidence={"dead": 1.0}, remedies=(bursting,))
    monkeypatch.setattr(falling_back.FallingBack, "_is_worse_joined", lambda self: True)
    back, _ = rerun(monkeypatch, silent, certain=True)
    assert back.place == 0
    assert any("clip_gradients made it worse" in line for line in back.log)

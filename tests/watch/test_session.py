"""``with rt.watch(model, optimizer) as session``."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
import torch
from torch import nn

import rectifier.session
import rectifier.torch as rt
import rectifier.torch.sites
import rectifier.torch.swap
from rectifier.errors import InvalidInputError


def test_a_session_records_diagnoses_and_reports(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    other = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    with torch.no_grad():
        model[0].bias.fill_(-100.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    stranger = torch.optim.SGD(other.parameters(), lr=0.01)
    with rt.watch(model, optimizer, every=1) as session:
        for _ in range(30):
            loss = model(torch.randn(100, 4)).square().mean() + other(torch.randn(9, 4)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            stranger.step()
        assert session.record.steps == 30
    record = session.record
    assert [(site.site, site.dead) for site in record.sites] == [("1", 1.0)]
    assert record.notes == ()
    assert next(finding.rule for finding in session.diagnose()) == "born_dead"
    session.report(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8").lstrip().startswith("<!")


@pytest.mark.parametrize(
    ("model", "optimizer"),
    [(None, None), ([], None), (nn.Linear(1, 1), "sgd"), (nn.Linear(1, 1), nn.Linear(1, 1))],
)
def test_what_is_no_model_or_optimizer(model: object, optimizer: object) -> None:
    with pytest.raises(InvalidInputError, match="got"):
        rt.watch(model, optimizer)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "module",
    [rectifier.session, rectifier.torch.sites, rectifier.torch.swap],
    ids=lambda m: m.__name__,
)
def test_examples(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0

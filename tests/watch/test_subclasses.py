"""Networks whose tensors are of a class of the program's own, as MONAI's and fastai's are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rectifier.torch as rt
from rectifier.torch.memory import bare
from rectifier.watch.record import Record


class Carrying(Tensor):
    """Carries something along, and stays what it is through every operation."""


class Handling(Tensor):
    """Does so in a method of its own."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return super().__torch_function__(func, types, args, kwargs or {})


class Elsewhere(Tensor):
    """Answers torch's dispatcher itself: has no numbers of its own."""

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise AssertionError("looked at")


def trained(kind: type[Tensor]) -> Record:
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.PReLU(), nn.Linear(8, 1))
    )
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    x = torch.randn(32, 4).as_subclass(kind)
    with rt.watch(model, optimizer) as session:
        for _ in range(120):  # close looks and brief ones
            loss = (model(x) - 1).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return session.record


@pytest.mark.parametrize("kind", [Carrying, Handling])
def test_they_are_seen_as_any_other(kind: type[Tensor]) -> None:
    plain, own = trained(Tensor), trained(kind)
    assert [s.site for s in own.sites] == [s.site for s in plain.sites] == ["1", "3"]
    for one, other in zip(plain.sites, own.sites, strict=True):
        assert one.unit.seen == other.unit.seen
        assert np.array_equal(one.unit.active, other.unit.active)
        assert np.array_equal(one.unit.nonzero_gradient_recent, other.unit.nonzero_gradient_recent)
    for name in ("loss", "input_mean", "input_std", "gradient_norm"):
        series = getattr(plain.training, name), getattr(own.training, name)
        np.testing.assert_allclose(*series, rtol=1e-6)
    assert own.notes == plain.notes


def test_what_keeps_its_numbers_elsewhere_is_left_alone() -> None:
    assert bare(torch.ones(2).as_subclass(Elsewhere)) is None


def test_the_numbers_are_shared_and_of_torchs_own_class() -> None:
    given = torch.ones(3).as_subclass(Carrying)
    found = bare(given)
    assert type(found) is Tensor
    assert found.data_ptr() == given.data_ptr()
    plain = torch.ones(3)
    assert bare(plain) is plain


def test_what_has_no_numbers_yet_stops_nothing() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    shapes = nn.Sequential(nn.Linear(4, 8, device="meta"), nn.ReLU())
    assert bare(torch.empty(2, device="meta")) is None
    with rt.watch(model, optimizer) as session:
        for _ in range(20):
            assert shapes(torch.empty(2, 4, device="meta")).shape == (2, 8)
            loss = (model(torch.randn(32, 4)) - 1).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert session.record.steps == 20
    assert not [note for note in session.record.notes if "detached" in note]

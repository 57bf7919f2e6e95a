"""Autoencoders of data far off centre: their output starts at the mean."""

from __future__ import annotations

import pytest
import torch
from at_work import under
from torch import Tensor, nn

from rectifier.doctor import in_turn
from rectifier.doctor.finding import Finding
from rectifier.doctor.remedies import names
from rectifier.doctor.rules.unnormalized_input import scaled
from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.watcher import Watcher

SPREAD = torch.randn(128, 12, generator=torch.Generator().manual_seed(3))
MEAN = 9.0 * torch.randn(12, generator=torch.Generator().manual_seed(4))
FAR = SPREAD + MEAN


class Dictionary(nn.Module):
    """Sparse features of bare tensors; the output's bias is taken off the data, or is not."""

    def __init__(self, off: bool, start: Tensor) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.off = off
        self.into, self.out = (nn.Parameter(torch.randn(s) / 4) for s in ((12, 24), (24, 12)))
        self.threshold = nn.Parameter(torch.zeros(24))
        self.middle = nn.Parameter(start.clone())

    def forward(self, x: Tensor) -> Tensor:
        x = x - self.middle if self.off else x
        return torch.relu(x @ self.into + self.threshold) @ self.out + self.middle


class Layers(nn.Module):
    """The same of layers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.into, self.out = nn.Linear(12, 24), nn.Linear(24, 12)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.relu(self.into(x)))


def train(model: nn.Module, data: Tensor = FAR, target: Tensor | None = None) -> Tensor:
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(20):
        loss = (model(data) - (data if target is None else target)).pow(2).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.detach()


def watched(program) -> Record:
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher]):
        program()
    return watcher.record()


def first(record: Record):
    feed = record.circumstances.feeds[0]
    found = [Finding("unnormalized_input", "error", "It is.", remedies=scaled(feed))]
    return in_turn.treatments(found, names(), record)[0][0]


@pytest.mark.parametrize("off", [True, False])
def test_a_dictionary_of_data_off_centre_learns_as_one_that_starts_there(off: bool) -> None:
    zero = torch.zeros(12)
    remedy = first(watched(lambda: train(Dictionary(off, zero))))
    assert remedy.action == "normalize_input"
    assert remedy.settings["how"] == "centre"
    assert remedy.scope["parameters"] == ["middle"]
    settings = {**remedy.settings, "mean": MEAN.tolist()}
    got, log = under(
        "normalize_input", lambda: train(Dictionary(off, zero)), remedy.scope, **settings
    )
    torch.testing.assert_close(
        got, train(Dictionary(True, MEAN)) if off else centred(), rtol=1e-4, atol=1e-4
    )
    assert log[0] == "middle of Dictionary starts at the mean of the data"
    assert (len(log) == 1) is off


def centred() -> Tensor:
    """What a dictionary whose data are centred by hand comes to."""
    model = Dictionary(False, MEAN)
    plain = model.forward
    model.forward = lambda x: plain(x - MEAN)  # type: ignore[method-assign]
    return train(model)


def test_layers_of_torch_are_centred_by_their_last_bias() -> None:
    remedy = first(watched(lambda: train(Layers())))
    assert remedy.scope["parameters"] == ["out.bias"]
    got, log = under("normalize_input", lambda: train(Layers()), remedy.scope, **remedy.settings)
    assert got < 0.1 * train(Layers())
    assert log == [
        "out.bias of Layers starts at the mean of the data",
        "12 features normalised before into",
        "the mean of the data is taken off before the first layer",
    ]


def test_what_is_predicted_and_data_about_nought_are_no_matter_of_it() -> None:
    elsewhere = 0.01 * SPREAD.flip(1)
    record = watched(lambda: train(Layers(), FAR, elsewhere))
    assert first(record).settings.get("how") is None
    assert first(watched(lambda: train(Layers(), SPREAD + 1))).settings.get("how") is None

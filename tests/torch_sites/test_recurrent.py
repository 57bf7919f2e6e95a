"""Gates inside recurrent layers, against a step-by-step computation with cells."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rectifier.torch.sites import Interception, Observer, Site
from rectifier.watch.options import WatchOptions
from rectifier.watch.watcher import Watcher


class Kept(Observer):
    def __init__(self) -> None:
        self.seen: dict[str, tuple[Tensor, Tensor]] = {}

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        assert site.name not in self.seen
        self.seen[site.name] = input, output


def by_cells(module: Any, x: Tensor, h: Tensor, c: Tensor) -> dict[str, Tensor]:
    """Outputs of the gates of the first layer, by the textbook, one step after the other."""
    w_ih, w_hh, b_ih, b_hh = module.all_weights[0]
    found: dict[str, list[Tensor]] = {}
    for at in x:
        a, b = at @ w_ih.T + b_ih, h @ w_hh.T + b_hh
        if module.mode == "LSTM":
            i, f, g, o = (a + b).chunk(4, -1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            now = {"sigmoid": torch.cat([i, f, o], -1).sigmoid(), "tanh": g.tanh()}
            now["cell.tanh"] = c.tanh()
        elif module.mode == "GRU":
            (rx, zx, nx), (rh, zh, nh) = a.chunk(3, -1), b.chunk(3, -1)
            r, z = (rx + rh).sigmoid(), (zx + zh).sigmoid()
            n = (nx + r * nh).tanh()
            h = (1 - z) * n + z * h
            now = {"sigmoid": torch.cat([r, z], -1), "tanh": n}
        else:
            h = (a + b).relu() if module.mode == "RNN_RELU" else (a + b).tanh()
            now = {module.nonlinearity: h}
        for name, value in now.items():
            found.setdefault(name, []).append(value)
    return {name: torch.stack(values) for name, values in found.items()}


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(
    "kind", [nn.LSTM, nn.GRU, nn.RNN, lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k)]
)
def test_gates_of_layers_over_sequences(kind: Any, layers: int) -> None:
    torch.manual_seed(0)
    module = kind(3, 4, num_layers=layers, bidirectional=layers == 2)
    x = torch.randn(6, 5, 3)
    kept = Kept()
    with Interception([kept]):
        module(x)
    zeros = torch.zeros(5, 4)
    expected = by_cells(module, x, zeros, zeros)
    for name, value in expected.items():
        torch.testing.assert_close(kept.seen[f"l0.{name}"][1], value, rtol=1e-5, atol=1e-6)
    assert len(kept.seen) == len(expected) * layers * (2 if layers == 2 else 1)


@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
def test_cells_give_what_they_gave(cell: Any) -> None:
    torch.manual_seed(0)
    module = cell(3, 4)
    x = torch.randn(5, 3)
    kept = Kept()
    with Interception([kept]):
        result = module(x)
    if cell is nn.RNNCell:
        torch.testing.assert_close(kept.seen["tanh"][1], result)
    elif cell is nn.LSTMCell:
        hidden, state = result
        output_gate = kept.seen["sigmoid"][1][:, 8:]
        torch.testing.assert_close(kept.seen["cell.tanh"][1], state.tanh())
        torch.testing.assert_close(output_gate * state.tanh(), hidden)
    else:
        update = kept.seen["sigmoid"][1][:, 4:]
        torch.testing.assert_close((1 - update) * kept.seen["tanh"][1], result)


def test_batch_first_without_a_batch_and_a_training_with_dropout() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(3, 4, 2, nonlinearity="relu", batch_first=True, dropout=0.5)
            self.out = nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.rnn(x)[0][:, -1])

    model = Net()
    with torch.no_grad():
        model.rnn.bias_ih_l0[2] = -30.0
    watcher = Watcher(WatchOptions(every=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with Interception([watcher], [model]) as interception:
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.randn(2, 5, 3)).sum().backward()
            optimizer.step()
    assert ["dropout" in note for note in interception.notes] == [True]
    (site,) = watcher.record().sites
    assert (site.site, site.function, site.layer) == ("rnn.l0.relu", "relu", "rnn")
    assert site.unit.seen == 3 * 2 * 5
    assert site.unit.dead.tolist() == [False, False, True, False]

    kept = Kept()
    with Interception([kept]):
        nn.GRU(3, 4)(torch.randn(6, 3))
    assert kept.seen["l0.tanh"][0].shape == (6, 1, 4)

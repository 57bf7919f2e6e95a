"""Gates inside recurrent layers, against a step-by-step computation with cells."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence

from rectifier.torch import recurrent
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


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("ordered", [True, False])
def test_packed_sequences_give_what_each_sequence_gives_alone(kind: Any, ordered: bool) -> None:
    torch.manual_seed(1)
    module = kind(3, 4, num_layers=2, bidirectional=True)
    lengths = [5, 3, 1] if ordered else [3, 5, 1]
    sequences = [torch.randn(length, 3) for length in lengths]
    state: Any = torch.randn(4, 3, 4)
    if kind is nn.LSTM:
        state = state, torch.randn(4, 3, 4)
    kept = Kept()
    with Interception([kept]):
        module(pack_sequence(sequences, enforce_sorted=ordered), hx=state)
    expected: dict[str, list[Tensor]] = {}
    for place, sequence in enumerate(sequences):
        alone = Kept()
        parts = state if isinstance(state, tuple) else (state,)
        own = tuple(part[:, place : place + 1].contiguous() for part in parts)
        with Interception([alone]):
            module(sequence.unsqueeze(1), own if kind is nn.LSTM else own[0])
        for name, (_, output) in alone.seen.items():
            expected.setdefault(name, []).append(output.reshape(-1, output.shape[-1]))
    assert kept.seen.keys() == expected.keys()
    for name, values in expected.items():
        found = kept.seen[name][1]
        assert found.shape == torch.cat(values).shape
        torch.testing.assert_close(found.sort(0)[0], torch.cat(values).sort(0)[0])


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("packed", [False, True])
def test_what_lies_behind_the_dropout_is_what_ran(kind: Any, packed: bool) -> None:
    torch.manual_seed(2)
    module = kind(3, 4, num_layers=3, dropout=0.5)
    x = [torch.randn(length, 3) for length in (6, 4)]
    given: Any = pack_sequence(x) if packed else x[0].unsqueeze(1)
    kept = Kept()
    before = torch.get_rng_state()
    with Interception([kept]) as interception:
        output, _ = module(given)
    after = torch.get_rng_state()
    torch.set_rng_state(before)
    plain, _ = module(given)
    assert torch.equal(torch.get_rng_state(), after), "the program's own numbers stay the same"
    if packed:
        assert torch.equal(plain.data, output.data)
    assert interception.notes == []
    assert {name.split(".")[0] for name in kept.seen} == {"l0", "l1", "l2"}
    if kind is nn.LSTM and not packed:  # h = output gate times tanh of the state
        gate, state = kept.seen["l2.sigmoid"][1][..., 8:], kept.seen["l2.cell.tanh"][1]
        torch.testing.assert_close(gate * state, output)


def test_where_the_dropout_cannot_be_drawn_again_only_the_first_layer_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recurrent.torch, "dropout", lambda x, p, train: x)
    kept = Kept()
    with Interception([kept]) as interception:
        nn.GRU(3, 8, num_layers=2, dropout=0.5)(torch.randn(6, 2, 3))
    assert {name.split(".")[0] for name in kept.seen} == {"l0"}
    assert ["dropout" in note for note in interception.notes] == [True]


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
    assert interception.notes == []
    site, behind = watcher.record().sites
    assert (behind.site, behind.function, behind.layer) == ("rnn.l1.relu", "relu", "rnn")
    assert (site.site, site.function, site.layer) == ("rnn.l0.relu", "relu", "rnn")
    assert site.unit.seen == 3 * 2 * 5
    assert site.unit.dead.tolist() == [False, False, True, False]

    kept = Kept()
    with Interception([kept]):
        nn.GRU(3, 4)(torch.randn(6, 3))
    assert kept.seen["l0.tanh"][0].shape == (6, 1, 4)

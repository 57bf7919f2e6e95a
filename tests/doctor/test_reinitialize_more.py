"""What reinitialize does beyond layers: embeddings and recurrent weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rectifier.doctor import remedies
from rectifier.doctor.finding import Remedy


class Tied(nn.Module):
    def __init__(self, spread: float) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(50, 64, padding_idx=0)
        self.head = nn.Linear(64, 50, bias=False)
        nn.init.normal_(self.table.weight, std=spread)
        self.head.weight = self.table.weight

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        return self.head(self.table(words))


def drawn(model: nn.Module, **scope: object) -> list[str]:
    built = remedies.build(Remedy("reinitialize", "", {"scheme": "he_normal"}, scope))
    built.apply(model, None)
    return built.log


def test_tied_embeddings_give_logits_of_spread_one() -> None:
    model = Tied(1.0)
    drawn(model)
    assert float(model.table.weight.detach().std()) == pytest.approx(1 / 8, rel=0.05)
    assert not model.table.weight[0].any(), "the row of the padding stays zero"
    assert model.head.weight is model.table.weight


def test_embeddings_of_usual_spread_stay() -> None:
    for model in (Tied(0.02), nn.Sequential(nn.Embedding(50, 64), nn.Linear(64, 2))):
        before = next(model.parameters()).detach().clone()
        drawn(model)
        assert torch.equal(next(model.parameters()), before)


def test_loud_embeddings_get_spread_one() -> None:
    model = nn.Sequential(nn.Embedding(200, 16), nn.Linear(16, 2))
    nn.init.uniform_(model[0].weight, -40, 40)
    drawn(model)
    assert float(model[0].weight.detach().std()) == pytest.approx(1.0, rel=0.05)


def test_recurrent_weights_alone_become_orthogonal() -> None:
    model = nn.ModuleDict({"rec": nn.Linear(8, 8), "out": nn.Linear(8, 2)})
    kept = model["out"].weight.detach().clone()
    drawn(model, layers=["rec"], recurrent=True)
    weight = model["rec"].weight
    assert torch.allclose(weight @ weight.T, torch.eye(8), atol=1e-5)
    assert torch.equal(model["out"].weight, kept)


def test_where_tables_alone_were_loud_the_rest_stays() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(200, 16), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2))
    nn.init.uniform_(model[0].weight, -40, 40)
    kept = model[1].weight.detach().clone()
    assert len(drawn(model)) == 1
    assert torch.equal(model[1].weight, kept)
    nn.init.normal_(model[0].weight, std=40)
    nn.init.normal_(model[1].weight, std=2.0)
    drawn(model)
    assert float(model[1].weight.detach().std()) < 0.5


def test_states_of_recurrent_layers_alone_become_orthogonal() -> None:
    model = nn.Sequential()
    model.add_module("rnn", nn.GRU(3, 6))
    before = model.rnn.weight_ih_l0.detach().clone()
    drawn(model, layers=["rnn"], recurrent=True)
    for gate in model.rnn.weight_hh_l0.detach().split(6):
        torch.testing.assert_close(gate @ gate.T, torch.eye(6), atol=1e-5, rtol=0)
    assert torch.equal(model.rnn.weight_ih_l0, before)


@pytest.mark.parametrize("kind", ["relu", "tanh", "gru"])
def test_recurrent_weights_off_their_scale_keep_a_state(kind: str) -> None:
    torch.manual_seed(0)
    make = nn.GRU if kind == "gru" else lambda i, o: nn.RNN(i, o, nonlinearity=kind)
    model = nn.ModuleDict({"rec": make(3, 8), "out": nn.Linear(8, 2)})
    usual = model["rec"].weight_hh_l0.detach().clone()
    drawn(model)
    assert torch.equal(model["rec"].weight_hh_l0, usual), "PyTorch's own may stay"
    nn.init.normal_(model["rec"].weight_hh_l0, std=1.0)
    drawn(model)
    for gate in model["rec"].weight_hh_l0.split(8):
        assert torch.allclose(gate @ gate.T, torch.eye(8), atol=1e-5)
    assert not model["rec"].bias_hh_l0.any()


def test_weights_are_scaled_by_the_factor_of_their_layer() -> None:
    model = nn.Sequential(nn.Linear(2, 8), nn.Linear(8, 8))
    before = [p.detach().clone() for p in model.parameters()]
    scope = {"layers": ["1"], "factors": {"1": 0.1}}
    remedies.build(Remedy("reinitialize", "", {"scheme": "scaled"}, scope)).apply(model, None)
    for parameter, old, factor in zip(model.parameters(), before, (1, 1, 0.1, 0.1), strict=True):
        assert torch.allclose(parameter, old * factor)


@pytest.mark.parametrize(("activation", "spread"), [(nn.Tanh, 1.0), (nn.ReLU, 2**0.5)])
def test_what_levels_off_starts_on_the_steep_part(activation: type[nn.Module], spread) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(200, 200), activation(), nn.Linear(200, 200), activation())
    action = remedies.build(Remedy("reinitialize", "", {"scheme": "he_normal"}))
    action.on_model(model, "Sequential", (torch.randn(8, 200),), {})
    assert float(model[2].weight.detach().std()) * 200**0.5 == pytest.approx(spread, rel=0.03)
    assert action.met == ({"scheme": ["xavier_normal"]} if activation is nn.Tanh else {})


@pytest.mark.parametrize(("kind", "gain"), [(nn.Tanh, 1.0), (nn.ReLU, 2.0**0.5)])
def test_a_model_that_is_run_part_by_part_gets_the_gain_of_its_own_activations(
    kind: type[nn.Module], gain: float
) -> None:
    torch.manual_seed(0)
    actor = nn.Sequential(nn.Linear(256, 256), kind(), nn.Linear(256, 256), kind())
    nn.init.orthogonal_(actor[0].weight, 5.0)
    drawn(nn.ModuleDict({"actor": actor}))
    assert float(actor[0].weight.detach().std()) == pytest.approx(gain / 16, rel=0.02)

"""The policies against the same thing done by hand."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rectifier.policies.measures
import rectifier.policies.redo
import rectifier.torch as rt
from rectifier.errors import InvalidInputError


def network(dormant: int = 3) -> nn.Sequential:
    """An MLP of which some units of the first layer hardly fire and one never does."""
    model = nn.Sequential(
        nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 2)
    ).double()
    with torch.no_grad():
        model[0].weight[:dormant] *= 1e-4
        model[0].bias[:dormant] *= 1e-4
        model[0].bias[dormant] = -50.0
    return model


def train(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor) -> None:
    loss = (model(x) - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def scores(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """s of each unit, by hand."""
    found = []
    with torch.no_grad():
        for part in model:
            x = part(x)
            if isinstance(part, nn.ReLU):
                mean = x.abs().mean(0)
                found.append(mean / mean.mean())
    return found


def test_dormant_ratio_is_the_share_of_low_scores() -> None:
    model, x = network(), torch.randn(64, 6).double()
    for tau in (0.0, 0.025, 0.1, 0.5):
        all_scores = torch.cat(scores(model, x))
        assert rt.dormant_ratio(model, x, tau=tau) == float((all_scores <= tau).double().mean())
    assert rt.dormant_ratio(model, x) >= 4 / 24
    convolution = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU())
    nn.init.zeros_(convolution[0].weight[1])
    nn.init.constant_(convolution[0].bias, 1e-3)
    h = convolution(images := torch.randn(5, 2, 8, 8)).abs().mean((0, 2, 3))
    expected = float((h <= 0.1 * h.mean()).double().mean())
    assert rt.dormant_ratio(convolution, images, tau=0.1) == expected > 0


def test_ranks() -> None:
    basis = torch.linalg.qr(torch.randn(40, 40).double())[0]
    assert rt.srank(basis[:, :10]) == 10  # ten equal values: 9 of them are 90 %
    assert rt.srank(basis[:, :10], delta=0.1) == 9
    assert rt.effective_rank(basis[:, :10]) == pytest.approx(10)
    values = torch.tensor([90.0, 9.5, 0.3, 0.2], dtype=torch.float64)
    matrix = basis[:, :4] * values
    assert (rt.srank(matrix), rt.srank(matrix, delta=0.1), rt.srank(matrix, delta=1e-4)) == (
        2,
        1,
        4,
    )
    shares = (values / values.sum()).numpy()
    assert rt.effective_rank(matrix) == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
    assert (rt.srank(torch.zeros(3, 2)), rt.effective_rank(torch.zeros(3, 2))) == (0, 0.0)
    for call in (lambda: rt.srank(torch.ones(3)), lambda: rt.srank(matrix, delta=0.0)):
        with pytest.raises(InvalidInputError):
            call()


@pytest.mark.parametrize("tau", [0.025, 0.1])
def test_redo_recycles_exactly_the_dormant_units(tau: float) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    redo = rt.ReDo(model, optimizer, every=4, tau=tau)
    for step in range(8):
        x = torch.randn(64, 6).double()
        expected = [s <= tau for s in scores(model, x)]
        last = step % 4 == 3
        with_hand = adam_by_hand(model, optimizer, x) if last else []
        train(model, optimizer, x)
        if not last:
            assert len(redo.rounds) == step // 4
            continue
        for layer, reader, chosen, at in ((0, 2, expected[0], 0), (2, 4, expected[1], 2)):
            rows, columns = model[layer].weight.detach(), model[reader].weight.detach()
            kept = with_hand[at].clone()
            below = expected[0] if layer == 2 else None
            if below is not None:
                kept[:, below] = 0
            assert torch.equal(rows[~chosen], kept[~chosen]), "a unit that is not dormant changed"
            free = slice(None) if below is None else ~below
            assert (rows[chosen][:, free] != kept[chosen][:, free]).all()
            assert (columns[:, chosen] == 0).all()
            state = optimizer.state[model[layer].weight]
            assert (state["exp_avg"][chosen] == 0).all()
            assert (state["exp_avg_sq"][chosen] == 0).all()
            assert (state["exp_avg_sq"][~chosen][:, 0 if below is None else ~below] != 0).any()
        found = redo.rounds[-1]
        assert found.step == step
        assert found.ratio == sum(int(e.sum()) for e in expected) / 24
        assert found.recycled == sum(int(e.sum()) for e in expected)
    assert redo.rounds[0].recycled >= 4
    assert redo.dormant_ratio == redo.rounds[-1].ratio < redo.rounds[0].ratio
    assert redo.notes == ()
    redo.close()
    before = model[0].weight.detach().clone()
    for _ in range(8):
        train(model, optimizer, torch.zeros(4, 6).double())
    assert len(redo.rounds) == 2, "it goes on after it was closed"
    assert before.shape == model[0].weight.shape


def adam_by_hand(
    model: nn.Sequential, optimizer: torch.optim.Optimizer, x: Tensor
) -> dict[int, Tensor]:
    """The weights after the step that comes, had nothing been recycled."""
    import copy

    twin = copy.deepcopy(model)
    other = torch.optim.Adam(twin.parameters(), lr=1e-3)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    train(twin, other, x)
    return {place: twin[place].weight.detach() for place in (0, 2, 4)}


def test_redo_by_gradient_finds_who_is_active_but_learns_nothing() -> None:
    model = nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.Linear(16, 1)).double()
    with torch.no_grad():
        model[2].weight[:, :5] = 0  # active, but nothing flows back into them
        model[2].weight[:, 5:] = 1
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    x = torch.randn(32, 6).double()
    assert rt.dormant_ratio(model, x) == 0
    with rt.ReDo(model, optimizer, every=1, measure="gradient") as redo:
        train(model, optimizer, x)
    assert (redo.rounds[0].ratio, redo.rounds[0].recycled) == (5 / 16, 5)
    with rt.ReDo(model, optimizer, every=1) as redo:
        train(model, optimizer, x)
    assert redo.rounds[0].recycled == 0


def test_a_unit_that_is_recycled_again_gets_other_weights() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    drawn = []
    with rt.ReDo(model, optimizer, every=1):
        for _ in range(2):
            nn.init.constant_(model[0].bias, -50.0)
            train(model, optimizer, torch.randn(8, 6).double())
            drawn.append(model[0].weight.detach().clone())
    assert (drawn[0] != drawn[1]).all()


def test_redo_leaves_alone_what_it_cannot_tell() -> None:
    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(6, 16), nn.Linear(7, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.second(torch.relu(self.first(x))[:, :7])

    model = Branching()
    nn.init.constant_(model.first.bias, -50.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with rt.ReDo(model, optimizer, every=1) as redo:
        train(model, optimizer, torch.randn(8, 6))
    assert (redo.rounds[0].ratio, redo.rounds[0].recycled) == (1.0, 0)
    assert "cannot be told" in redo.notes[0]


def test_continual_backprop_is_the_algorithm() -> None:
    """Utilities, ages, who is replaced when, and the fold, against a plain loop."""
    rate, maturity, decay = 0.05, 5, 0.9
    model = nn.Sequential(nn.Linear(6, 10), nn.ReLU(), nn.Linear(10, 3)).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    policy = rt.ContinualBackprop(
        model, optimizer, replacement_rate=rate, maturity=maturity, decay=decay
    )
    utility, mean, age, due = np.zeros(10), np.zeros(10), np.zeros(10, dtype=int), 0.0
    replaced = []
    for _ in range(40):
        x = torch.randn(16, 6).double()
        with torch.no_grad():
            h = torch.relu(model[0](x)).numpy()
        twin = nn.Sequential(nn.Linear(6, 10), nn.ReLU(), nn.Linear(10, 3)).double()
        twin.load_state_dict(model.state_dict())
        train(twin, torch.optim.SGD(twin.parameters(), lr=0.05), x)
        train(model, optimizer, x)
        out, bias = twin[2].weight.detach().numpy(), twin[2].bias.detach().numpy()
        age += 1
        utility = decay * utility + (1 - decay) * np.abs(h).mean(0) * np.abs(out).sum(0)
        mean = decay * mean + (1 - decay) * h.mean(0)
        mature = age > maturity
        due += rate * mature.sum()
        chosen = np.zeros(10, dtype=bool)
        while due >= 1 and (mature & ~chosen).any():
            due -= 1
            ranked = np.where(mature & ~chosen, utility / (1 - decay**age), np.inf)
            chosen[ranked.argmin()] = True
        bias = bias + out[:, chosen] @ (mean / (1 - decay**age))[chosen]
        got = model[2].weight.detach().numpy()
        np.testing.assert_array_equal(got[:, chosen], 0)
        np.testing.assert_allclose(got[:, ~chosen], out[:, ~chosen], rtol=1e-12)
        np.testing.assert_allclose(model[2].bias.detach().numpy(), bias, rtol=1e-9, atol=1e-12)
        kept = twin[0].weight.detach().numpy()
        same = (model[0].weight.detach().numpy() == kept).all(1)
        np.testing.assert_array_equal(same, ~chosen)
        utility[chosen], mean[chosen], age[chosen] = 0, 0, 0
        replaced += np.flatnonzero(chosen).tolist()
        np.testing.assert_allclose(policy.units["1"].utility.numpy(), utility, rtol=1e-9)
        np.testing.assert_array_equal(policy.units["1"].age.numpy(), age)
    assert policy.units["1"].replaced == len(replaced) >= 8
    policy.close()


def test_continual_backprop_folds_a_flattened_feature_map() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2)
    ).double()
    with torch.no_grad():
        model[0].weight.zero_()  # constant maps, so that the fold is exact
        model[0].bias.copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    x = torch.randn(5, 1, 8, 8).double()
    before = model(x).detach()
    with rt.ContinualBackprop(model, optimizer, replacement_rate=1.0, maturity=2) as policy:
        for _ in range(3):
            train(model, optimizer, x)
    assert policy.units["1"].replaced == 4
    torch.testing.assert_close(model(x).detach(), before, rtol=1e-9, atol=1e-9)


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(5, 12), nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(torch.relu(self.encoder(x)))


def test_dead_latents_counts_what_did_not_fire() -> None:
    model = Autoencoder()
    with torch.no_grad():
        model.encoder.bias[:4] = -100.0
        model.encoder.bias[4:6] = -1.0
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    latents = rt.DeadLatents(model, optimizer, tokens=60)
    tokens, passes = torch.zeros(12, dtype=torch.int64), torch.zeros(12, dtype=torch.int64)
    for _ in range(12):
        x = torch.randn(6, 5)
        fired = (model.encoder(x) > 0).numpy()
        for latent in range(12):
            for row in fired[:, latent]:
                tokens[latent] = 0 if row else tokens[latent] + 1
            passes[latent] = 0 if fired[:, latent].any() else passes[latent] + 1
        train(model, optimizer, x)
        with torch.no_grad():
            model(x - 10.0)  # an evaluation pass
        assert latents.silent_tokens.tolist() == tokens.tolist()
        assert latents.silent_passes.tolist() == passes.tolist()
        assert latents.dead.tolist() == (tokens >= 60).tolist()
    assert latents.dead[:4].all()
    assert not latents.dead[6:].any()

    inputs = torch.randn(50, 5)
    losses = torch.zeros(50)
    losses[7] = 3.0  # the only one that is reconstructed badly
    living = model.encoder.weight.detach()[~latents.dead].norm(dim=1).mean()
    dead = latents.dead
    assert latents.resample(inputs, losses) == int(dead.sum())
    direction = nn.functional.normalize(inputs[7] - model.decoder.bias.detach(), dim=0)
    for latent in dead.nonzero().flatten():
        torch.testing.assert_close(model.decoder.weight[:, latent].detach(), direction)
        torch.testing.assert_close(model.encoder.weight[latent].detach(), 0.2 * living * direction)
        assert model.encoder.bias[latent] == 0
        assert (optimizer.state[model.encoder.weight]["exp_avg"][latent] == 0).all()
        assert (optimizer.state[model.decoder.weight]["exp_avg_sq"][:, latent] == 0).all()
    assert not latents.dead.any()
    assert latents.resample(inputs, losses) == 0
    latents.close()

    by_hand = rt.DeadLatents(model, optimizer, passes=2)
    for _ in range(2):
        by_hand.update(torch.tensor([[0.0, 1.0], [0.0, 0.0]]))
    assert by_hand.dead.tolist() == [True, False]
    assert by_hand.silent_tokens.tolist() == [4, 1]
    by_hand.close()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (rt.ReDo, {"every": 0}),
        (rt.ReDo, {"tau": -0.1}),
        (rt.ReDo, {"measure": "weight"}),
        (rt.ContinualBackprop, {"replacement_rate": 0.0}),
        (rt.ContinualBackprop, {"maturity": 0}),
        (rt.ContinualBackprop, {"decay": 1.0}),
        (rt.DeadLatents, {"tokens": 0}),
    ],
)
def test_senseless_settings(kind: type, options: dict[str, object]) -> None:
    model = network()
    with pytest.raises(InvalidInputError, match="got"):
        kind(model, torch.optim.SGD(model.parameters()), **options)
    with pytest.raises(InvalidInputError, match="expected"):
        kind(model, None)


@pytest.mark.parametrize("module", [rectifier.policies.measures, rectifier.policies.redo])
def test_examples(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted > 0
    assert result.failed == 0


def test_before_any_round_nothing_is_known() -> None:
    model = network()
    with rt.ReDo(model, torch.optim.SGD(model.parameters()), every=100) as redo:
        assert math.isnan(redo.dormant_ratio)

from __future__ import annotations

import pytest
import torch
from torch import nn

import rectifier
from rectifier import models
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.models import mlp


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "selu", "mish", "prelu"])
def test_every_layer_starts_with_unit_variance(activation: str) -> None:
    torch.manual_seed(0)
    model = mlp.build(
        256, 256, activation=activation, hidden=(256, 256, 256), generator=generator(1)
    )
    hidden = torch.randn(512, 256)
    with torch.no_grad():
        for layer in model:
            hidden = layer(hidden)
            if isinstance(layer, nn.Linear):
                assert 0.7 < hidden.pow(2).mean() < 1.4, layer


def test_weights_come_from_the_generator_only() -> None:
    before = torch.random.get_rng_state()
    first = mlp.build(4, 3, activation="relu", generator=generator(7))
    again = mlp.build(4, 3, activation="relu", generator=generator(7))
    other = mlp.build(4, 3, activation="relu", generator=generator(8))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first[1].weight, again[1].weight)
    assert not torch.equal(first[1].weight, other[1].weight)
    assert not first[1].bias.any()


def test_two_activations_share_their_random_draws() -> None:
    relu = mlp.build(4, 3, activation="relu", generator=generator())
    mish = mlp.build(4, 3, activation="mish", generator=generator())
    assert torch.equal(relu[1].weight, mish[1].weight)
    scale = rectifier.gain("mish") / rectifier.gain("relu")
    torch.testing.assert_close(mish[3].weight, relu[3].weight * scale)


def test_layers_do_not_share_learned_parameters() -> None:
    for activation in ("prelu", nn.PReLU()):
        model = mlp.build(4, 3, activation=activation, hidden=(5, 6), gain=1.0)
        assert model[2] is not model[4]
        assert {id(p) for p in model[2].parameters()}.isdisjoint(
            id(p) for p in model[4].parameters()
        )


def test_own_formula_and_images_work() -> None:
    twin = rectifier.define("twin", "maximum(x, 0)")
    model = mlp.build(6, 3, activation=twin, hidden=(5,))
    assert model(torch.zeros(2, 2, 3)).shape == (2, 3)


def test_module_without_gain_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="pass gain="):
        mlp.build(4, 3, activation=nn.ReLU())


def test_models_are_found_by_name() -> None:
    assert "mlp" in models.names()
    assert models.get("mlp") is mlp.build
    with pytest.raises(UnknownNameError, match="did you mean 'mlp'"):
        models.get("mpl")

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import rectifier
from rectifier import models
from rectifier.errors import InvalidInputError


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


@pytest.mark.parametrize(
    ("name", "shape", "given"),
    [
        ("vit_tiny", (1, 28, 28), torch.zeros(2, 1, 28, 28)),
        ("vit_tiny", (3, 32, 32), torch.zeros(2, 3, 32, 32)),
        ("vit_tiny", (40,), torch.zeros(2, 40)),
        ("gpt_tiny", (64,), torch.zeros(2, 64, dtype=torch.int64)),
    ],
)
def test_shapes_and_draws(name: str, shape: tuple[int, ...], given: torch.Tensor) -> None:
    before = torch.random.get_rng_state()
    model = models.get(name)(shape, 7, activation="silu", generator=generator())
    again = models.get(name)(shape, 7, activation="silu", generator=generator())
    assert torch.equal(torch.random.get_rng_state(), before)
    outputs = model(given)
    assert outputs.shape == ((2, 64, 7) if name == "gpt_tiny" else (2, 7))
    assert torch.equal(outputs, again(given))
    assert sum(p.numel() for p in model.parameters()) < 150_000


def test_the_layer_before_the_activation_has_its_gain() -> None:
    gelu, mish = (
        models.get("gpt_tiny")((8,), 20, activation=name, generator=generator())
        for name in ("gelu_tanh", "mish")
    )
    ratio = rectifier.gain("mish") / rectifier.gain("gelu_tanh")
    first, second = gelu.blocks[0].feed[0].weight, mish.blocks[0].feed[0].weight
    torch.testing.assert_close(second, first * ratio)
    assert torch.equal(gelu.blocks[0].feed[2].weight, mish.blocks[0].feed[2].weight)


def test_gpt_sees_no_later_letter() -> None:
    model = models.get("gpt_tiny")((8,), 20, generator=generator()).eval()
    tokens = torch.randint(0, 20, (1, 8), generator=generator())
    changed = tokens.clone()
    changed[0, 5:] = 0
    torch.testing.assert_close(model(tokens)[:, :5], model(changed)[:, :5])


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="each side at least 4"):
        models.get("vit_tiny")((1, 2, 2), 3)


@pytest.mark.parametrize(
    ("name", "inputs", "activation"),
    [
        ("vit_tiny", (1, 8, 8), "relu"),
        ("gpt_tiny", (8,), "swiglu"),
        ("transformer_decoder", (8,), "gelu"),
        ("transformer_encoder", (8,), "geglu"),
        ("mlp", 8, "silu"),
    ],
)
def test_initialisation_by_name(name: str, inputs: Any, activation: str) -> None:
    sizes = {} if name == "mlp" else {"size": 16, "layers": 1, "heads": 2}

    def build(init: str | None) -> nn.Module:
        return models.get(name)(
            inputs, 5, activation=activation, init=init, generator=generator(), **sizes
        )

    own, drawn, again = build(None), build("xavier_uniform"), build("xavier_uniform")
    linear = [n for n, m in own.named_modules() if isinstance(m, nn.Linear)]
    assert linear
    for layer in linear:
        one, two, three = (m.get_submodule(layer).weight for m in (own, drawn, again))
        assert torch.equal(two, three)
        assert not torch.equal(one, two)
        # A uniform draw ends at the square root of three deviations; a normal one goes on.
        assert two.abs().max() <= 3**0.5 * two.std(correction=0) * 1.25
    with pytest.raises(InvalidInputError, match="lsuv looks at data"):
        build("lsuv")

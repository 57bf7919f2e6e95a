"""Every network: published sizes, shapes, its own generator, activation by name, gradients."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import nn

import rectifier
import rectifier.torch as rt
from rectifier import models
from rectifier.errors import InvalidInputError
from rectifier.models._parts import parameters

PUBLISHED = {
    "vgg16": 138_357_544,
    "resnet50": 25_557_032,
    "efficientnet_b0": 5_288_548,
    "alexnet": 60_965_224,
}

SMALL = {
    "alexnet": ((3, 67, 67), 10, {"channels": (8, 8, 8, 8, 8), "hidden": 8}),
    "alphago_policy": ((3, 5, 5), None, {"width": 4, "layers": 4}),
    "cnn4": ((3, 32, 32), 10, {"width": 4}),
    "efficientnet_b0": ((3, 32, 32), 10, {"width": 0.1}),
    "gelu_mlp": (16, 10, {"width": 8, "depth": 2}),
    "glorot_mlp": (16, 10, {"width": 8, "depth": 2}),
    "irnn": ((6, 2), 10, {"width": 8}),
    "mish_mlp": (16, 10, {"width": 8, "depth": 2}),
    "plain22": ((1, 8, 8), 10, {"width": 3, "hidden": 8, "small": True}),
    "plain30": ((1, 8, 8), 10, {"width": 2, "hidden": 8, "small": True}),
    "resnet20": ((3, 8, 8), 10, {"width": 4, "blocks": 1}),
    "resnet50": ((3, 32, 32), 10, {"width": 4, "stages": (1, 1, 1, 1)}),
    "selu_mlp": (16, 10, {"width": 8, "depth": 2}),
    "steering": ((2, 16, 32), 1, {"channels": (4, 4)}),
    "vgg16": ((3, 32, 32), 10, {"width": 2, "hidden": 8}),
}


def small(name: str, activation: str = "relu", seed: int = 1, **options: object) -> nn.Module:
    inputs, classes, sizes = SMALL[name]
    generator = torch.Generator().manual_seed(seed)
    build = models.get(name)
    return build(inputs, classes, activation=activation, generator=generator, **sizes, **options)


def shape(name: str) -> tuple[int, ...]:
    inputs = SMALL[name][0]
    return (inputs,) if isinstance(inputs, int) else inputs


@pytest.mark.parametrize(("name", "count"), PUBLISHED.items())
def test_published_sizes(name: str, count: int) -> None:
    with torch.device("meta"):
        assert parameters(models.get(name)()) == count


def test_sizes_of_small_networks() -> None:
    with torch.device("meta"):
        resnet20 = models.get("resnet20")()
        assert parameters(resnet20) == pytest.approx(0.27e6, rel=0.005)
        weighted = [m for m in resnet20.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
        assert len(weighted) == 20
        assert parameters(models.get("cnn4")()) == 89_578
        assert parameters(models.get("transformer_decoder")()) == 124_439_808  # GPT-2, smallest
        # BERT-base has 109,482,240 with its two segment embeddings, which ours leaves out.
        bert = models.get("transformer_encoder")()
        assert parameters(bert) - parameters(bert.head) == 109_482_240 - 2 * 768
        alphazero = models.get("alphazero")()
        tower = [m for m in alphazero.tower.modules() if isinstance(m, nn.Conv2d)]
        assert len(tower) == 1 + 2 * 19
        assert all(m.out_channels == 256 for m in tower)


def test_every_network_is_in_this_file() -> None:
    others = {"mlp", "alphazero", "transformer_decoder", "transformer_encoder", "rbm"}
    elsewhere = {"gpt_tiny", "vit_tiny"}  # test_tiny.py
    assert set(SMALL) | others | elsewhere == set(models.names())


@pytest.mark.parametrize("name", SMALL)
def test_shapes_gradients_and_reproducible_draws(name: str) -> None:
    before = torch.random.get_rng_state()
    model, again = small(name), small(name)
    other = small(name, seed=2)
    assert torch.equal(torch.random.get_rng_state(), before)
    x = torch.randn(2, *shape(name))
    out = model(x)
    classes = SMALL[name][1] or 25
    assert out.shape == (2, classes)
    first, second = (dict(m.named_parameters()) for m in (model, again))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[k], v) for k, v in other.named_parameters())
    out.square().sum().backward()
    missing = [key for key, parameter in model.named_parameters() if parameter.grad is None]
    assert not missing


@pytest.mark.parametrize("name", SMALL)
def test_samples_of_another_size_are_refused(name: str) -> None:
    model = small(name)
    x = torch.randn(6, *shape(name))
    # Three samples of twice the size: as many numbers as the network takes six samples to be.
    with pytest.raises(InvalidInputError, match="expected a batch"):
        model(x.reshape(3, -1))
    torch.testing.assert_close(model.eval()(x.flatten(1)), model(x))


@pytest.mark.parametrize("name", ["mlp", "rbm"])
def test_vectors_of_another_size_are_refused(name: str) -> None:
    model = models.get(name)(12, 4, **({"activation": "relu"} if name == "mlp" else {}))
    with pytest.raises(InvalidInputError, match=r"expected a batch \(samples, 12\)"):
        model(torch.zeros(2, 7))
    with pytest.raises(InvalidInputError, match="expected a batch"):
        model(torch.zeros(()))
    assert model(torch.zeros(2, 3, 4)).shape == (2, 4)


@pytest.mark.parametrize("name", ["transformer_encoder", "transformer_decoder", "gpt_tiny"])
def test_what_is_no_batch_of_tokens_is_refused(name: str) -> None:
    model = models.get(name)((8,), 5, size=8, layers=1, heads=2)
    for wrong in (torch.zeros(2, 8), torch.zeros(8, dtype=torch.int64), torch.zeros(())):
        with pytest.raises(InvalidInputError, match="expected tokens, whole numbers"):
            model(wrong)
    assert len(model(torch.zeros(2, 8, dtype=torch.int32))) == 2


@pytest.mark.parametrize("name", ["gelu_mlp", "cnn4", "vgg16"])
def test_new_weights_need_no_sample(name: str) -> None:
    model = small(name)
    before = [parameter.clone() for parameter in model.parameters()]
    rt.init_(model, generator=torch.Generator().manual_seed(5))
    after = list(model.parameters())
    assert any(not torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_a_boltzmann_machine_takes_a_scheme() -> None:
    def made(**options: Any) -> torch.Tensor:
        draws = torch.Generator().manual_seed(0)
        return models.get("rbm")(400, 100, generator=draws, **options).weight.detach()

    assert made().std().item() == pytest.approx(0.01, rel=0.03)
    assert made(init="he_normal").std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.03)
    assert made(init="lecun_normal").std().item() == pytest.approx(400**-0.5, rel=0.03)
    weight = made(init="orthogonal")
    torch.testing.assert_close(weight @ weight.T / (weight @ weight.T)[0, 0], torch.eye(100))
    with pytest.raises(InvalidInputError, match="looks at data"):
        made(init="lsuv")


@pytest.mark.parametrize("name", ["swiglu", "crelu", "maxout", "softmax", "sparsemax"])
@pytest.mark.parametrize("model", [*SMALL, "mlp"])
def test_what_is_no_function_of_one_number_is_refused(model: str, name: str) -> None:
    """A softmax after a convolution would be one over the pixels of a row."""
    with pytest.raises(InvalidInputError, match="an activation of one number"):
        small(model, name) if model in SMALL else models.get("mlp")(8, 3, activation=name)


@pytest.mark.parametrize("name", SMALL)
def test_a_formula_is_an_activation(name: str) -> None:
    x = torch.randn(2, *shape(name))
    ours = small(name, "maximum(x, 0)", init="he_normal").eval()
    torch.testing.assert_close(ours(x), small(name, init="he_normal").eval()(x))


@pytest.mark.parametrize("kind", ["nrelu", "binary"])
@pytest.mark.parametrize("biased", [True, False])
def test_contrastive_divergence_is_features_times_data(kind: str, biased: bool) -> None:
    draws = torch.Generator().manual_seed(3)
    machine = models.get("rbm")(6, 4, activation=kind, hidden_bias=biased, generator=draws)
    with torch.no_grad():
        for parameter in machine.parameters():
            parameter.normal_(generator=draws)
    data = torch.randn(5, 6, generator=draws)
    machine.contrast(data, torch.Generator().manual_seed(0))
    with torch.no_grad():
        hidden = machine.sample(data, torch.Generator().manual_seed(0))
        model = machine.reconstruct(hidden)
        first, last = machine(data), machine(model)
        torch.testing.assert_close(machine.weight.grad, (last.T @ model - first.T @ data) / 5)
        torch.testing.assert_close(machine.visible_bias.grad, (model - data).mean(0))
        if biased:
            torch.testing.assert_close(machine.hidden_bias.grad, (last - first).mean(0))


@pytest.mark.parametrize("name", ["cnn4", "irnn", "plain22", "resnet20"])
def test_any_activation_and_scheme(name: str) -> None:
    twin = rectifier.define("twin", "maximum(x, 0)")
    x = torch.randn(2, *shape(name))
    plain = small(name, init="he_normal").eval()
    same = small(name, twin, init="he_normal").eval()  # type: ignore[arg-type]
    torch.testing.assert_close(plain(x), same(x))
    assert not torch.allclose(plain(x), small(name, "mish", init="he_normal").eval()(x))
    sloped = small(name, "prelu")
    slopes = [m for m in sloped.modules() if type(m).__name__ == "PReLU"]
    assert slopes
    with pytest.raises(LookupError, match="scheme"):
        small(name, init="hee")


@pytest.mark.parametrize("name", ["plain22", "plain30"])
def test_plain_networks_leave_the_image_where_it_is(name: str) -> None:
    net = models.get(name)((1, 32, 32), 10, width=3, hidden=8, small=True)
    place = next(k for k, part in enumerate(net) if type(part).__name__ == "Pyramid")
    with torch.no_grad():
        for layer in net[:place]:
            if isinstance(layer, nn.Conv2d):
                layer.weight.fill_(1 / layer.weight[0].numel())
                layer.bias.zero_()
    image = torch.zeros(1, 1, 32, 32)
    image[..., 14:18, 14:18] = 1.0
    seen = net[:place](image)[0, 0]
    assert len(seen) in (8, 16), "each halving halves the image, and nothing else changes its size"
    where = torch.arange(float(len(seen)))
    for axis in (0, 1):
        spread = seen.sum(dim=axis)
        middle = (spread * where).sum() / spread.sum()
        assert middle.item() == pytest.approx((len(seen) - 1) / 2, abs=1.0)


@pytest.mark.parametrize("depth", [14, 19, 30])
def test_plain30_has_as_many_layers_as_asked(depth: int) -> None:
    net = small("plain30", depth=depth)
    assert sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in net) == depth
    with pytest.raises(InvalidInputError, match="depth of plain30 must be at least 14; 13 came"):
        small("plain30", depth=13)


def test_published_initialisations() -> None:
    cnn4 = models.get("cnn4")()
    stds = [m.weight.std().item() for m in cnn4 if isinstance(m, nn.Conv2d | nn.Linear)]
    assert stds == pytest.approx([1e-4, 0.01, 0.01, 0.01], rel=0.1)
    alexnet = small("alexnet")
    weighted = [m for m in alexnet if isinstance(m, nn.Conv2d | nn.Linear)]
    assert [m.bias.mean().item() for m in weighted] == [0, 1, 0, 1, 1, 1, 1, 0]
    assert all(m.weight.std().item() == pytest.approx(0.01, rel=0.15) for m in weighted)
    no_bias = small("alexnet", unit_bias=False)
    assert not any(m.bias.any() for m in no_bias if isinstance(m, nn.Conv2d | nn.Linear))
    irnn = small("irnn")
    assert torch.equal(irnn.recurrent.weight, torch.eye(8))


def test_alexnet_is_the_published_one() -> None:
    with torch.device("meta"):
        model = models.get("alexnet")()
        assert model(torch.zeros(1, 3, 227, 227)).shape == (1, 1000)
        padded = models.get("alexnet")((3, 224, 224))
        assert padded(torch.zeros(1, 3, 224, 224)).shape == (1, 1000)
        assert parameters(models.get("alexnet")(grouped=False)) == 62_378_344
    with pytest.raises(InvalidInputError, match="too small"):
        models.get("alexnet")((3, 32, 32))


def test_response_normalisation_is_the_formula() -> None:
    from rectifier.models.alexnet import ResponseNorm

    x = 30 * torch.randn(1, 12, 2, 2, dtype=torch.float64)
    ours = ResponseNorm(2)(x)
    for group in range(2):
        for place in range(6):
            low, high = max(0, place - 2), min(6, place + 3)
            near = x[:, group * 6 + low : group * 6 + high].square().sum(1)
            wanted = x[:, group * 6 + place] / (2 + 1e-4 * near) ** 0.75
            torch.testing.assert_close(ours[:, group * 6 + place], wanted)


def test_transformers_take_gated_units_and_cannot_look_ahead() -> None:
    for activation in ("relu", "swiglu", "gelu_tanh"):
        decoder = models.get("transformer_decoder")(
            (8,), 11, size=8, layers=2, heads=2, activation=activation
        ).eval()
        tokens = torch.randint(11, (2, 8))
        changed = tokens.clone()
        changed[:, 5:] = (changed[:, 5:] + 1) % 11
        one, two = decoder(tokens), decoder(changed)
        torch.testing.assert_close(one[:, :5], two[:, :5])
        assert not torch.allclose(one[:, 5:], two[:, 5:])
        encoder = models.get("transformer_encoder")(
            (8,), 3, tokens=11, size=8, layers=1, heads=2, activation=activation
        ).eval()
        assert encoder(tokens).shape == (2, 3)
        assert not torch.allclose(encoder(tokens), encoder(changed))
    with pytest.raises(InvalidInputError, match="8 positions"):
        decoder(torch.zeros(1, 9, dtype=torch.int64))
    scale = models.get("transformer_decoder")((4,), 5, size=64, layers=8, heads=2)
    last = torch.cat([block.feed[-1].weight.flatten() for block in scale.blocks])
    assert last.std().item() == pytest.approx(0.02 / 4, rel=0.05)


def test_alphazero_values_lie_between_loss_and_win() -> None:
    model = models.get("alphazero")((2, 3, 3), 9, width=8, blocks=1)
    logits, value = model(10 * torch.randn(50, 2, 3, 3))
    assert logits.shape == (50, 9)
    assert value.shape == (50,)
    assert value.abs().max() <= 1


def test_two_devices_give_what_one_network_gives() -> None:
    from rectifier.models._towers import TwoDevices

    whole = small("alexnet", "prelu").eval()
    halves = TwoDevices(whole, ("cpu", "cpu")).eval()
    assert parameters(halves) == parameters(whole)
    x = torch.randn(2, 3, 67, 67)
    torch.testing.assert_close(halves(x), whole(x))
    with pytest.raises(InvalidInputError, match="two groups"):
        TwoDevices(small("alexnet", grouped=False), ("cpu", "cpu"))


def test_networks_are_attributes_of_the_package() -> None:
    program = (
        "import sys, rectifier\n"
        "models = rectifier.models\n"
        "assert 'torch' not in sys.modules, 'named, not loaded'\n"
        "assert {'alexnet', 'get', 'names'} <= set(dir(models))\n"
        "models.alexnet.build((3, 67, 67), 10, grouped=True, activation='relu', hidden=8)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="did you mean 'alexnet'"):
        models.alexnets  # noqa: B018

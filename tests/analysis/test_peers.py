"""What others offer: read in their source, held to what they offer when they are imported."""

from __future__ import annotations

import importlib
import math

import pytest
import torch

import rectifier.torch as rt
from rectifier import catalog
from rectifier.analysis import peers

OFFERS = {offer.title: offer for offer in peers.offers()}


def installed(title: str) -> peers.Offer:
    offer = OFFERS[title]
    if offer.why_not:
        pytest.skip(offer.why_not)
    return offer


@pytest.mark.parametrize("title", OFFERS)
def test_every_name_stands_for_one_of_ours(title: str) -> None:
    offer = installed(title)
    assert len(offer.names) > 15
    assert [theirs for theirs, ours in offer.names.items() if not ours] == []


@pytest.mark.parametrize(
    ("title", "module"), [("keras.activations", "keras.activations"), ("jax.nn", "jax.nn")]
)
def test_source_and_import_offer_the_same(
    title: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = installed(title)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    there = importlib.import_module(module)
    functions = {
        name for name in dir(there) if callable(getattr(there, name)) and not name.startswith("_")
    }
    library = next(each for each in peers.LIBRARIES if each.title == title)
    assert functions - library.others == set(offer.names)


def test_all_of_torchs_activations_are_seen() -> None:
    classes = set(torch.nn.modules.activation.__all__) - {"MultiheadAttention"}
    assert set(OFFERS["torch.nn"].names) == classes
    functions = set(OFFERS["torch.nn.functional"].names)
    assert {"relu", "gelu", "logsigmoid", "hardtanh", "glu", "softmin", "rrelu"} <= functions
    for name in functions:
        assert callable(getattr(torch.nn.functional, name))


def test_torchs_functions_are_ours_with_their_defaults() -> None:
    x = torch.tensor([-4.5, -1.5, -0.4, 0.0, 0.3, 0.7, 2.5, 6.5])
    given = {"threshold": (1.0, 0.0), "prelu": (torch.tensor([0.25]),)}
    checked = 0
    for theirs, ours in OFFERS["torch.nn.functional"].names.items():
        if ours in catalog.names():
            f = getattr(torch.nn.functional, theirs)
            found = getattr(rt.functional, ours)(x)
            torch.testing.assert_close(found, f(x, *given.get(theirs, ())), rtol=1e-5, atol=1e-6)
            checked += 1
    assert checked >= 20


def test_act2fn_is_ours() -> None:
    installed("HF ACT2FN")
    table = importlib.import_module("transformers.activations").ACT2FN
    assert set(OFFERS["HF ACT2FN"].names) == set(table)
    x = torch.linspace(-12, 12, 97)
    for theirs, ours in OFFERS["HF ACT2FN"].names.items():
        found = getattr(rt.functional, ours)(x)
        # Its parameters are kept in bfloat16, 8 bits, whatever the input.
        loose = {"rtol": 2e-2, "atol": 2e-3} if theirs == "xielu" else {"rtol": 2e-5, "atol": 5e-6}
        expected = table[theirs].float()(x).detach()
        torch.testing.assert_close(found, expected, msg=theirs, **loose)


def test_swish_is_silu_to_the_others() -> None:
    """Ours learns beta, as in the source; none of theirs has anything to learn."""
    for title in ("keras.activations", "jax.nn", "timm", "HF ACT2FN"):
        if not OFFERS[title].why_not:
            assert OFFERS[title].names["swish"] == "silu"
    assert OFFERS["jax.nn"].by_ours["silu"] == ("silu", "swish")
    assert catalog.get("ACON-A").name == catalog.get("aconA").name == "swish"
    nn = importlib.import_module("jax.nn")
    assert nn.swish is nn.silu
    x = torch.linspace(-5, 5, 9)
    assert torch.equal(rt.activation("swish", learnable=False)(x), rt.functional.swish(x))
    torch.testing.assert_close(rt.functional.swish(x), torch.nn.functional.silu(x))


def test_a_missing_package_is_said_in_a_sentence() -> None:
    library = peers.Library("nowhere", "no_such_package", "a.py", lambda tree: [])
    offer = peers._offer(library)
    assert offer.names == {}
    assert offer.why_not == (
        "no_such_package is not installed; pip install no_such_package to compare with it."
    )


def test_unknown_names_stand_for_nothing() -> None:
    assert peers.resolve("swash") == ""
    assert peers.resolve("LeakyReLU") == "leaky_relu"
    assert peers.resolve("GLU") == "glu"
    assert peers.resolve("Softmax2d") == "softmax"


def test_the_square_root_of_softplus() -> None:
    f = rt.functional.sqrt_softplus
    x = torch.tensor([-80.0, 0.0, 1.0], requires_grad=True)
    y = f(x)
    y.sum().backward()
    assert y[0].item() == pytest.approx(math.exp(-40), rel=1e-6)
    assert y[2].item() == pytest.approx(math.sqrt(math.log1p(math.e)), rel=1e-6)
    assert x.grad is not None
    assert x.grad[1].item() == pytest.approx(0.25 / math.sqrt(math.log(2)), rel=1e-6)

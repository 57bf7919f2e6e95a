"""The card gathers what analysis knows, for the catalog and for anything a user defines."""

from __future__ import annotations

import numpy as np
import pytest
from catalog_limits import JUMPING

import rectifier
from rectifier import catalog
from rectifier.analysis import Card, card, gain, shape
from rectifier.definition import define
from rectifier.errors import InvalidActivationError, UnknownNameError


@pytest.mark.parametrize("name", catalog.names())
def test_every_activation_has_a_card(name: str) -> None:
    made = card(name)
    assert isinstance(made, Card)
    assert made.name == name
    assert made.gain == gain(name)
    assert made.formula == catalog.get(name).formula
    assert made.range[0] <= made.value.min()
    assert made.value.max() <= made.range[1]
    steepest = np.inf if name in JUMPING else max(map(abs, made.slope_range))
    assert made.lipschitz == pytest.approx(steepest)
    for array in (made.x, made.value, made.slope, made.curvature):
        assert array.shape == (1001,)
        assert np.isfinite(array).all()
        assert not array.flags.writeable
    # A central difference over 0.01 on each side, away from bends that are narrower than that.
    numeric = np.gradient(made.value, made.x)
    bends = (0.0, *shape.breakpoints(made.activation.expression, made.parameters))
    smooth = np.abs(made.x[:, None] - np.array(bends)).min(axis=1) > 0.1
    curved = 5e-4 * np.maximum(1, np.abs(made.slope))
    assert np.all(np.abs(numeric - made.slope)[1:-1] < curved[1:-1], where=smooth[1:-1])


def test_the_card_of_relu() -> None:
    made = rectifier.card("relu")
    assert made.monotone
    assert made.bounded_below
    assert not made.bounded_above
    assert not made.zero_centred
    assert made.homogeneous
    assert made.kinks == (0.0,)
    assert made.zero_gradient == ((-np.inf, 0.0),)
    assert made.minimum is None
    assert made.derivative == "where(x > 0, 1, 0)"
    assert made.latex == r"\max\left(x, 0\right)"
    assert made.sparsity == pytest.approx(0.5)
    assert card("tanh").zero_centred


def test_parameters_are_taken_into_account() -> None:
    assert card("leaky_relu", negative_slope=0.5).parameters == {"negative_slope": 0.5}
    assert card("elu", alpha=0.25).range[0] == pytest.approx(-0.25)


def test_functions_without_moments_still_have_a_card() -> None:
    made = card(define("burst", "exp(x ** 2)"))
    assert made.gain is None
    assert made.moments is None
    assert not made.zero_centred
    flat = card(define("flat", "0 * x"))
    assert flat.gain is None
    assert flat.sparsity == 1
    undefined = card(define("half", "sqrt(x)"))
    assert undefined.gain is None
    assert np.isnan(undefined.value[0])


def test_bad_names_and_values() -> None:
    with pytest.raises(UnknownNameError):
        card("nothing_like_it")
    with pytest.raises(InvalidActivationError, match="between"):
        card("elu", alpha=-1)

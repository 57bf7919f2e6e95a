from __future__ import annotations

import pytest

import rectifier
from rectifier import catalog
from rectifier.compare.arm import Arm, arms, mixed, split_list
from rectifier.errors import ExpressionError, InvalidInputError, UnknownNameError


def test_names_families_formulas_and_mixes() -> None:
    assert [arm.name for arm in arms(["ReLU", "gelu_new"])] == ["relu", "gelu_tanh"]
    assert [arm.name for arm in arms(["linear"])] == list(catalog.names("linear"))
    (formula,) = arms(["x*sigmoid(1.5*x)"])
    assert formula.name == "x_times_sigmoid_1p5_times_x"
    assert formula.layers[0].formula == rectifier.define("f", "x * sigmoid(1.5 * x)").formula
    (named,) = arms(["swash = x * sigmoid(1.5 * x)"])
    assert named.name == "swash"
    (mix,) = arms(["relu | gelu|x*tanh(x)"])
    assert [each.name for each in mix.layers] == ["relu", "gelu", "x_times_tanh_x"]
    assert mix.name == "relu|gelu|x_times_tanh_x"


def test_a_mix_of_one_is_no_mix() -> None:
    assert arms(["relu|relu", "relu"]) == (Arm.of(rectifier.get("relu")),)
    assert mixed([rectifier.get("gelu")] * 3).name == "gelu"


def test_a_mix_is_spread_over_the_places_in_equal_runs() -> None:
    (arm,) = arms(["relu|gelu|tanh"])
    assert [arm.at(place, 6).name for place in range(6)] == [
        "relu", "relu", "gelu", "gelu", "tanh", "tanh",
    ]  # fmt: skip
    with pytest.raises(InvalidInputError, match="names 3 activations, but the model has 2"):
        arm.at(0, 2)


def test_what_cannot_be_read_is_told() -> None:
    with pytest.raises(UnknownNameError, match="unknown activation 'rellu'; did you mean"):
        arms(["rellu"])
    with pytest.raises(UnknownNameError, match="did you mean"):
        arms(["relu|gelo"])
    with pytest.raises(InvalidInputError, match="a place without an activation"):
        arms(["relu|"])
    with pytest.raises(ExpressionError):
        arms(["x*"])
    with pytest.raises(ExpressionError):
        arms(["__import__('os')"])


def test_commas_within_formulas_do_not_part_them() -> None:
    assert split_list("relu, maximum(x, 0.1*x),gelu|mish,") == (
        "relu", "maximum(x, 0.1*x)", "gelu|mish",
    )  # fmt: skip

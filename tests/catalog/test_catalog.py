"""The catalog is found by scanning, answers by any usual name, and holds the published values."""

from __future__ import annotations

import math
import pickle
import re

import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import least_squares

import rectifier
from rectifier import catalog
from rectifier.activation import Activation
from rectifier.errors import ExpressionError, InvalidActivationError, UnknownNameError
from rectifier.expression import SCALAR, evaluate, parse, to_latex, to_text

EVERY = catalog.all_activations()
NEEDED = [
    "relu",
    "leaky_relu",
    "prelu",
    "elu",
    "selu",
    "gelu",
    "gelu_tanh",
    "silu",
    "swish",
    "mish",
    "softplus",
    "sigmoid",
    "tanh",
    "smu",
    "smu_1",
    "pau",
    "identity",
]


def test_what_the_first_issue_promises_is_there() -> None:
    assert set(NEEDED) <= set(catalog.names())
    assert set(catalog.families()) == {a.family for a in EVERY}
    assert [n for family in catalog.families() for n in catalog.names(family)] == list(
        catalog.names()
    )


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("relu", "relu"),
        ("ReLU", "relu"),
        (" GELU ", "gelu"),
        ("gelu_new", "gelu_tanh"),
        ("LeakyReLU", "leaky_relu"),
        ("leaky-relu", "leaky_relu"),
        ("lrelu", "leaky_relu"),
        ("SMU1", "smu_1"),
        ("Linear", "identity"),
    ],
)
def test_names_people_use(given: str, name: str) -> None:
    assert catalog.get(given).name == name
    assert rectifier.get(given) is catalog.get(name)


def test_unknown_names_list_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown activation 'mis'; did you mean 'mish'"):
        catalog.get("mis")
    with pytest.raises(UnknownNameError, match="unknown family 'soff'; did you mean 'soft'"):
        catalog.names("soff")
    with pytest.raises(UnknownNameError, match="expected one of"):
        catalog.get("")
    for thing in (None, 3, b"relu"):
        with pytest.raises(InvalidActivationError, match="expected the name of an activation"):
            catalog.get(thing)  # type: ignore[arg-type]


@pytest.mark.parametrize("spec", EVERY, ids=str)
def test_every_entry_is_complete(spec: Activation) -> None:
    assert spec.summary.endswith(".")
    assert spec.source.title
    if spec.name != "identity":
        assert spec.source.authors
        assert 1940 < (spec.source.year or 0) < 2030
        assert re.fullmatch(r"https://\S+", spec.source.url)
    assert all(param.description for param in spec.params.values())
    assert pickle.loads(pickle.dumps(spec)) == spec
    for expression in (
        spec.expression,
        spec.value_expression,
        spec.derivative_expression,
        spec.derivative(2),
    ):
        assert parse(to_text(expression), ("x", *spec.params)) == expression
        assert to_latex(expression)


@pytest.mark.parametrize("spec", EVERY, ids=str)
def test_learned_parameters_are_not_decayed(spec: Activation) -> None:
    assert all(not spec.params[name].weight_decay for name in spec.learnable)


def test_prelu_is_as_published() -> None:
    weight = catalog.get("prelu").params["weight"]
    assert (weight.default, weight.sharing, weight.learnable) == (0.25, "channel", True)


def test_mish_has_its_published_minimum() -> None:
    spec = catalog.get("mish")
    with mp.workdps(30):
        place = mp.findroot(lambda x: mp.diff(lambda v: v * mp.tanh(mp.log1p(mp.exp(v))), x), -1.2)
    value = evaluate(spec.expression, SCALAR, {"x": float(place)})
    assert round(float(place), 4) == -1.1924
    assert round(value, 5) == -0.30884
    assert abs(evaluate(spec.derivative_expression, SCALAR, {"x": float(place)})) < 1e-15


def test_smu_is_a_smooth_leaky_relu() -> None:
    for name in ("smu", "smu_1"):
        spec = catalog.get(name)
        given = spec.parameters()
        assert given["alpha"] == 0.25
        for x in (-2.0, -0.5, 0.5, 2.0):
            value = evaluate(spec.expression, SCALAR, {"x": x, **given})
            assert value == pytest.approx(max(x, 0.25 * x), rel=1e-12)
    assert catalog.get("smu").params["mu"].default == 1e6
    # With alpha 0 and mu 1/sqrt(2), SMU is GELU: the paper's own remark.
    gelu = evaluate(catalog.get("gelu").expression, SCALAR, {"x": 0.7})
    smu = catalog.get("smu").expression
    assert evaluate(smu, SCALAR, {"x": 0.7, "alpha": 0.0, "mu": math.sqrt(0.5)}) == (
        pytest.approx(gelu, rel=1e-14)
    )


def test_pau_starts_at_the_least_squares_fit_to_leaky_relu() -> None:
    x = np.linspace(-3, 3, 6001)
    target = np.where(x > 0, x, 0.01 * x)
    given = catalog.get("pau").parameters()

    def residual(p: np.ndarray) -> np.ndarray:
        above = sum(p[k] * x**k for k in range(6))
        below = sum(p[5 + k] * x**k for k in range(1, 5))
        return above / (1 + np.abs(below)) - target

    start = np.array(list(given.values()))
    assert list(given) == ["a0", "a1", "a2", "a3", "a4", "a5", "b1", "b2", "b3", "b4"]
    assert np.abs(residual(start)).max() < 0.034
    perturbed = start * 1.05 + 0.005
    fitted = least_squares(residual, perturbed, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    cost = 0.5 * np.sum(residual(start) ** 2)
    assert cost <= fitted.cost * (1 + 1e-7)
    assert 0.5 * np.sum(residual(perturbed) ** 2) > 2 * cost


@pytest.mark.parametrize("like", ["relu", "leaky_relu", "tanh", "sigmoid", "gelu", "swish"])
@pytest.mark.parametrize("name", ["pau", "pau_a", "pau_c", "pau_d"])
def test_pade_units_start_where_the_published_coefficients_say(name: str, like: str) -> None:
    x = np.linspace(-3, 3, 601)
    got = rectifier.numpy.function(name)(x, **catalog.pade_start(name, like))
    # Ordinary polynomials stay some 0.03 away from a corner; what is smooth is met closely.
    bar = 0.04 if "relu" in like else 0.01
    np.testing.assert_allclose(got, rectifier.numpy.function(like)(x), atol=bar)


def test_only_pade_units_have_published_coefficients() -> None:
    with pytest.raises(UnknownNameError, match="Padé unit 'relu'"):
        catalog.pade_start("relu")
    with pytest.raises(UnknownNameError, match="did you mean 'tanh'"):
        catalog.pade_start("pau", "tanhh")
    defaults = {name: catalog.get(name).parameters() for name in ("pau_a", "pau_c")}
    assert all(catalog.pade_start(name) == given for name, given in defaults.items())


def test_a_formula_stands_where_a_name_does() -> None:
    got = catalog.get("x*sigmoid(1.5*x)")
    assert got.name == "x_times_sigmoid_1p5_times_x"
    assert got.formula == rectifier.define("f", "x * sigmoid(1.5 * x)").formula
    assert catalog.get("twice = 2*x").name == "twice"
    # An equals sign within a comparison names nothing.
    assert catalog.get("where(x >= 0, x, -x)").formula == "where(x >= 0, x, -x)"
    assert catalog.get("fold = where(x >= 0, x, -x)").name == "fold"
    for text, told in (("x*", "end of the formula"), ("__import__('os')", "unknown function")):
        with pytest.raises(ExpressionError, match=told):
            catalog.get(text)
    for name in ("x", "max"):
        with pytest.raises(UnknownNameError):
            catalog.get(name)

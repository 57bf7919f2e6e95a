"""Activations are checked when they are built and say what is wrong with them."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError

import pytest

from rectifier import catalog
from rectifier.activation import Activation, Param, Source
from rectifier.definition import define
from rectifier.errors import ExpressionError, InvalidActivationError, UnknownNameError
from rectifier.expression import parse, to_text


def swash() -> Activation:
    return define("swash", "x * sigmoid(beta * x)", beta=Param(1.0, learnable=True), summary="s")


def test_a_definition_of_ones_own() -> None:
    made = swash()
    assert made.formula == "x * sigmoid(beta * x)"
    assert made.learnable == ("beta",)
    assert made.class_name == "Swash"
    assert made.family == "own"
    assert made.value_expression is made.expression
    assert made.derivative_expression == made.derivative()
    assert to_text(made.derivative(0)) == made.formula
    assert str(made) == "swash"
    assert "swash" not in catalog.names()
    assert catalog.get(made) is made


def test_stable_forms_are_what_is_evaluated() -> None:
    made = define("twice", "x + x", stable="2 * x", stable_derivative="2 + 0 * x")
    assert to_text(made.value_expression) == "2 * x"
    assert to_text(made.derivative_expression) == "2 + 0 * x"
    assert made.formula == "x + x"


def test_parameters_are_filled_and_checked() -> None:
    made = define("leak", "maximum(x, slope * x)", slope=Param(0.1, low=0, high=1))
    assert made.parameters() == {"slope": 0.1}
    assert made.parameters(slope=1) == {"slope": 1.0}
    for bad in (2, -0.1, float("nan"), float("inf"), "0.5", True, None, [1, 2], 1j):
        with pytest.raises(InvalidActivationError, match="slope"):
            made.parameters(slope=bad)
    with pytest.raises(InvalidActivationError, match="no parameter 'slop'; it takes slope"):
        made.parameters(slop=0.1)
    with pytest.raises(InvalidActivationError, match="it takes none"):
        catalog.get("relu").parameters(alpha=1)


def test_a_plain_number_is_a_parameter() -> None:
    assert define("scaled", "a * x", a=3).parameters() == {"a": 3.0}


def test_derivative_by_a_parameter_uses_the_stable_form() -> None:
    made = define("twice", "x * a + x * a", stable="2 * a * x", a=1)
    assert to_text(made.parameter_derivative("a")) == "2 * x"
    with pytest.raises(UnknownNameError, match="parameter of twice"):
        made.parameter_derivative("b")


@pytest.mark.parametrize("order", [-1, 5, 1.0, True, "1"])
def test_orders_of_derivatives_are_checked(order: object) -> None:
    with pytest.raises(InvalidActivationError, match="whole number from 0 to 4"):
        swash().derivative(order)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: define("Swash", "x"), "lower-case"),
        (lambda: define("", "x"), "lower-case"),
        (lambda: define("a b", "x"), "lower-case"),
        (lambda: define("f", "x", a=1), "does not use its parameters a"),
        (lambda: define("f", "x * pi", pi=1), "reserved"),
        (lambda: define("f", "x + a", a=float("nan")), "finite"),
        (lambda: define("f", "x + a", a="1"), "finite"),
        (lambda: Activation("f", "x"), "must be an expression"),
        (lambda: Activation("f", parse("x + a", ("x", "a"))), "uses a"),
        (lambda: Activation("f", parse("x"), class_name="1f"), "cannot name a class"),
        (lambda: Activation("f", parse("x"), aliases=("F",)), "lower-case"),
        (lambda: Activation("f", parse("x * a", ("x", "a")), {"a": 1}), "must be a Param"),
        (lambda: Param(2, high=1), "between -inf and 1"),
        (lambda: Param(0, low=float("inf")), "finite"),
        (lambda: Param(0, sharing="layer"), "'shared' or 'channel'"),
    ],
)
def test_nonsense_is_refused(build: object, message: str) -> None:
    with pytest.raises(InvalidActivationError, match=message):
        build()  # type: ignore[operator]


def test_formulas_are_checked() -> None:
    with pytest.raises(ExpressionError, match="unknown name 'beta'"):
        define("f", "x * beta")
    with pytest.raises(ExpressionError, match="unknown function 'tan'"):
        define("f", "x", stable="tan(x)")


def test_activations_are_values() -> None:
    one, two = swash(), swash()
    assert one == two
    assert hash(one) == hash(two)
    assert one != define("swash", "x * sigmoid(2 * beta * x)", beta=Param(1.0, learnable=True))
    assert one != define("swash", "x * sigmoid(beta * x)", beta=Param(2.0, learnable=True))
    assert one != "swash"
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.deepcopy(one) is one
    with pytest.raises(FrozenInstanceError):
        one.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        one.params["beta"] = Param(1)  # type: ignore[index]


def test_sources_read_as_citations() -> None:
    assert str(Source("A. Author", "A Title", 2001, url="https://example.org")) == (
        "A. Author (2001): A Title. https://example.org"
    )
    assert str(swash().source) == "defined by its user."


@pytest.mark.parametrize(
    ("formula", "given"),
    [
        ("1 / 0 * x", {}),
        ("x + log(-1 - x ** 2)", {}),
        ("x / (a - a)", {"a": 1.0}),
        ("sqrt(a) * x", {"a": -1.0}),
    ],
)
def test_a_formula_that_is_finite_nowhere_is_refused(formula: str, given: dict) -> None:
    with pytest.raises(InvalidActivationError, match=r"formula of activation 'f' has no finite"):
        define("f", formula, **given)
    with pytest.raises(InvalidActivationError, match=r"stable form of activation 'f'"):
        define("f", "x" + "".join(f" + {name}" for name in given), stable=formula, **given)


@pytest.mark.parametrize(
    "formula",
    # A branch that is not taken, a pole at 0, a domain of one half, constants, a jump.
    [
        "where(x >= 0, sqrt(x), -sqrt(-x))",
        "1 / x",
        "log(x)",
        "sqrt(-x)",
        "2 + 0 * x",
        "x / exp(800 * x)",
        "where(x > 3, 1, 0)",
    ],
)
def test_a_formula_that_is_finite_somewhere_is_taken(formula: str) -> None:
    assert define("f", formula).derivative_expression is not None


def test_binding_reads_no_mapping_that_older_tracers_cannot() -> None:
    """`torch.compile` of torch 2.4 to 2.8 stops at a mapping proxy: a call must not read one."""
    made = define("leaks", "maximum(x, slope * x)", slope=Param(0.1))
    softmax = copy.copy(catalog.rowwise("topk"))
    object.__setattr__(made, "params", None)
    object.__setattr__(softmax, "options", None)
    assert made.bind((0.2,), {}) == made.bind((), {"slope": 0.2}) == {"slope": 0.2}
    assert softmax.chosen({"k": 3}) == {"k": 3}

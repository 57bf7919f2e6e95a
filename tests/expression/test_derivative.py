"""Symbolic derivatives against numeric ones at 30 digits."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from expression_reference import TABLE
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rectifier.analysis.operations import FLOAT64
from rectifier.expression import (
    PRIMITIVES,
    SCALAR,
    Call,
    Constant,
    Expr,
    Variable,
    call,
    differentiate,
    evaluate,
    parse,
    simplify,
    to_text,
)

X = Variable("x")
SMOOTH = [
    "add",
    "sub",
    "mul",
    "neg",
    "square",
    "exp",
    "sigmoid",
    "softplus",
    "tanh",
    "erf",
    "erfc",
    "norm_cdf",
    "norm_pdf",
    "sin",
    "cos",
    "atan",
]


def numeric(expression: Expr, x: float) -> mp.mpf:
    return mp.diff(lambda v: evaluate(expression, TABLE, {"x": v}), mp.mpf(x))


def agree(expression: Expr, x: float) -> None:
    with mp.workdps(30):
        got = evaluate(differentiate(expression), TABLE, {"x": mp.mpf(x)})
        want = numeric(expression, x)
        assert abs(got - want) <= mp.mpf(10) ** -12 * (1 + abs(want)), to_text(expression)


@pytest.mark.parametrize("name", sorted(n for n in PRIMITIVES if not PRIMITIVES[n].boolean))
@pytest.mark.parametrize("x", [0.37, 1.9])
def test_every_rule(name: str, x: float) -> None:
    inner = (X * 0.7 + 0.2, call("sin", X) + 1.5, X * X)
    args = inner[: PRIMITIVES[name].arity]
    if name == "where":
        args = (call("gt", X, 1.0), *args[1:])
    agree(Call(name, args), x)


@pytest.mark.parametrize("text", ["x ** 3", "2 ** x", "x ** x", "(1 + x ** 2) ** -1.5", "1 / x"])
def test_powers(text: str) -> None:
    agree(parse(text), 1.3)


@given(
    st.recursive(
        st.just(X) | st.floats(-2, 2).map(Constant),
        lambda inner: st.sampled_from(SMOOTH).flatmap(
            lambda op: st.tuples(*[inner] * PRIMITIVES[op].arity).map(lambda a: Call(op, a))
        ),
        max_leaves=6,
    ),
    st.floats(-2, 2),
)
@settings(max_examples=150, deadline=None)
def test_chain_rule(expression: Expr, x: float) -> None:
    with mp.workdps(30):
        value = evaluate(expression, TABLE, {"x": mp.mpf(x)})
        assume(abs(value) < 1e6 and abs(numeric(expression, x)) < 1e6)
    agree(expression, x)


@given(
    st.recursive(
        st.just(X) | st.integers(-2, 2).map(float).map(Constant),
        lambda inner: st.sampled_from(
            ["add", "sub", "mul", "div", "neg", "square", "abs", "pow", "tanh", "maximum"]
        ).flatmap(lambda op: st.tuples(*[inner] * PRIMITIVES[op].arity).map(lambda a: Call(op, a))),
        max_leaves=8,
    ),
    st.floats(0.1, 2),
)
@settings(max_examples=300, deadline=None)
def test_simplify_keeps_the_value(expression: Expr, x: float) -> None:
    try:
        with mp.workdps(30):
            want = evaluate(expression, TABLE, {"x": mp.mpf(x)})
            got = evaluate(simplify(expression), TABLE, {"x": mp.mpf(x)})
    except (ArithmeticError, ValueError, TypeError):
        assume(False)
    assume(isinstance(want, float | mp.mpf))
    assume(mp.isfinite(want) and abs(want) < 1e9)
    assert abs(got - want) < 1e-9 * (1 + abs(want)), to_text(expression)


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("maximum(x, 0)", "where(x > 0, 1, 0)"),
        ("maximum(0, x)", "where(x > 0, 1, 0)"),
        ("minimum(x, 1)", "where(x < 1, 1, 0)"),
        ("minimum(1, x)", "where(x < 1, 1, 0)"),
        ("abs(x)", "sign(x)"),
        ("where(x > 0, x, 0.1 * x)", "where(x > 0, 1, 0.1)"),
        ("x * sigmoid(x)", "sigmoid(x) + x * (sigmoid(x) * sigmoid(-x))"),
        ("3", "0"),
        ("x", "1"),
        ("2 * x - x * 2", "0"),
    ],
)
def test_the_form_of_a_derivative(text: str, slope: str) -> None:
    assert to_text(differentiate(parse(text))) == slope


@pytest.mark.parametrize("text", ["maximum(x, 0)", "maximum(0, x)", "minimum(0, x)", "abs(x)"])
def test_the_derivative_at_a_kink_is_zero(text: str) -> None:
    assert evaluate(differentiate(parse(text)), SCALAR, {"x": 0.0}) == 0


def test_derivative_by_a_parameter() -> None:
    formula = parse("where(x > 0, x, weight * x)", ("x", "weight"))
    assert to_text(differentiate(formula, "weight")) == "where(x > 0, 0, x)"
    assert differentiate(formula, "absent").is_zero


def test_the_largest_formula_is_differentiated_in_bounded_time() -> None:
    text = "x*x"
    while len(text) < 4500:
        text = f"({text})*({text})"
    second = differentiate(differentiate(parse(text)))
    assert evaluate(second, SCALAR, {"x": 0.5}) >= 0
    chain = "tanh(" * 55 + "x" + ")" * 55
    assert 0 < evaluate(differentiate(parse(chain)), SCALAR, {"x": 0.5}) < 1


@pytest.mark.parametrize(
    "text",
    [
        "exp(p * log(maximum(x, 0)))",
        "sign(x) * exp(log(abs(x)) * p)",
        "exp(-p / square(x))",
        "exp(p * log(maximum(x, 0)) - x)",
    ],
)
@pytest.mark.parametrize("name", ["x", "p"])
def test_an_exponential_that_is_zero_is_flat(text: str, name: str) -> None:
    slope = differentiate(parse(text, ("x", "p")), name)
    further = differentiate(slope, name)
    with np.errstate(all="ignore"):
        for expression in (slope, further):
            assert evaluate(expression, FLOAT64, {"x": np.zeros(1), "p": 2.5}) == 0.0


def test_an_exponential_that_is_never_zero_keeps_its_plain_slope() -> None:
    assert to_text(differentiate(parse("exp(x / p)", ("x", "p")), "p")) == (
        "-(exp(x / p) * (x / p / p))"
    )

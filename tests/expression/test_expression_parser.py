"""The parser reads what it should and refuses all else with the place and the reason."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rectifier.errors import ExpressionError
from rectifier.expression import (
    PRIMITIVES,
    SCALAR,
    Call,
    Constant,
    Expr,
    Variable,
    call,
    evaluate,
    parse,
    to_latex,
    to_text,
)

X = Variable("x")
NUMERIC = sorted(name for name, p in PRIMITIVES.items() if not p.boolean and name != "where")
COMPARISONS = sorted(name for name, p in PRIMITIVES.items() if p.boolean)


def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    def apply(op: str) -> st.SearchStrategy[Expr]:
        return st.tuples(*[inner] * PRIMITIVES[op].arity).map(lambda args: Call(op, args))

    condition = st.sampled_from(COMPARISONS).flatmap(apply)
    where = st.tuples(condition, inner, inner).map(lambda args: Call("where", args))
    return st.sampled_from(NUMERIC).flatmap(apply) | where


LEAVES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(Constant),
    st.integers(-3, 3).map(float).map(Constant),
    st.sampled_from(["x", "beta", "a0"]).map(Variable),
)
EXPRESSIONS = st.recursive(LEAVES, grow, max_leaves=12)


@given(EXPRESSIONS)
@settings(max_examples=400, deadline=None)
def test_text_reads_back_as_the_same_tree(expression: Expr) -> None:
    assert parse(to_text(expression), ("x", "beta", "a0")) == expression
    assert to_latex(expression).count("{") == to_latex(expression).count("}")


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_an_expression_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert isinstance(parse(text), Expr)


@given(st.text(alphabet="x12.+-*/()<>=, whereminab", max_size=40))
@settings(max_examples=400, deadline=None)
def test_text_of_allowed_characters_never_crashes(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert isinstance(parse(text), Expr)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4", 14),
        ("2 - 3 - 4", -5),
        ("16 / 4 / 2", 2),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("(-2) ** 2", 4),
        ("2 ** -1", 0.5),
        ("2 * -3", -6),
        ("--2", 2),
        ("+2", 2),
        (".5e1 + 1.", 6),
        ("where((1 < 2), 3, 4)", 3),
        ("clip(7, -1, 1) + relu(-3) + max(1, 2) * min(1, 2)", 3),
        ("cos(pi)", -1),
        (" \t\n1 \r\n", 1),
    ],
)
def test_the_grammar_is_pythons(text: str, value: float) -> None:
    assert evaluate(parse(text), SCALAR, {}) == value


@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        ("", ["empty"]),
        ("   ", ["empty"]),
        ("__import__('os')", ["unknown function '__import__'", "character 1 ", "allowed"]),
        ("x.__class__", ["character 2 ", "attributes"]),
        ("'x'", ["strings"]),
        ("lambda x: x", ["unknown name 'lambda'", "allowed"]),
        ("[x for x in x]", ["round parentheses"]),
        ("sigmod(x)", ["unknown function 'sigmod'", "sigmoid"]),
        ("x + y", ["unknown name 'y'", "character 5 ", "x"]),
        ("max(x)", ["max takes 2 arguments, got 1"]),
        ("tanh()", ["tanh takes 1 argument, got 0"]),
        ("tanh", ["'(' after the function tanh"]),
        ("x(3)", ["got '('"]),
        ("2x", ["got 'x'", "character 2 "]),
        ("1_000", ["got '_000'"]),
        ("x +", ["got the end of the formula"]),
        ("(x", ["')'", "got the end"]),
        ("x)", ["got ')'"]),
        ("x = 3", ["== to compare"]),
        ("x ^ 2", ["** for a power"]),
        ("x; x", ["';'"]),
        ("1e999", ["too large"]),
        ("9" * 5000, ["too large"]),
        ("x + е", ["U+0435", "ASCII"]),  # a Cyrillic letter that looks like Latin e
        ("ｘ", ["U+FF58"]),
        ("x\x00", ["U+0000"]),
        ("x > 0", ["comparison", "where"]),
        ("(x > 0) * x", ["comparison", "where"]),
        ("tanh(x > 0)", ["comparison"]),
        ("where(x, 1, 2)", ["must be a comparison"]),
        ("where(0 < x < 1, 1, 2)", ["got '<'"]),
        ("clip(x > 0, 1, 2)", ["comparison"]),
        ("-" * 5000 + "x", ["nests deeper"]),
        ("(" * 4000 + "x" + ")" * 4000, ["nests deeper"]),
        ("tanh(" * 999 + "x" + ")" * 999, ["nests deeper"]),
        ("2 ** " * 500 + "x", ["nests deeper"]),
        ("+".join("x" * 1000), ["deeper than 200"]),
    ],
)
def test_what_is_no_formula_is_refused_with_the_reason(text: str, fragments: list[str]) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    for fragment in fragments:
        assert fragment in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("part", ["(", "x", "((x)+"])
def test_ten_megabytes_are_refused_at_once(part: str) -> None:
    text = part * (10_000_000 // len(part))
    start = time.perf_counter()
    with pytest.raises(ExpressionError, match="at most 10000 characters"):
        parse(text)
    assert time.perf_counter() - start < 0.1


@pytest.mark.parametrize("thing", [None, 3, b"x", ["x"]])
def test_only_text_is_read(thing: object) -> None:
    with pytest.raises(ExpressionError, match="must be text"):
        parse(thing)  # type: ignore[arg-type]


def test_a_name_shadows_nothing_that_is_a_function() -> None:
    with pytest.raises(ExpressionError, match="cannot name a variable"):
        parse("x", ("x", "tanh"))


def test_squares_are_written_as_powers_and_powers_of_two_stay_powers() -> None:
    assert to_text(parse("x ** 2")) == "x ** 2"
    assert parse("x ** 2") == call("square", X)
    assert to_text(call("pow", X, 2)) == "pow(x, 2)"


def test_latex_of_what_people_know() -> None:
    assert to_latex(parse("x * sigmoid(beta * x)", ("x", "beta"))) == (
        r"x \, \sigma\left(\beta \, x\right)"
    )
    assert to_latex(parse("(x + 1) ** 2 / exp(-x)")) == r"\frac{\left(x + 1\right)^{2}}{e^{-x}}"
    assert to_latex(parse("a0 - (x - 1e-9)", ("x", "a0"))) == (r"a_{0} - \left(x - 10^{-9}\right)")

"""Trees are immutable, shared, comparable whatever their size, and evaluated once per node."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

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
    free_names,
    parse,
    postorder,
    substitute,
    to_text,
)

X = Variable("x")


def doubled(levels: int) -> Expr:
    node: Expr = X
    for _ in range(levels):
        node = node + node
    return node


def test_shared_graphs_compare_and_evaluate_in_linear_time() -> None:
    one, two = doubled(300), doubled(300)
    assert one == two
    assert hash(one) == hash(two)
    assert one != doubled(301)
    assert len(list(postorder(one))) == 301
    assert evaluate(one, SCALAR, {"x": 1.0}) == 2.0**300


def test_a_shared_subexpression_is_evaluated_once() -> None:
    calls: list[float] = []
    table = {**SCALAR, "exp": lambda a: calls.append(a) or 1.0}
    evaluate(parse("exp(x) * exp(x) + exp(x)"), table, {"x": 2.0})
    assert calls == [2.0]


def test_operators_build_trees_from_both_sides() -> None:
    tree = 1 - 2 / (X**2 + 3 * X) * -X + X**0.5 - 2**X
    assert to_text(tree) == "1 - 2 / (x ** 2 + 3 * x) * -x + x ** 0.5 - 2 ** x"


def test_nodes_are_frozen_and_travel_between_processes() -> None:
    tree = parse("where(x > 0, x, beta * expm1(x))", ("x", "beta"))
    assert pickle.loads(pickle.dumps(tree)) == tree
    assert copy.deepcopy(tree) == tree
    with pytest.raises(FrozenInstanceError):
        tree.op = "sub"  # type: ignore[attr-defined]
    # The hash of a string differs from process to process and must not travel along.
    code = (
        "import pickle,sys; from rectifier.expression import parse;"
        "t=pickle.loads(sys.stdin.buffer.read());"
        "sys.exit(t not in {parse('where(x > 0, x, beta * expm1(x))', ('x', 'beta'))})"
    )
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps(tree), check=True, timeout=60)


def test_substitute_and_free_names() -> None:
    tree = parse("x * sigmoid(beta * x)", ("x", "beta"))
    assert free_names(tree) == {"x", "beta"}
    assert to_text(substitute(tree, {"beta": 2, "x": X + 1})) == "(x + 1) * sigmoid(2 * (x + 1))"
    assert substitute(tree, {"other": 1}) == tree


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Call("tan", (X,)), "no primitive 'tan'"),
        (lambda: Call("exp", (X, X)), "exp takes 1 argument, got 2"),
        (lambda: Constant(float("inf")), "finite"),
        (lambda: Constant(float("nan")), "finite"),
        (lambda: Variable("a b"), "cannot name"),
        (lambda: Variable("exp"), "cannot name"),
        (lambda: X + "1", "expected an expression or a number"),
        (lambda: X + True, "expected an expression or a number"),
        (lambda: call("add", call("lt", X, 0), 1), "comparison"),
        (lambda: call("where", X, 1, 2), "must be a comparison"),
        (lambda: evaluate(X, SCALAR, {"y": 1}), "needs a value for 'x'"),
        (lambda: evaluate(-X, {}, {"x": 1}), "no 'neg'"),
    ],
)
def test_nonsense_is_refused(build: object, message: str) -> None:
    with pytest.raises(ExpressionError, match=message.replace("(", r"\(")):
        build()  # type: ignore[operator]


def test_every_primitive_is_complete() -> None:
    for name, primitive in PRIMITIVES.items():
        assert primitive.name == name
        assert SCALAR[name] is primitive.scalar
        assert primitive.latex.format(*"abc"[: primitive.arity]).count("a") >= 1
    assert 28 <= len(PRIMITIVES) <= 36


def test_the_package_needs_the_standard_library_only() -> None:
    code = (
        "import sys; import rectifier.expression, rectifier.activation, rectifier.catalog as c;"
        "c.all_activations(); sys.exit(bool({'numpy', 'scipy', 'torch'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

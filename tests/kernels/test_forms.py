"""Better forms compute what they stand for: rearranged formulas against the catalog's own."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from rectifier import catalog, define
from rectifier.analysis.operations import FLOAT64
from rectifier.expression import Expr, evaluate, postorder, to_text
from rectifier.expression.tree import Call
from rectifier.kernels.bounds import bounds
from rectifier.kernels.forms import ON_CPU, arrange, form, odd_cubic

ROUNDING = 1e-12
"""Relative; a rearranged product of doubles rounds a few times elsewhere."""


def formulas() -> list[tuple[Expr, dict[str, float]]]:
    found = []
    for spec in catalog.all_activations():
        given = {name: param.default for name, param in spec.params.items()}
        found += [(e, given) for e in (spec.value_expression, spec.derivative_expression)]
    for name in catalog.gated_names():
        unit = catalog.gated(name)
        given = {key: param.default for key, param in unit.params.items()} | {"gate": 0.7}
        parts = (unit.value_expression, unit.derivative_expression)
        found += [(e, given) for e in (*parts, unit.parameter_derivative("gate"))]
        found.append((unit.parameter_derivative("gate"), given | {"gate": -1.3}))
    return found


def test_arranging_keeps_the_values() -> None:
    x = np.concatenate([np.linspace(-9, 9, 181), [1e-8, -1e-8, 25.0, -25.0]])
    changed = 0
    for expression, given in formulas():
        arranged = arrange(expression)
        changed += arranged != expression
        with np.errstate(all="ignore"):
            values = {"x": x, **given}
            before, after = (
                np.broadcast_to(evaluate(e, FLOAT64, values), x.shape)
                for e in (expression, arranged)
            )
        scale = np.max(np.abs(before[np.isfinite(before)]), initial=0.0)
        here = to_text(expression)
        np.testing.assert_allclose(
            after, before, rtol=ROUNDING, atol=ROUNDING * scale, err_msg=here
        )
    assert changed > 3, changed


@pytest.mark.parametrize(
    ("formula", "function"),
    [
        ("maximum(x, -40) * norm_cdf(x)", "own_norm_cdf"),
        ("x * sigmoid(2 * x) * x", "mul_sigmoid"),
        ("sigmoid(x) + x * (sigmoid(x) * sigmoid(-x) * 3)", "gate_slope"),
        ("where(abs(x) < 1, x / 3, x - tanh(x))", "minus_tanh"),
        ("where(abs(x) < 2, x / 3, x - tanh(x))", "where"),
        ("x * tanh(x)", "own_tanh"),
        ("3 * x * tanh(exp(x))", "mul_tanh_exp"),
        ("x * log1p(sigmoid(x))", "mul_log1p_sigmoid"),
        ("x * tanh(log1p(sigmoid(x)))", "mul_tanh_log1p_sigmoid"),
        ("x / 6", "div_constant"),
        ("3 * where(x > 0, x, 2 * exp(x))", "where"),
    ],
)
def test_a_form_is_found(formula: str, function: str) -> None:
    root = arrange(define("formed", formula).value_expression)
    assert isinstance(root, Call)
    used = Counter(a for node in postorder(root) if isinstance(node, Call) for a in node.args)
    assert form(root, bounds(root, {}), used)[0] == function


@pytest.mark.parametrize("name", ["lisht", "logish", "smish", "tanh_exp"])
def test_derivatives_have_the_forms_that_a_gpu_does_without(name: str) -> None:
    spec = catalog.get(name)
    for expression in (spec.value_expression, spec.derivative_expression):
        root = arrange(expression)
        calls = [node for node in postorder(root) if isinstance(node, Call)]
        used = Counter(argument for node in calls for argument in node.args)
        between = bounds(root, {})
        found = {form(node, between, used)[0] for node in calls} & ON_CPU
        assert found or (name == "lisht" and expression is spec.derivative_expression)
        assert not ON_CPU & {form(node, between, used, ON_CPU)[0] for node in calls}


def test_a_cubic_needs_constants() -> None:
    found = odd_cubic(define("cubic", "x * (1.5 + 0.07 * x ** 2)").value_expression)
    assert found is not None
    assert found[0] == "odd_cubic"
    other = define("other", "x * (b + 0.07 * x ** 2)", b=1.5)
    assert odd_cubic(other.value_expression) is None

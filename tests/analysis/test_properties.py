"""Each computed property against a search by brute force, for the whole catalog, and textbooks.

The searches know no expression rules: they take values at many points, in fp64 or by mpmath.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from expression_reference import TABLE, exact

from rectifier import analysis, catalog
from rectifier.activation import Activation
from rectifier.analysis import Card, Cost, card, shape
from rectifier.analysis.operations import values
from rectifier.definition import define
from rectifier.expression import PRIMITIVES, evaluate

INF = math.inf
ALL = catalog.all_activations()
NEAR = np.geomspace(1e-12, 30, 1501)
POINTS = np.unique(np.concatenate([-NEAR, [0.0], NEAR, np.linspace(-30, 30, 12001)]))
POINTS.setflags(write=False)
FAR = 10.0 ** np.array([2, 3, 4, 6, 8, 12])


@functools.cache
def made(spec: Activation) -> Card:
    return card(spec)


def points_of(made: Card) -> np.ndarray:
    """The grid, with what lies closely on both sides of each kink."""
    beside = [k + s for k in made.kinks for s in (-1e-9, 1e-9)]
    return np.unique(np.concatenate([POINTS, beside]))


def searched(f: np.ndarray, far: np.ndarray) -> tuple[float, float]:
    """Lowest and highest value; infinite where a value far out is high, or higher than the rest."""
    known = far[~np.isnan(far)]
    low, high = float(np.nanmin(f)), float(np.nanmax(f))
    grows = known.size and np.abs(known).max() > max(20, 1.2 * np.nanmax(np.abs(f)))
    if grows:
        low = -INF if known.min() < -20 else low
        high = INF if known.max() > 20 else high
    return min(low, *known, INF), max(high, *known, -INF)


@pytest.mark.parametrize("spec", ALL, ids=str)
def test_range_and_slopes_by_search(spec: Activation) -> None:
    found = made(spec)
    x, far = points_of(found), np.concatenate([-FAR[::-1], FAR])
    for expression, span in (
        (spec.value_expression, found.range),
        (spec.derivative_expression, found.slope_range),
    ):
        f = values(expression, x, found.parameters)
        assert searched(f, values(expression, far, found.parameters)) == pytest.approx(
            span, rel=1e-3, abs=1e-4
        )


@pytest.mark.parametrize("spec", ALL, ids=str)
def test_lipschitz_constants_by_difference_quotients(spec: Activation) -> None:
    found = made(spec)
    x = points_of(found)
    cases = [(spec.value_expression, spec.derivative_expression, found.lipschitz)]
    if found.smoothness >= 0:
        cases.append((spec.derivative_expression, spec.derivative(2), found.slope_lipschitz))
    for expression, slope, constant in cases:
        f = values(expression, x, found.parameters)
        # Two neighbours so close that their rounding errors alone make a slope say nothing.
        quotients = np.abs(np.diff(f) / np.diff(x))
        clear = 4 * np.spacing(np.abs(f[1:])) < 1e-5 * np.diff(x) * np.maximum(1, quotients)
        steepest = quotients[clear].max()
        far = np.abs(values(slope, FAR, found.parameters))
        if math.isinf(constant):
            assert steepest > 1e4 or np.nanmax(far) > 100
        else:
            assert steepest == pytest.approx(constant, rel=2e-3, abs=1e-4)


@pytest.mark.parametrize("spec", ALL, ids=str)
def test_monotone_invertible_symmetric_by_exact_values(spec: Activation) -> None:
    found = made(spec)
    x = np.sort(np.random.default_rng(0).uniform(-6.4, 6.4, 90))
    at = {**found.parameters}
    with mp.workdps(320):  # exp(-exp(6.4)) beside 1
        f = [evaluate(spec.expression, TABLE, {**at, "x": mp.mpf(v)}) for v in x]
        steps = [mp.sign(b - a) for a, b in itertools.pairwise(f)]
    assert found.invertible == (abs(sum(steps)) == len(steps))
    assert found.monotone == (min(steps) >= 0 or max(steps) <= 0)
    mirrored = [exact(spec.expression, {**at, "x": -float(v)}) for v in x[::9]]
    for sign, kind in ((-1, "odd"), (1, "even")):
        same = all(mp.almosteq(m, sign * v, 1e-14) for m, v in zip(mirrored, f[::9], strict=True))
        assert same == (found.symmetry == kind)
    slopes = [exact(spec.derivative(), {**at, "x": float(v)}) for v in x[::9]]
    for v, slope in zip(x[::9], slopes, strict=True):
        inside = any(low < v < high for low, high in found.zero_gradient)
        assert inside == (slope == 0)


def sided(spec: Activation, given: Any, point: float, side: int, orders: int) -> list[Any]:
    """One-sided derivatives of order 0 to `orders` by differences of exact values."""
    with mp.workdps(120):
        h = mp.mpf(10) ** -12
        places = [mp.mpf(point) + side * h * (k + mp.mpf("0.01")) for k in range(orders + 1)]
        f = [evaluate(spec.expression, TABLE, {**given, "x": place}) for place in places]
        found = []
        for _ in range(orders + 1):
            found.append(f[0])
            f = [(b - a) / (side * h) for a, b in itertools.pairwise(f)]
        return found


@pytest.mark.parametrize(
    "spec", [s for s in ALL if shape.breakpoints(s.expression, s.parameters())], ids=str
)
def test_smoothness_by_one_sided_differences(spec: Activation) -> None:
    found = made(spec)
    orders = 3 if math.isinf(found.smoothness) else int(found.smoothness) + 1
    first = INF
    for point in shape.breakpoints(spec.expression, found.parameters):
        left, right = (sided(spec, found.parameters, point, side, orders) for side in (-1, 1))
        apart = [abs(a - b) > 1e-6 * (1 + abs(a)) for a, b in zip(left, right, strict=True)]
        if True in apart:
            first = min(first, apart.index(True))
        assert (point in found.kinks) == any(apart[:2])
    assert first - 1 == found.smoothness


class Traced:
    """A number that is only known to depend on x, and what it was made of."""


@pytest.mark.parametrize("spec", ALL, ids=str)
def test_cost_by_running_the_formula(spec: Activation) -> None:
    """Counts what an evaluation really calls."""
    counted = {"flops": 0, "calls": 0}
    calls = {"exp", "expm1", "log", "log1p", "tanh", "erf", "erfc", "sin", "cos", "atan"}
    made_of = {"sigmoid": (3, 1), "softplus": (1, 2), "norm_cdf": (3, 1), "norm_pdf": (3, 1)}

    def operation(name: str) -> Any:
        def run(*arguments: Any) -> Any:
            if not any(isinstance(a, Traced) for a in arguments):
                return None
            flops, transcendental = made_of.get(name, (0, 1) if name in calls else (1, 0))
            if name == "pow":
                p = arguments[1]
                whole = isinstance(p, float) and p in range(2, 17)
                products = {3: 2, 4: 2, 5: 3, 6: 3, 7: 4, 8: 3}
                flops, transcendental = (products[int(p)], 0) if whole else (0, 1)
            counted["flops"] += flops
            counted["calls"] += transcendental
            return Traced()

        return run

    given = dict.fromkeys(spec.params, None)
    evaluate(
        spec.expression, {name: operation(name) for name in PRIMITIVES}, {"x": Traced(), **given}
    )
    cost = analysis.cost(spec)
    assert cost == Cost(counted["flops"], counted["calls"])
    both = analysis.training_cost(spec)
    assert both.flops >= cost.flops
    assert both.transcendental >= cost.transcendental


@pytest.mark.parametrize(
    ("name", "flops", "calls"),
    [
        ("identity", 0, 0),
        ("relu", 1, 0),
        ("leaky_relu", 3, 0),  # a product, a comparison, a choice
        ("tanh", 0, 1),
        ("sigmoid", 3, 1),
        ("silu", 4, 1),
        ("gelu", 4, 1),
        ("elu", 3, 1),
        ("mish", 2, 3),  # exp, log, tanh
        ("softsign", 3, 0),
        ("gaussian", 2, 1),
        ("hard_sigmoid", 4, 0),
    ],
)
def test_costs_counted_by_hand(name: str, flops: int, calls: int) -> None:
    assert analysis.cost(name) == Cost(flops, calls)


TEXTBOOK = {
    # Lipschitz constant of f and f', smoothness, invertible, symmetry, bounded below and above
    "relu": (1, INF, 0, False, None, True, False),
    "leaky_relu": (1, INF, 0, True, None, False, False),
    "elu": (1, 1, 1, True, None, True, False),
    "selu": (1.0507009873554805 * 1.6732632423543772, INF, 0, True, None, True, False),
    "sigmoid": (1 / 4, 1 / (6 * math.sqrt(3)), INF, True, None, True, True),
    "tanh": (1, 4 / (3 * math.sqrt(3)), INF, True, "odd", True, True),
    "softplus": (1, 1 / 4, INF, True, None, True, False),
    "softsign": (1, 2, 1, True, "odd", True, True),
    "arctan": (1, 3 * math.sqrt(3) / 8, INF, True, "odd", True, True),
    "gelu": (1.1289041451851547, 2 / math.sqrt(2 * math.pi), INF, False, None, True, False),
    "silu": (1.0998393194, 1 / 2, INF, False, None, True, False),
    "gaussian": (math.sqrt(2 / math.e), 2, INF, False, "even", True, True),
    "sine": (1, 1, INF, False, "odd", True, True),
    "relu_squared": (INF, 2, 1, False, None, True, False),
    "identity": (1, 0, INF, True, "odd", False, False),
    "step": (INF, INF, -1, False, None, True, True),
    "modulus": (1, INF, 0, False, "even", True, False),
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_values(name: str) -> None:
    found = card(name)
    lipschitz, slope, smoothness, invertible, symmetry, below, above = TEXTBOOK[name]
    assert found.lipschitz == pytest.approx(lipschitz, rel=1e-9)
    assert found.slope_lipschitz == pytest.approx(slope, rel=1e-9)
    assert found.smoothness == smoothness
    assert (found.invertible, found.symmetry) == (invertible, symmetry)
    assert (found.bounded_below, found.bounded_above) == (below, above)


@pytest.mark.parametrize(
    ("formula", "smoothness"),
    [
        ("1 / x", -1),
        ("sqrt(abs(x))", 0),
        ("x * log(abs(x))", 0),
        ("maximum(x, 0) ** 1.5", 1),
        ("x * abs(x) ** 3", 3),
        ("where(x > 0, x ** 5, 0)", 4),
        ("sqrt(x ** 2 + 1)", INF),
        ("abs(x) ** 2", INF),
        ("where(x > 2, log(x), x / 2 - 1 + log(2))", 1),
    ],
)
def test_smoothness_of_formulas(formula: str, smoothness: float) -> None:
    assert analysis.smoothness(define("f", formula)) == smoothness


@pytest.mark.parametrize("spec", ALL, ids=str)
def test_sparsity_and_centre_by_drawing(spec: Activation) -> None:
    found = made(spec)
    z = np.random.default_rng(1).standard_normal(40_000)
    small = np.concatenate([scale * z[:999] for scale in (1, 1e-3, 1e-6, 1e-9)])
    f = values(spec.value_expression, z, found.parameters)
    assert found.sparsity == pytest.approx(float((f == 0).mean()), abs=0.01)
    assert found.moments is not None
    assert found.moments.mean == pytest.approx(f.mean(), abs=6 * f.std() / 200 + 1e-12)
    if found.zero_centred:
        assert abs(f.mean()) < 6 * f.std() / 200
    one, more = (values(spec.value_expression, c * small, found.parameters) for c in (1, 2.7))
    assert found.homogeneous == bool(np.allclose(more, 2.7 * one, rtol=1e-12, atol=0))


def test_a_formula_of_ones_own_has_everything() -> None:
    own = define("swash", "x * sigmoid(b * x)", b=1.5)
    data = json.loads(json.dumps(card(own).to_dict(), allow_nan=False))
    assert data["smoothness"] == "Infinity"
    assert data["range"] == [pytest.approx(-0.18564, abs=1e-4), "Infinity"]
    assert data["parameters"] == {"b": 1.5}
    assert data["cost"] == {"flops": 5, "transcendental": 1}
    assert data["gain"] == analysis.gain(own)
    undefined = card(define("half", "sqrt(x)")).to_dict()
    json.dumps(undefined, allow_nan=False)
    assert undefined["gain"] is None


def test_what_no_grid_would_show() -> None:
    assert not analysis.is_invertible(define("flat", "where(abs(x) < 1, 0, x)"))
    assert analysis.is_invertible(define("gap", "where(x > 0, x + 1, x)"))
    assert analysis.symmetry(define("zero", "0 * x")) == "even"
    assert card("leaky_relu", negative_slope=-0.5).invertible is False
    assert analysis.slope_lipschitz("elu", alpha=2.0) == INF

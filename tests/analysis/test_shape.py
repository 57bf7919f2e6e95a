"""Kinks, pieces, range and slopes, read from the expression."""

from __future__ import annotations

import math

import pytest

from rectifier import analysis, catalog
from rectifier.analysis import breakpoints, kinks, shape
from rectifier.definition import define
from rectifier.expression import differentiate, parse

INF = math.inf


@pytest.mark.parametrize(
    ("formula", "points"),
    [
        ("maximum(x, 0)", [0]),
        ("abs(x - 1.5)", [1.5]),
        ("clip(x, 0, 6)", [0, 6]),
        ("where(x < 0, 0, where(x <= 1, x ** 2, 2 * x - 1))", []),
        ("where(x < 0, 0, where(x <= 1, x ** 2, x))", [1]),
        ("sign(x ** 2 - 2)", [-math.sqrt(2), math.sqrt(2)]),
        ("sign(maximum(x, 0))", [0]),
        ("abs(x ** 2)", []),
        ("abs(sin(x))", [k * math.pi for k in range(-20, 21)]),
        ("x * tanh(x)", []),
        ("where(x > 0, x, expm1(x))", []),
        ("where(x > 0, x, 2 * expm1(x))", [0]),
        ("maximum(x - 1e-5, 0)", [1e-5]),
        ("maximum(x, x)", []),
    ],
)
def test_kinks(formula: str, points: list[float]) -> None:
    assert kinks(parse(formula)) == pytest.approx(points, abs=1e-9)


def test_kinks_are_exact_numbers_where_they_can_be() -> None:
    assert kinks(parse("clip(x, -1, 0.1)")) == (-1.0, 0.1)
    assert breakpoints(parse("where(x > t, x, 0)", ("x", "t")), {"t": 3.25}) == (3.25,)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("relu", 0, INF),
        ("leaky_relu", -INF, INF),
        ("elu", -1, INF),
        ("selu", -1.7580993408473766, INF),
        ("gelu", -0.16997120747990366, INF),
        ("silu", -0.27846454276107374, INF),
        ("mish", -0.30884341301725043, INF),
        ("softplus", 0, INF),
        ("sigmoid", 0, 1),
        ("tanh", -1, 1),
        ("identity", -INF, INF),
        ("pau", -INF, INF),
    ],
)
def test_ranges_of_the_catalog(name: str, low: float, high: float) -> None:
    assert analysis.output_range(name) == pytest.approx((low, high), abs=1e-14)


@pytest.mark.parametrize(
    ("formula", "bounds"),
    [
        ("sin(x)", (-1, 1)),
        ("atan(x)", (-math.pi / 2, math.pi / 2)),
        ("x / (1 + abs(x))", (-1, 1)),
        ("exp(-(x - 3) ** 2)", (0, 1)),
        ("log1p(x ** 2)", (0, INF)),
        ("-exp(x)", (-INF, 0)),
        ("2", (2, 2)),
        ("x ** 3", (-INF, INF)),
        ("x * cos(x)", (-INF, INF)),
        ("x - cos(x)", (-INF, INF)),
        ("1 / x", (-INF, INF)),
    ],
)
def test_ranges_of_formulas(formula: str, bounds: tuple[float, float]) -> None:
    low, high = shape.bounds(parse(formula))
    assert (low, high) == pytest.approx(bounds, abs=1e-6)


def test_zero_gradient_regions() -> None:
    assert analysis.zero_gradient_region("relu") == ((-INF, 0.0),)
    assert analysis.zero_gradient_region("leaky_relu") == ()
    assert analysis.zero_gradient_region("leaky_relu", negative_slope=0) == ((-INF, 0.0),)
    assert analysis.zero_gradient_region(define("relu6", "clip(x, 0, 6)")) == (
        (-INF, 0.0),
        (6.0, INF),
    )
    assert analysis.zero_gradient_region(define("flat", "3 + 0 * x")) == ((-INF, INF),)
    # Saturation is no region: these derivatives are tiny, and 0 only by underflow.
    for name in ("sigmoid", "tanh", "gelu", "mish", "elu"):
        assert analysis.zero_gradient_region(name) == ()
    assert analysis.zero_gradient_region("softplus", beta=1000) == ()


def test_monotonicity() -> None:
    turning = {name for name in catalog.names() if not analysis.is_monotone(name)}
    assert turning == TURNING
    assert analysis.is_monotone("plu", alpha=0.0)
    assert shape.direction(parse("-tanh(x)")) == "decreasing"
    assert shape.direction(parse("2 + 0 * x")) == "constant"
    assert shape.direction(parse("log(x)")) is None


TURNING = {
    *("pau_a", "pau_c", "pau_d"),
    *("gelu", "gelu_tanh", "silu", "swish", "mish", "pau", "quick_gelu", "clipped_gelu", "sgelu"),
    *("e_swish", "dsilu", "bsilu", "aria2", "srs", "lisht", "tanh_exp", "serf", "erfact", "pserf"),
    *("logish", "smish", "phish", "gish", "golu", "aptx", "hard_swish", "hard_mish", "hard_elish"),
    *("elish", "serlu", "reu", "xielu", "gaussian", "resech", "crrelu", "sine", "cosine", "gcu"),
    *("sinlu", "coslu", "square", "squ", "ncu", "modulus", "soft_modulus_q", "soft_modulus_t"),
}


def test_homogeneity() -> None:
    homogeneous = {name for name in catalog.names() if analysis.is_homogeneous(name)}
    starts = {"tlu", "srelu", "shilu", "soft_exponential"}  # as ReLU, as the identity
    always = {"relu", "leaky_relu", "prelu", "rrelu", "lelelu", "modulus", "identity"}
    assert homogeneous == always | starts


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("relu", 1),
        ("sigmoid", 0.25),
        ("tanh", 1),
        ("identity", 1),
        ("selu", 1.7580993408473766),
        ("gelu", 1.1289041451851547),
        ("mish", 1.0884981612512),
        ("softplus", 1),
    ],
)
def test_lipschitz_constants(name: str, slope: float) -> None:
    assert analysis.lipschitz(name) == pytest.approx(slope, rel=1e-12)


def test_functions_without_a_lipschitz_constant() -> None:
    assert analysis.lipschitz(define("square_of_x", "x ** 2")) == INF
    assert analysis.lipschitz(define("jump", "where(x > 1, x, 0)")) == INF
    assert analysis.lipschitz("prelu", weight=-3) == 3


def test_lowest_points() -> None:
    place, value = shape.lowest_point(catalog.get("mish").value_expression) or (0, 0)
    assert (round(place, 4), round(value, 5)) == (-1.1924, -0.30884)
    for name in ("relu", "tanh", "identity"):
        assert shape.lowest_point(catalog.get(name).value_expression) is None
    assert shape.lowest_point(parse("abs(x - 2)")) == pytest.approx((2, 0), abs=1e-9)


@pytest.mark.parametrize(
    ("formula", "turns", "bounds_of_slope"),
    [
        ("1 / x", None, (-math.inf, 0.0)),
        ("-1 / x", None, (0.0, math.inf)),
        ("x + 1 / x ** 2", None, (-math.inf, math.inf)),
        ("exp(x)", "increasing", (0.0, math.inf)),
        ("1 / (1 + x ** 2)", None, (-0.6495190528383, 0.6495190528383)),
    ],
)
def test_poles_and_vanishing_tails(formula: str, turns: str | None, bounds_of_slope) -> None:
    """1 / x was called decreasing, with slopes up to -1e-280."""
    tree = parse(formula)
    assert shape.direction(tree) == turns
    assert shape.bounds(differentiate(tree)) == pytest.approx(bounds_of_slope, abs=1e-9)


def test_many_kinks_and_far_ones() -> None:
    """Thousands took 70 s to tell apart; a rise beyond the grid was called constant."""
    kinked = breakpoints(parse("sign(sin(1000 * x))"))
    assert len(kinked) > 8000
    assert 0.0 in kinked
    assert all(abs(math.sin(1000 * point)) < 1e-6 for point in kinked)
    assert shape.direction(parse("where(x > 1e6, x, 0)")) == "increasing"
    assert math.copysign(1.0, shape.bounds(parse("1 / x ** 2"))[0]) == 1.0

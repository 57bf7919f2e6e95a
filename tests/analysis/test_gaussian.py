"""Gains and moments under N(0, 1) against closed forms and an independent quadrature."""

from __future__ import annotations

import itertools
import math

import mpmath as mp
import numpy as np
import pytest
from expression_reference import TABLE
from scipy.integrate import quad

import rectifier
from rectifier import analysis, catalog
from rectifier.activation import Activation
from rectifier.analysis import card, expectation, gain, gaussian_sparsity, kinks, moments
from rectifier.analysis.operations import values
from rectifier.definition import define
from rectifier.errors import InvalidActivationError, UnknownNameError
from rectifier.expression import evaluate
from rectifier.numpy import gated, rowwise


def test_gains_with_closed_forms() -> None:
    assert gain("identity") == pytest.approx(1, abs=1e-12)
    assert gain("relu") == pytest.approx(math.sqrt(2), abs=1e-12)
    for slope in (0.01, 0.25, 0.9):
        want = math.sqrt(2 / (1 + slope**2))
        assert gain("leaky_relu", negative_slope=slope) == pytest.approx(want, abs=1e-12)
        assert gain("prelu", weight=slope) == pytest.approx(want, abs=1e-12)
    assert gain("selu") == pytest.approx(1, abs=1e-12)  # what its two constants are made for
    assert gain(define("cube", "x ** 3")) == pytest.approx(1 / math.sqrt(15), abs=1e-13)
    e = math.e
    assert gain(define("grow", "exp(x)")) == pytest.approx(1 / e, rel=1e-13)
    assert rectifier.gain("relu") == gain("relu")


def test_gain_of_tanh_is_not_five_thirds() -> None:
    assert gain("tanh") == pytest.approx(1.5925374197228, abs=1e-12)


@pytest.mark.parametrize("name", sorted(set(catalog.names()) - {"smu", "smu_1"}))
def test_gain_against_another_quadrature(name: str) -> None:
    spec = catalog.get(name)
    given = spec.parameters()

    def integrand(z: float) -> float:
        return float(values(spec.value_expression, z, given)) ** 2 * math.exp(-z * z / 2)

    edges = [-30.0, *sorted({0.0, *kinks(spec.expression, given)}), 30.0]
    second = sum(quad(integrand, a, b, epsabs=1e-13)[0] for a, b in itertools.pairwise(edges))
    assert gain(name) == pytest.approx((second / math.sqrt(2 * math.pi)) ** -0.5, rel=1e-10)


@pytest.mark.parametrize("spec", catalog.all_activations(), ids=str)
def test_gain_by_monte_carlo(spec: Activation) -> None:
    z = np.random.default_rng(3).standard_normal(100_000)
    squares = np.square(values(spec.value_expression, z, spec.parameters()))
    error = squares.std() / math.sqrt(z.size)
    assert gain(spec) ** -2 == pytest.approx(squares.mean(), abs=5 * error + 1e-9)


@pytest.mark.parametrize(
    "name", ["relu", "gelu", "silu", "mish", "tanh", "elu", "softplus", "sigmoid", "sine", "serf"]
)
def test_gain_by_mpmath(name: str) -> None:
    spec = catalog.get(name)
    with mp.workdps(25):
        second = mp.quad(
            lambda z: (
                evaluate(spec.expression, TABLE, {**spec.parameters(), "x": z}) ** 2 * mp.npdf(z)
            ),
            [-20, -5, -2, 0, 2, 5, 20],
        )
    assert gain(name) == pytest.approx(float(second**-0.5), rel=1e-14)


@pytest.mark.parametrize("name", catalog.gated_names())
def test_gains_of_gated_units(name: str) -> None:
    halves = np.random.default_rng(4).standard_normal((100_000, 2))
    squares = np.square(gated(name)(halves))
    error = squares.std() / math.sqrt(len(halves))
    assert gain(name) ** -2 == pytest.approx(squares.mean(), abs=5 * error)
    assert gain(catalog.gated(name)) == gain(name.upper())


def test_gains_of_gated_units_by_mpmath() -> None:
    square = mp.quad(lambda z: mp.npdf(z) / (1 + mp.exp(-z)) ** 2, [-20, -4, 0, 4, 20])
    assert gain("glu") == pytest.approx(float(square**-0.5), rel=1e-13)
    assert gain("bilinear") == pytest.approx(1, rel=1e-13)
    assert gain("reglu") == pytest.approx(math.sqrt(2), rel=1e-13)
    square = mp.quad(lambda z: mp.npdf(z) * (z / (1 + mp.exp(-2 * z))) ** 2, [-20, -4, 0, 4, 20])
    assert gain("swiglu", beta=2.0) == pytest.approx(float(square**-0.5), rel=1e-13)


def test_gains_of_row_wise_functions() -> None:
    rows = np.random.default_rng(5).standard_normal((50_000, 12))
    for name, given in (("crelu", {}), ("maxout", {"pieces": 2}), ("maxout", {"pieces": 4})):
        squares = np.square(rowwise(name)(rows, **given))
        assert gain(name, **given) ** -2 == pytest.approx(squares.mean(), rel=0.02)
    for name in ("softmax", "log_softmax", "softmin", "sparsemax", "entmax15", "topk"):
        with pytest.raises(InvalidActivationError, match="no gain: what it makes of an input"):
            gain(name)
    with pytest.raises(InvalidActivationError, match="maxout takes pieces"):
        gain("maxout", groups=2)


def test_a_bend_narrower_than_any_grid_is_found() -> None:
    leaky = gain("leaky_relu", negative_slope=0.25)
    assert gain("smu") == pytest.approx(leaky, rel=1e-10)
    assert gain("smu_1") == pytest.approx(leaky, rel=1e-10)
    for kink in (0.3, -1.7, 2.123456789):
        hinge = define("hinge", "maximum(x - c, 0)", c=kink)
        tail, density = float(mp.ncdf(-kink)), math.exp(-(kink**2) / 2) / math.sqrt(2 * math.pi)
        want = (1 + kink**2) * tail - kink * density
        assert gain(hinge) == pytest.approx(want**-0.5, rel=1e-12)
    pulse = define("pulse", "where(abs(x - 0.123456) < 1e-7, 1, 0)")
    assert gain(pulse) == pytest.approx((2e-7 * float(mp.npdf(0.123456))) ** -0.5, rel=1e-8)
    step = define("step", "where(x > c, 1, 0)", c=0.777)
    assert gain(step) == pytest.approx(float(mp.ncdf(-0.777)) ** -0.5, rel=1e-13)


def test_moments() -> None:
    relu = moments("relu")
    assert relu.mean == pytest.approx(1 / math.sqrt(2 * math.pi), abs=1e-14)
    assert relu.second == pytest.approx(0.5, abs=1e-14)
    assert relu.variance == pytest.approx(0.5 - 1 / (2 * math.pi), abs=1e-14)
    assert relu.slope_mean == pytest.approx(0.5, abs=1e-14)
    assert relu.slope_second == pytest.approx(0.5, abs=1e-14)


@pytest.mark.parametrize("spec", catalog.all_activations(), ids=str)
def test_steins_identity(spec: Activation) -> None:
    """E[z f(z)] = E[f'(z)], and at a jump its height times the density; ties both forms."""
    given = spec.parameters()
    corners = kinks(spec.expression, given)
    left = expectation(lambda z: z * values(spec.value_expression, z, given), (0.0, *corners))
    right = moments(spec).slope_mean
    for place in corners:
        beside = np.nextafter(place, [-np.inf, np.inf])
        below, above = values(spec.value_expression, beside, given)
        right += (above - below) * math.exp(-(place**2) / 2) / math.sqrt(2 * math.pi)
    assert right == pytest.approx(left, rel=1e-9, abs=1e-13)


def test_what_a_parameter_makes_of_a_function() -> None:
    """erf(0 exp(x)) is 0 times infinity far out; tanh(x) near 0 is no difference of sigmoids."""
    assert analysis.gaussian_sparsity("erfact", alpha=0.0) == 1
    assert analysis.zero_gradient_region("erfact", alpha=0.0) == ((-math.inf, math.inf),)
    assert analysis.symmetry("aptx", alpha=0.0) == "even"
    assert analysis.is_monotone("bent_identity", beta=-1.0)
    assert analysis.is_monotone("bent_identity", beta=1.0)


def test_sparsity() -> None:
    assert gaussian_sparsity("relu") == pytest.approx(0.5, abs=1e-15)
    assert gaussian_sparsity("gelu") == 0
    shrink = define("shrink", "where(abs(x) > 1, x, 0)")
    assert gaussian_sparsity(shrink) == pytest.approx(math.erf(math.sqrt(0.5)), abs=1e-12)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("0 * x", "is zero"),
        ("maximum(minimum(x, 0), 0)", "is zero"),
        ("exp(x ** 2)", "no finite moments"),
        ("log(x)", "no finite moments"),
        ("1 / x", "no finite moments"),
    ],
)
def test_functions_without_a_gain_say_so(formula: str, message: str) -> None:
    with pytest.raises(InvalidActivationError, match=message):
        gain(define("f", formula))


@pytest.mark.parametrize("formula", ["x + 1e12 - 1e12", "sin(1 / x)", "sin(1e6 * x)"])
def test_moments_that_no_quadrature_resolves_are_refused_soon(formula: str) -> None:
    """Halving went on without bound: 2 ** 60 intervals."""
    probe = define("probe", formula)
    with pytest.raises(InvalidActivationError, match="'probe' cannot be told to nine digits"):
        gain(probe)
    known = card(probe)
    assert known.gain is None
    assert "nine digits" in known.missing


def test_a_noisy_slope_leaves_the_gain() -> None:
    known = card(define("probe", "(exp(x) - cos(x)) / x"))
    assert known.gain == pytest.approx(0.61703928582, rel=1e-9)
    assert known.moments is None
    assert "nine digits" in known.missing
    assert card("mish").missing == ""


def test_bad_arguments() -> None:
    with pytest.raises(UnknownNameError, match="relu"):
        gain("rellu")
    with pytest.raises(InvalidActivationError, match="no parameter 'slope'"):
        gain("leaky_relu", slope=0.1)


def test_expectation_of_polynomials() -> None:
    for power, want in ((0, 1), (1, 0), (2, 1), (4, 3), (8, 105)):
        assert expectation(lambda z, p=power: np.power(z, p)) == pytest.approx(want, abs=1e-11)

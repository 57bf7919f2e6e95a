"""Values and derivatives in fp64 against mpmath, and the inputs that make the stable forms needed.

The bound is `ULP` units in the last place of the exact result, plus what `ROUNDINGS` roundings of
the input would change: an intermediate such as beta * x is rounded before it goes into exp, which
magnifies that by its condition number, and at a zero of the derivative a relative bound cannot
hold. Below the smallest normal numbers the bound is `TINY` absolutely, since there the rounding of
an intermediate is multiplied by a factor of up to |x|.
"""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
from catalog_limits import LOGARITHMS, WAVES, WAVING_SLOPES
from expression_reference import TABLE, exact

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis.operations import values
from rectifier.expression import Expr, differentiate, evaluate
from rectifier.numpy import function

ULP, ROUNDINGS, TINY = 5.0, 6.0, 5e-321
PADE = ("pau", "pau_a", "pau_c", "pau_d")
MORE_ULP = {
    **dict.fromkeys(PADE, 12.0),  # a quotient of polynomials rounds some twenty times
    "laplace": 8.0,  # (x - mu) / sigma is rounded at -2.5 and magnified sevenfold there
}
CORE = (
    *("relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "gelu_tanh", "silu", "swish", "mish"),
    *("softplus", "sigmoid", "tanh", "smu", "smu_1", "pau", "identity"),
)


def grid(core: bool) -> np.ndarray:
    """Points from -700 to 700 and down to 1e-20; a third of them for what is not core."""
    even, near, sizes = (65, 41, 24) if core else (19, 15, 9)
    size = np.geomspace(1e-20, 700, sizes)
    return np.unique(
        np.concatenate([np.linspace(-40, 40, even), np.linspace(-3, 3, near), size, -size])
    )


SETTINGS = [(spec, {}) for spec in catalog.all_activations()] + [
    (catalog.get(name), given)
    for name, given in (
        ("swish", {"beta": 2.5}),
        ("swish", {"beta": -1.0}),
        ("softplus", {"beta": 30.0}),
        ("elu", {"alpha": 0.3}),
        ("smu", {"alpha": 0.0, "mu": 0.7}),
        ("smu_1", {"alpha": 0.0, "mu": 0.5}),
        ("squareplus", {"b": 1e-8}),
        ("bent_identity", {"beta": -0.5}),
        ("soft_clipping", {"alpha": 20.0}),
        ("soft_exponential", {"alpha": 0.5}),
        ("acon_c", {"p1": 0.0, "p2": 1.5, "beta": 3.0}),
        ("aptx", {"alpha": 1.5, "beta": 2.0}),
        ("aria2", {"alpha": 0.3, "beta": 0.7}),
        ("srs", {"alpha": 5.0, "beta": 0.5}),
        ("hexpo", {"a": 2.0, "b": 0.3, "c": 0.5, "d": 7.0}),
    )
]


def check(
    spec: Activation, expression: Expr, points: np.ndarray, got: np.ndarray, given: dict[str, float]
) -> None:
    slope = differentiate(expression)
    exact_given = {name: mp.mpf(value) for name, value in given.items()}
    for x, result in zip(points, got, strict=True):
        at = {"x": mp.mpf(float(x)), **exact_given}
        true = exact(expression, at)
        scale, ulp = abs(true), MORE_ULP.get(spec.name, ULP)
        if spec.name in PADE:  # the terms of its polynomials cancel for x < 0; they add for x > 0
            scale = abs(evaluate(expression, TABLE, {**at, "x": abs(at["x"])}))
        unit = float(np.spacing(float(scale)))
        swing = float(abs(exact(slope, at) * at["x"])) * 2.0**-53
        error = float(abs(mp.mpf(float(result)) - true))
        assert error <= ulp * unit + ROUNDINGS * swing + TINY, (x, result, float(true))


@pytest.mark.parametrize(("spec", "given"), SETTINGS, ids=str)
def test_value_and_derivative_are_accurate_everywhere(
    spec: Activation, given: dict[str, float]
) -> None:
    full = spec.parameters(**given)
    points = grid(spec.name in CORE)
    check(spec, spec.expression, points, function(spec)(points, **given), full)
    check(spec, spec.derivative(), points, function(spec).derivative(points, **given), full)


REFERENCES = {
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x: x if x > 0 else mp.mpf(0.01) * x,
    "prelu": lambda x: x if x > 0 else x / 4,
    "elu": lambda x: x if x > 0 else mp.exp(x) - 1,
    "selu": lambda x: mp.mpf("1.05070098735548049342") * x
    if x > 0
    else mp.mpf("1.05070098735548049342") * mp.mpf("1.67326324235437728482") * (mp.exp(x) - 1),
    "identity": lambda x: x,
    "gelu": lambda x: x * mp.ncdf(x),
    "gelu_tanh": lambda x: (
        x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)))
    ),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "swish": lambda x: x / (1 + mp.exp(-x)),
    "mish": lambda x: x * mp.tanh(mp.log(1 + mp.exp(x))),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "tanh": mp.tanh,
    "smu": lambda x: (x * 5 / 4 + x * 3 / 4 * mp.erf(10**6 * x * 3 / 4)) / 2,
    "smu_1": lambda x: (
        x * 5 / 4 + mp.sqrt((x * 3 / 4) ** 2 + mp.mpf(4.352665993287951e-9) ** 2)
    )
    / 2,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_the_formulas_are_the_published_ones(name: str) -> None:
    """Against formulas written here by hand, differentiated numerically."""
    x = np.array([-3.3, -1.0, -0.2, 1e-7, 0.4, 2.1])
    with mp.workdps(50):
        exact = [float(REFERENCES[name](mp.mpf(v))) for v in x]
        slopes = [float(mp.diff(REFERENCES[name], mp.mpf(v))) for v in x]
    np.testing.assert_allclose(function(name)(x), exact, rtol=2e-15)
    np.testing.assert_allclose(function(name).derivative(x), slopes, rtol=4e-15, atol=1e-16)


def leads_to(far: float, end: float) -> bool:
    """Say whether a value at 1e300 is the limit or, if that is infinite, on the way to it.

    The slope of a square root is 5e-151 there, on its way to 0.
    """
    if math.isclose(far, end, rel_tol=1e-12, abs_tol=1e-150):
        return True
    return math.isinf(end) and abs(far) > 1e290 and (far > 0) == (end > 0)


@pytest.mark.parametrize("spec", catalog.all_activations(), ids=str)
def test_limits_and_nan(spec: Activation) -> None:
    ends = np.array([-np.inf, np.inf, -1e300, 1e300, np.nan])
    value, slope = function(spec)(ends), function(spec).derivative(ends)
    assert np.isnan([value[4], slope[4]]).all()
    for end in (0, 1):
        if spec.name in WAVES:
            assert np.isnan(value[end])
        elif spec.name not in LOGARITHMS:
            assert leads_to(value[end + 2], value[end]), value
        if end in WAVING_SLOPES.get(spec.name, ()):
            assert np.isnan(slope[end])
        else:
            assert leads_to(slope[end + 2], slope[end]), slope
    if spec.name in ("relu", "gelu", "gelu_tanh", "silu", "swish", "mish", "softplus"):
        assert value[0] == 0
        assert value[1] == np.inf
        assert slope[:2].tolist() == [0, 1]


def hostile() -> np.ndarray:
    """Inputs that break plain forms: infinities, overflow, tails, cancellation, ends of ramps."""
    sizes = [
        1e-17,
        1e-9,
        0.3,
        1.5707963,
        np.nextafter(3, 0),
        8,
        25,
        40,
        100,
        750,
        1e5,
        1e80,
        1e155,
        1e200,
        1e300,
        np.inf,
    ]
    return np.array([0.0, *sizes, *(-s for s in sizes)])


STABLE = [
    (spec, what, plain, stable)
    for spec in catalog.all_activations()
    for what, plain, stable in (
        ("value", spec.expression, spec.stable),
        ("derivative", spec.derivative(), spec.stable_derivative),
    )
    if stable is not None
]


@pytest.mark.parametrize(("spec", "what", "plain", "stable"), STABLE, ids=str)
def test_every_stable_form_is_needed(
    spec: Activation, what: str, plain: Expr, stable: Expr
) -> None:
    """There is an input at which the plain form is NaN or more than 1e-3 off."""
    for given in ({}, *ends(spec)):
        bad, good = (values(form, hostile(), spec.parameters(**given)) for form in (plain, stable))
        known = ~np.isnan(good)
        with np.errstate(all="ignore"):
            off = np.abs(bad - good) > 1e-3 * np.abs(good)
        if np.any(known & (np.isnan(bad) | off)):
            return
    pytest.fail(what)


def ends(spec: Activation) -> list[dict[str, float]]:
    """Return the legal bounds of each parameter."""
    bounds = [(name, (param.low, param.high)) for name, param in spec.params.items()]
    return [{name: end} for name, both in bounds for end in both if end is not None]


BOUNDED = [(spec, given) for spec in catalog.all_activations() for given in ends(spec)]


@pytest.mark.parametrize(("spec", "given"), BOUNDED, ids=str)
def test_at_the_ends_of_what_is_legal_too(spec: Activation, given: dict[str, float]) -> None:
    """To 4 digits: the bars of docs/accuracy.md hold for default parameters alone."""
    sizes = np.array([1e-30, 1e-9, 0.3, 20.0, 1e10, 1e20, 1e30])
    x = np.concatenate([-sizes, sizes])
    at = {name: mp.mpf(value) for name, value in spec.parameters(**given).items()}
    f = function(spec)
    for expression, compute in ((spec.expression, f), (spec.derivative(), f.derivative)):
        slope = differentiate(expression)
        for dtype in (np.float64, np.float32):
            points = x.astype(dtype)
            for point, got in zip(points, compute(points, **given), strict=True):
                here = {"x": mp.mpf(float(point)), **at}
                true = exact(expression, here)
                if abs(true) > float(np.finfo(dtype).max):
                    assert np.isinf(got)
                else:
                    wrong = abs(mp.mpf(float(got)) - true)
                    swing = ROUNDINGS * abs(exact(slope, here) * here["x"]) * 2.0**-53
                    least = float(np.finfo(dtype).smallest_subnormal)
                    assert wrong <= 1e-4 * abs(true) + swing + least, (point, got, true)


LEARNED = [(spec, name) for spec in catalog.all_activations() for name in spec.learnable]


KINKED = {("tlu", "tau"), ("srelu", "t_l"), ("apl", "b1")} | {
    ("pau", f"b{k}") for k in (1, 2, 3, 4)
}
"""With a kink in the parameter, too, where x is 0."""


@pytest.mark.parametrize(("spec", "name"), LEARNED, ids=str)
def test_slopes_of_learned_parameters(spec: Activation, name: str) -> None:
    """What a backward pass gives a parameter, against numeric differentiation."""
    given = spec.parameters()
    points = np.array([-1e30, -3.0, -0.4, -1e-9, 0.0, 0.3, 2.0, 1e30])
    got = values(spec.parameter_derivative(name), points, given)
    with mp.workdps(300):  # at 1e30 the values agree to 60 digits and more
        for x, slope in zip(points, got, strict=True):
            at = {"x": mp.mpf(float(x)), **{key: mp.mpf(value) for key, value in given.items()}}
            if (spec.name, name) in KINKED and abs(x) < 1e-6:
                continue
            exact = mp.diff(
                lambda v, at=at: evaluate(spec.expression, TABLE, {**at, name: v}), at[name]
            )
            assert float(slope) == pytest.approx(float(exact), rel=1e-11, abs=1e-300), x

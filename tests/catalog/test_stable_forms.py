"""Values and derivatives in fp64 against mpmath, and the inputs that make the stable forms needed.

The bound is `ULP` units in the last place of the exact result, plus what `ROUNDINGS` roundings of
the input would change: an intermediate such as beta * x is rounded before it goes into exp, which
magnifies that by its condition number, and at a zero of the derivative a relative bound cannot
hold. Below the smallest normal numbers the bound is `TINY` absolutely, since there the rounding of
an intermediate is multiplied by a factor of up to |x|.
"""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from expression_reference import TABLE

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis.operations import values
from rectifier.expression import Expr, differentiate, evaluate
from rectifier.numpy import function

ULP, ROUNDINGS, TINY = 5.0, 6.0, 5e-321
PAU_ULP = 12.0  # its quotient of polynomials rounds some twenty times
DIGITS = 60
CANCELLING = {"gelu_tanh": 420, "tanh": 420, "smu": 420}
"""Digits for plain formulas that cancel up to 320 of them, as 1 + tanh(...) at -40."""

GRID = np.unique(
    np.concatenate(
        [
            np.linspace(-40, 40, 65),
            np.linspace(-3, 3, 41),
            np.geomspace(1e-20, 700, 24),
            -np.geomspace(1e-20, 700, 24),
        ]
    )
)
SETTINGS = [(spec, {}) for spec in catalog.all_activations()] + [
    (catalog.get("swish"), {"beta": 2.5}),
    (catalog.get("swish"), {"beta": -1.0}),
    (catalog.get("softplus"), {"beta": 30.0}),
    (catalog.get("elu"), {"alpha": 0.3}),
    (catalog.get("smu"), {"alpha": 0.0, "mu": 0.7}),
    (catalog.get("smu_1"), {"alpha": 0.0, "mu": 0.5}),
]


def check(spec: Activation, expression: Expr, got: np.ndarray, given: dict[str, float]) -> None:
    slope = differentiate(expression)
    exact_given = {name: mp.mpf(value) for name, value in given.items()}
    for x, result in zip(GRID, got, strict=True):
        at = {"x": mp.mpf(float(x)), **exact_given}
        exact = mp.mpf(evaluate(expression, TABLE, at))
        scale, ulp = abs(exact), ULP
        if spec.name == "pau":  # the terms of its polynomials cancel for x < 0; they add for x > 0
            scale, ulp = abs(evaluate(expression, TABLE, {**at, "x": abs(at["x"])})), PAU_ULP
        unit = float(np.spacing(float(scale)))
        swing = float(abs(evaluate(slope, TABLE, at) * at["x"])) * 2.0**-53
        error = float(abs(mp.mpf(float(result)) - exact))
        assert error <= ulp * unit + ROUNDINGS * swing + TINY, (x, result, float(exact))


@pytest.mark.parametrize(("spec", "given"), SETTINGS, ids=str)
def test_value_and_derivative_are_accurate_everywhere(
    spec: Activation, given: dict[str, float]
) -> None:
    full = spec.parameters(**given)
    with mp.workdps(CANCELLING.get(spec.name, DIGITS)):
        check(spec, spec.expression, function(spec)(GRID, **given), full)
        check(spec, spec.derivative(), function(spec).derivative(GRID, **given), full)


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


@pytest.mark.parametrize("spec", catalog.all_activations(), ids=str)
def test_limits_and_nan(spec: Activation) -> None:
    ends = np.array([-np.inf, np.inf, -1e300, 1e300, np.nan])
    value, slope = function(spec)(ends), function(spec).derivative(ends)
    assert np.isnan(value).tolist() == [False] * 4 + [True]
    assert np.isnan(slope).tolist() == [False] * 4 + [True]
    # The values far out are the limits (or on the way to an infinite one).
    assert np.all((value[:2] == value[2:4]) | (np.isinf(value[:2]) & (np.abs(value[2:4]) > 1e298)))
    assert np.allclose(slope[:2], slope[2:4], rtol=1e-12, atol=0)
    if spec.name in ("relu", "gelu", "gelu_tanh", "silu", "swish", "mish", "softplus"):
        assert value[0] == 0
        assert value[1] == np.inf
        assert slope[:2].tolist() == [0, 1]


BROKEN = [
    # activation, "value" or "derivative", the input that breaks the plain form
    ("gelu", "value", -np.inf),
    ("gelu", "derivative", -np.inf),
    ("gelu", "derivative", np.inf),
    ("gelu_tanh", "value", -8.0),
    ("gelu_tanh", "derivative", -8.0),
    ("gelu_tanh", "derivative", 1e200),
    ("silu", "value", -np.inf),
    ("silu", "derivative", np.inf),
    ("swish", "value", -np.inf),
    ("swish", "derivative", np.inf),
    ("mish", "value", -np.inf),
    ("mish", "derivative", -np.inf),
    ("tanh", "derivative", 25.0),
    ("smu", "value", -np.inf),
    ("smu", "derivative", np.inf),
    ("smu_1", "value", -np.inf),
    ("smu_1", "derivative", -1e200),
    ("pau", "value", 1e80),
    ("pau", "derivative", 1e80),
]


@pytest.mark.parametrize(("name", "what", "x"), BROKEN)
def test_every_stable_form_is_needed(name: str, what: str, x: float) -> None:
    spec = catalog.get(name)
    plain, stable = {
        "value": (spec.expression, spec.stable),
        "derivative": (spec.derivative(), spec.stable_derivative),
    }[what]
    assert stable is not None
    given = spec.parameters()
    bad, good = values(plain, x, given), values(stable, x, given)
    assert not np.isnan(good)
    assert np.isnan(bad) or abs(bad - good) > 1e-3 * abs(good)


def test_every_stable_form_has_its_case_above() -> None:
    carried = {
        (spec.name, what)
        for spec in catalog.all_activations()
        for what, form in (("value", spec.stable), ("derivative", spec.stable_derivative))
        if form is not None
    }
    assert carried == {(name, what) for name, what, _ in BROKEN}


LEARNED = [(spec, name) for spec in catalog.all_activations() for name in spec.learnable]


@pytest.mark.parametrize(("spec", "name"), LEARNED, ids=str)
def test_slopes_of_learned_parameters(spec: Activation, name: str) -> None:
    """What a backward pass gives a parameter, against numeric differentiation."""
    given = spec.parameters()
    points = np.array([-1e30, -3.0, -0.4, -1e-9, 0.0, 0.3, 2.0, 1e30])
    got = values(spec.parameter_derivative(name), points, given)
    with mp.workdps(300):  # at 1e30 the values agree to 60 digits and more
        for x, slope in zip(points, got, strict=True):
            at = {"x": mp.mpf(float(x)), **{key: mp.mpf(value) for key, value in given.items()}}
            if spec.name == "pau" and name.startswith("b") and abs(x) < 1e-6:
                continue  # |b1 x + …| has its own kink at x = 0, in b as in x
            exact = mp.diff(
                lambda v, at=at: evaluate(spec.expression, TABLE, {**at, name: v}), at[name]
            )
            assert float(slope) == pytest.approx(float(exact), rel=1e-11, abs=1e-300), x

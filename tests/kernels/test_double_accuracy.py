"""The kernels in fp64 against mpmath: the bars, the limits, and that composing is nowhere better.

fp64 has too many numbers to try all, so the points are random and fixed. A formula whose stable
form rounds the argument of an exponential, as ``exp(-x**2)`` does, is off by as many units as that
argument is large, by every path; it is held to what the composed path gives.
"""

from __future__ import annotations

import functools

import mpmath as mp
import numpy as np
import pytest
from expression_reference import TABLE

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis.operations import FLOAT64
from rectifier.expression import evaluate
from rectifier.kernels import native

BARS = {False: 4.0, True: 8.0}
"""In ulp of fp64: of values and of derivatives."""

CORE = (
    *("elu", "celu", "selu", "gelu", "gelu_tanh", "silu", "swish", "mish", "softplus"),
    *("log_sigmoid", "sigmoid", "tanh", "tanh_shrink", "softsign", "hard_swish", "relu", "probit"),
    *("arctan", "symlog", "sine", "cosine", "smu", "exponential", "sqrt_softplus"),
)
"""Those that are held to the bars whatever the composed path gives."""

WITHIN = 3.0
"""How many times the composed path's largest error the others may have, if that is above the bar:
where both round the argument of an exponential, chance decides at few points which is worse."""

pytestmark = pytest.mark.skipif(
    "float64" not in native.element_types(), reason="no compiled kernels in fp64"
)


@functools.cache
def points(count: int) -> np.ndarray:
    rng = np.random.default_rng(11)
    small = np.exp(rng.uniform(np.log(1e-12), 0.0, count)) * rng.choice([-1, 1], count)
    wide = [rng.uniform(-edge, edge, count) for edge in (12, 40, 700)]
    return np.concatenate([rng.normal(0, 2, 2 * count), small, *wide])


def composed(spec: Activation, backward: bool, x: np.ndarray) -> np.ndarray:
    expression = spec.derivative_expression if backward else spec.value_expression
    defaults = {name: param.default for name, param in spec.params.items()}
    with np.errstate(all="ignore"):
        found = evaluate(expression, FLOAT64, {"x": x, **defaults})
        return np.where(np.isnan(x), np.nan, np.broadcast_to(found, x.shape))


def compiled(spec: Activation, backward: bool, x: np.ndarray) -> np.ndarray:
    out, ones = np.empty_like(x), np.ones_like(x) if backward else None
    defaults = tuple(param.default for param in spec.params.values())
    kind: native.Kind = "backward" if backward else "forward"
    native.unary(spec.name, kind, x, out, grad=ones, parameters=defaults)
    return out


def exactly(spec: Activation, backward: bool, x: np.ndarray) -> list[mp.mpf]:
    expression = spec.derivative_expression if backward else spec.value_expression
    with mp.workdps(120):
        defaults = {name: mp.mpf(param.default) for name, param in spec.params.items()}
        at = [{"x": mp.mpf(float(each)), **defaults} for each in x]
        return [mp.mpf(evaluate(expression, TABLE, each)) for each in at]


def largest(
    got: np.ndarray, exact: list[mp.mpf], beside: np.ndarray, tiny: float
) -> tuple[float, int]:
    """Return the largest error in ulp, and which it is.

    Beside a zero crossing the unit is that of the smaller of the values a quarter to either side.
    Results below `tiny` are let go: their exponentials are subnormal and have few digits.
    """
    size = np.maximum(np.abs([float(each) for each in exact]), beside)
    off = [abs(mp.mpf(float(g)) - e) for g, e in zip(got, exact, strict=True)]
    errors = [
        0.0 if unit < tiny else float(each) / float(np.spacing(unit))
        for each, unit in zip(off, size, strict=True)
    ]
    worst = int(np.argmax(np.nan_to_num(errors, nan=np.inf)))
    return errors[worst], worst


@pytest.mark.parametrize("backward", [False, True], ids=["value", "slope"])
@pytest.mark.parametrize("name", catalog.names())
def test_kernels_in_fp64_keep_the_bars(name: str, backward: bool) -> None:
    spec = catalog.get(name)
    x = points(20 if name in CORE else 5)
    left, right = (composed(spec, backward, x * scale) for scale in (0.75, 1.25))
    crossing = np.sign(left) * np.sign(right) < 0
    beside = np.where(crossing, np.minimum(np.abs(left), np.abs(right)), 0.0)
    exact = exactly(spec, backward, x)
    error, worst = largest(compiled(spec, backward, x), exact, beside, 1e-290)
    bar = BARS[backward]
    if name not in CORE:
        bar = max(bar, WITHIN * largest(composed(spec, backward, x), exact, beside, 1e-290)[0])
    assert error <= bar, x[worst]


@pytest.mark.parametrize("name", catalog.names())
def test_limits_in_fp64_are_those_of_the_formula(name: str) -> None:
    spec = catalog.get(name)
    ends = [np.inf, 1.7e308, 1e200, 1e3, 5e-324, 2e-308, 0.0]
    x = np.array([*ends, np.nan, *(-end for end in reversed(ends))])
    for backward in (False, True):
        got, expected = compiled(spec, backward, x), composed(spec, backward, x)
        assert np.array_equal(np.isnan(got), np.isnan(expected))
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=0.0 if not backward else 1e-300)


def test_beside_its_root_the_slope_of_a_gate_keeps_its_digits() -> None:
    spec = catalog.get("silu")
    x = -1.2784645427610738 + np.linspace(-1e-9, 1e-9, 41)
    exact = exactly(spec, True, x)
    here = largest(compiled(spec, True, x), exact, np.zeros_like(x), 0.0)[0]
    there = largest(composed(spec, True, x), exact, np.zeros_like(x), 0.0)[0]
    assert here < 1e-2 * there


def test_what_subnormal_inputs_give() -> None:
    x = np.ldexp(np.arange(1.0, 9.0), -1074)
    for name in ("tanh", "elu", "relu", "softsign", "symlog"):
        np.testing.assert_array_equal(compiled(catalog.get(name), False, x), x)
        np.testing.assert_array_equal(compiled(catalog.get(name), True, x), np.ones_like(x))

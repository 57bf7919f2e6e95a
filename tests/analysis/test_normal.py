"""Our own error function and normal distribution against mpmath, in units in the last place."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from rectifier.analysis import normal
from rectifier.analysis.operations import FLOAT64
from rectifier.expression import PRIMITIVES

ULP = 6.0  # a polynomial, a quotient and the product of two exponentials; measured at most 4.5

EXACT = {
    "erf": mp.erf,
    "erfc": mp.erfc,
    "norm_cdf": lambda x: mp.erfc(-x / mp.sqrt(2)) / 2,
    "norm_pdf": lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi),
}
POINTS = np.unique(
    np.concatenate(
        [
            np.linspace(-37.4, 37.4, 401),
            np.linspace(-3, 3, 401),
            np.geomspace(1e-300, 10, 40),
            -np.geomspace(1e-300, 10, 40),
            [-1.0, -0.5, 0.0, 0.5, 1.0],
        ]
    )
)


@pytest.mark.parametrize("name", sorted(EXACT))
def test_a_few_units_in_the_last_place(name: str) -> None:
    points = POINTS[np.abs(POINTS) < 26.5] if name.startswith("erf") else POINTS
    got = FLOAT64[name](points)
    with mp.workdps(40):
        for x, value in zip(points, got, strict=True):
            error = abs(mp.mpf(float(value)) - EXACT[name](mp.mpf(float(x))))
            assert error <= ULP * mp.mpf(float(np.spacing(abs(value)))), (x, value)


@pytest.mark.parametrize(
    ("name", "limits"),
    [("erf", [-1, 1]), ("erfc", [2, 0]), ("norm_cdf", [0, 1]), ("norm_pdf", [0, 0])],
)
def test_limits(name: str, limits: list[float]) -> None:
    ends = np.array([-np.inf, np.inf, -1e300, 1e300])
    assert FLOAT64[name](ends).tolist() == limits * 2
    assert np.isnan(FLOAT64[name](np.array(np.nan)))


def test_exact_points_and_signs() -> None:
    assert normal.norm_cdf(np.array(0.0)) == 0.5
    assert np.signbit(normal.erf(np.array(-0.0)))
    assert normal.erfc(np.array(0.0)) == 1


def test_the_table_has_every_primitive() -> None:
    assert set(FLOAT64) == set(PRIMITIVES)


@pytest.mark.parametrize("name", sorted(set(PRIMITIVES) - {"where"}))
def test_arrays_agree_with_scalars(name: str) -> None:
    arguments = [0.37, 1.9][: PRIMITIVES[name].arity]
    want = PRIMITIVES[name].scalar(*arguments)
    got = FLOAT64[name](*[np.array([a, a]) for a in arguments])
    assert np.allclose(got, want, rtol=1e-15, atol=0)


@pytest.mark.parametrize("name", ["sigmoid", "softplus"])
def test_tails_do_not_overflow(name: str) -> None:
    with np.errstate(over="raise", invalid="raise"):
        got = FLOAT64[name](np.array([-1e300, -740.0, 740.0, 1e300]))
    want = {"sigmoid": [0, np.exp(-740.0), 1, 1], "softplus": [0, np.exp(-740.0), 740, 1e300]}[name]
    assert got.tolist() == want

"""The portable table with NumPy as the library, in fp32 and fp64, against the fp64 table."""

from __future__ import annotations

import numpy as np
import pytest

from rectifier.analysis.operations import FLOAT64
from rectifier.analysis.portable import Precision, compute, operations
from rectifier.expression import PRIMITIVES, parse

UNARY = sorted(p.name for p in PRIMITIVES.values() if p.arity == 1)
COMPOSED = {"sigmoid", "softplus", "expm1", "tanh", "erf", "erfc", "norm_cdf", "norm_pdf"}
# In ulp: a library's own operation is within 2; a composition rounds a polynomial, a quotient and
# a product. fp64 is compared with fp64, which is 4.5 off itself (test_normal.py).
BARS = {"float32": 4.5, "float64": 9.0}


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("name", UNARY)
def test_a_few_units_in_the_last_place(name: str, precision: Precision) -> None:
    x = np.concatenate([np.linspace(-13, 13, 2001), np.linspace(-1, 1, 801), [-80.0, 80.0, 0.0]])
    x = (np.abs(x) + 1e-3 if name in ("log", "sqrt", "log1p") else x).astype(precision)
    with np.errstate(all="ignore"):
        got = operations(np, precision)[name](x)
        true = FLOAT64[name](x.astype(np.float64))
        assert got.dtype == precision
        normal = (np.abs(true) > 1e-36) & (np.abs(true) < 1e38)
        unit = np.spacing(np.abs(true).astype(precision)).astype(np.float64)
    error = np.abs(got - true)[normal] / unit[normal]
    assert error.max() <= (BARS[precision] if name in COMPOSED else 3.0)
    with np.errstate(over="ignore"):  # what overflows, and subnormal numbers
        rest = true[~normal].astype(precision)
    np.testing.assert_allclose(got[~normal], rest, rtol=1e-5, atol=1e-36)


@pytest.mark.parametrize("name", ["erf", "tanh", "expm1"])
def test_odd_functions_keep_the_sign_of_zero(name: str) -> None:
    for precision in ("float32", "float64"):
        got = operations(np, precision)[name](np.array([0.0, -0.0], precision))
        assert np.signbit(got).tolist() == [False, True]


def test_the_librarys_way_would_be_wrong_in_the_tail() -> None:
    """Why norm_cdf is composed: a half of 1 + erf has no digit left, exp(-z²) loses six bits."""
    x = np.array([-9.3], np.float32)
    true = FLOAT64["norm_cdf"](x.astype(np.float64))
    z = x * np.float32(np.sqrt(0.5))
    naive = np.exp(-z * z)  # the factor of the tail that carries its error
    exact = np.exp(-(x.astype(np.float64) ** 2) / 2)
    assert abs(naive / exact - 1)[0] > 8 * 2.0**-24
    assert abs(operations(np, "float32")["norm_cdf"](x) / true - 1)[0] < 4 * 2.0**-24


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_maximum_and_minimum_carry_nan_and_constants_exactly(precision: Precision) -> None:
    table = operations(np, precision)
    x = np.array([np.nan, -1.0, 1.0], precision)
    for name in ("maximum", "minimum"):
        for args in ((x, 0.1), (0.1, x)):
            got, true = table[name](*args), getattr(np, name)(*args)
            assert got.dtype == precision
            np.testing.assert_array_equal(got, true)
    chosen = table["where"](x > 0, 0.1, 0.2)
    assert chosen.dtype == precision
    assert chosen[2] == np.dtype(precision).type(0.1)


def test_numbers_stay_numbers_and_fold_as_ieee_has_it() -> None:
    table = operations(np, "float32")
    assert table["mul"](0.1, 3.0) == 0.1 * 3.0
    assert table["div"](1.0, 0.0) == np.inf
    assert np.isnan(table["log"](-1.0))
    x = np.ones(2, np.float32)
    assert table["where"](table["lt"](1.0, 2.0), x, 0.0) is x


def test_nan_goes_through_a_formula_that_compares() -> None:
    got = compute(
        parse("where(x > 0, 1, 0)", ["x"]), np, "float32", {"x": np.array([np.nan, 2, -2], "f")}
    )
    np.testing.assert_array_equal(got, np.array([np.nan, 1, 0], "f"))

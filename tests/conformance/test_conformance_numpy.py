"""NumPy, by both of its paths. Its composed fp64 is the suite's reference, held to mpmath."""

from __future__ import annotations

import math

import numpy as np
import pytest
from catalog_limits import STEEP, WAVES, WAVING_SLOPES
from conformance_fronts import IN_KERNELS, KERNEL, ROUNDED_ONCE, NumPy
from conformance_reference import grid
from conformance_suite import Conformance

from rectifier import catalog
from rectifier.numpy import function

FORMATS = ("float32", "float16")
EVERY = {dtype: KERNEL[dtype] for dtype in (*FORMATS, "float64")}


class TestComposed(Conformance):
    front = NumPy({dtype: ROUNDED_ONCE[dtype] for dtype in FORMATS}, path="composed")


class TestNative(Conformance):
    front = NumPy(EVERY, IN_KERNELS, path="native")


class TestDefault(Conformance):
    front = NumPy(EVERY, IN_KERNELS)


@pytest.mark.parametrize("name", catalog.names())
def test_the_reference_is_finite_where_it_can_be(name: str) -> None:
    x = grid("float64", subnormal=True)
    f = function(name)
    value, slope = f(x, path="composed"), f.derivative(x, path="composed")
    ends, waving = (math.inf, -math.inf), WAVING_SLOPES.get(name, ())
    for at, y, s in zip(x, value, slope, strict=True):
        assert np.isnan(y) == (np.isnan(at) or (np.isinf(at) and name in WAVES))
        assert np.isnan(s) == (np.isnan(at) or (at in ends and int(at > 0) in waving))
        assert not np.isinf(s) or name in STEEP
    assert f(0.0) == f(-0.0)

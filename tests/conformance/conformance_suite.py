"""What is asked of every front end, by every path, over the whole catalog.

A test file subclasses `Conformance` and says which front end; tests/conformance/conftest.py hands
each test the activations that this one offers.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from conformance_fronts import Front, Wide
from conformance_reference import grid, judge, padded

import rectifier
from rectifier import catalog
from rectifier.analysis.operations import values

LEARNED = [(spec.name, name) for spec in catalog.all_activations() for name in spec.learnable]


class Conformance:
    """The suite; `front` says of what."""

    front: ClassVar[Front]

    def test_values_and_slopes(self, name: str) -> None:
        """Tails, both zeros, overflow, infinities and NaN, in each element type."""
        front, spec = self.front, catalog.get(name)
        for dtype in front.dtypes(name):
            x = grid(dtype, subnormal=not front.underflows)
            bar = front.wider.get((name, dtype), front.bars[dtype])
            for order, compute in enumerate((front.value, front.slope)):
                got = compute(spec, x, dtype)
                found = judge(spec, order, dtype, x, got, underflows=front.underflows)
                # The table; pytest shows it with -s.
                print(f"{name} {dtype} order {order}: {found.ulp:.2f} ulp at {found.at:g}")  # noqa: T201
                assert not found.faults, (dtype, order)
                assert found.ulp <= bar, (dtype, order, found)

    def test_type_and_shape_come_back_as_they_came(self, name: str) -> None:
        """Each shape in one element type, another for the next activation."""
        front, first = self.front, catalog.names().index(name)
        dtypes = front.dtypes(name)
        for number, shape in enumerate(front.shapes, start=first):
            dtype = dtypes[number % len(dtypes)]
            for found in front.kept(catalog.get(name), shape, dtype):
                assert found == (shape, dtype)


class ConformanceOfParameters:
    """What is asked of those that differentiate by parameters too."""

    front: ClassVar[Front]
    rtol: ClassVar[float] = 1e-12

    @pytest.mark.parametrize(("learner", "parameter"), LEARNED)
    def test_the_slope_of_a_learned_parameter(self, learner: str, parameter: str) -> None:
        spec = catalog.get(learner)
        x = padded([-30.0, -3.0, -0.4, 0.0, 0.3, 2.0, 30.0])
        got = self.front.parameter_slope(spec, parameter, x)
        exact = values(spec.parameter_derivative(parameter), x, spec.parameters())
        np.testing.assert_allclose(got, exact, rtol=self.rtol, atol=1e-300)


FEW = {"topk": {"k": 2}, "batch_topk": {"k": 2}}
"""The options that must be given."""
CUBE = np.random.default_rng(11).normal(scale=2, size=(3, 6, 4))


class ConformanceOfRows:
    """What is asked of gated units and row-wise functions, in fp64 and fp32, along two axes."""

    front: ClassVar[Wide]

    @pytest.mark.parametrize("unit", catalog.gated_names())
    def test_gated_units(self, unit: str) -> None:
        reference = rectifier.numpy.gated(unit)
        for axis, gate in ((1, "last"), (1, "first"), (-1, "odd"), (-1, "even")):
            call = {"axis": axis, "gate": gate}
            true = reference(CUBE, **call)
            for dtype, rtol in (("float64", 1e-12), ("float32", 1e-5)):
                got = self.front.wide_value("gated", unit, CUBE, dtype, **call)
                np.testing.assert_allclose(got, true, rtol=rtol, atol=rtol / 10)
        got = self.front.wide_slope("gated", unit, CUBE, np.ones((3, 3, 4)), axis=1)
        np.testing.assert_allclose(got, reference.derivative(CUBE, axis=1), rtol=1e-10, atol=1e-12)

    @pytest.mark.parametrize("rowwise", catalog.rowwise_names())
    def test_row_wise_functions(self, rowwise: str) -> None:
        f, given = rectifier.numpy.rowwise(rowwise), FEW.get(rowwise, {})
        for axis in (1, -1):
            true = f(CUBE, axis=axis, **given)
            for dtype, rtol in (("float64", 1e-12), ("float32", 1e-5)):
                got = self.front.wide_value("rowwise", rowwise, CUBE, dtype, axis=axis, **given)
                np.testing.assert_allclose(got, true, rtol=rtol, atol=rtol)
        rng = np.random.default_rng(12)
        seed, way = rng.normal(size=true.shape), rng.normal(size=CUBE.shape)
        step = 1e-6 * way
        # Along a line, by differences of the reference: no front end's own derivative is trusted.
        rise = f(CUBE + step, **given) - f(CUBE - step, **given)
        got = self.front.wide_slope("rowwise", rowwise, CUBE, seed, **given)
        np.testing.assert_allclose(np.sum(got * way), np.sum(rise * seed) / 2e-6, rtol=1e-7)
        spoilt = np.array([[1.0, np.nan, 0.5], [1.0, 2.0, 0.5]])
        options = {"pieces": 3} if rowwise == "maxout" else given
        got = self.front.wide_value("rowwise", rowwise, spoilt, "float64", **options)
        np.testing.assert_allclose(got, f(spoilt, **options), rtol=1e-12, atol=1e-15)

    @pytest.mark.parametrize("rowwise", catalog.rowwise_names())
    def test_the_gradient_at_nan_is_nan(self, rowwise: str) -> None:
        """At a NaN, picked or not, and nowhere else unless the whole row hangs together."""
        spoilt = np.array([[1.0, np.nan, 0.5, np.inf], [np.nan, 2.0, np.nan, 0.25]])
        options = {"k": 1} if rowwise in FEW else {}
        shape = rectifier.numpy.rowwise(rowwise)(spoilt, **options).shape
        got = self.front.wide_slope("rowwise", rowwise, spoilt, np.ones(shape), **options)
        alone = rowwise in ("crelu", "maxout", "topk", "batch_topk")
        np.testing.assert_array_equal(np.isnan(got), np.isnan(spoilt) if alone else True)
        if rowwise == "maxout":
            np.testing.assert_array_equal(got[:, 1::2][0], [np.nan, 1.0])
            value = self.front.wide_value("rowwise", rowwise, spoilt, "float64")
            np.testing.assert_array_equal(value, [[np.nan, np.inf], [np.nan, np.nan]])

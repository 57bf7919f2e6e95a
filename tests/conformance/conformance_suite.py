"""What is asked of every front end, by every path, over the whole catalog.

A test file subclasses `Conformance` and says which front end; tests/conformance/conftest.py hands
each test the activations that this one offers.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from conformance_fronts import Front
from conformance_reference import grid, judge, padded

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

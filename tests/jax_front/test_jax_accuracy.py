"""Values and derivatives in every element type against fp64 NumPy, over the whole catalog."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed")

import jax.numpy as jnp  # noqa: E402
from conformance_reference import Verdict, bar, cases, grid, judge  # noqa: E402

import rectifier.jax as rj  # noqa: E402
from rectifier import catalog  # noqa: E402


def compute(name: str, dtype: str, order: int, *, compiled: bool) -> Verdict:
    """Compute on the grid; not compiled, an operation that another function used is ready."""
    spec, x = catalog.get(name), grid(dtype)
    f = rj.function(spec)
    with jax.enable_x64(dtype == "float64"), jax.disable_jit(not compiled):
        given = jnp.asarray(x, dtype=dtype)
        got = f(given) if order == 0 else jax.jvp(f, (given,), (jnp.ones_like(given),))[1]
        assert got.dtype == dtype
        found = np.asarray(got, np.float64)
        return judge(spec, order, dtype, x, found, underflows=True)


@pytest.mark.parametrize(("name", "dtype"), cases())
def test_as_good_as_fp32_can_be(name: str, dtype: str) -> None:
    for order in (0, 1):
        found = compute(name, dtype, order, compiled=dtype == "float32")
        # The table; pytest shows it with -s.
        print(f"jax {name} {dtype} order {order}: {found.ulp:.2f} ulp at {found.at:g}")  # noqa: T201
        assert not found.faults
        assert found.excess <= bar(name, dtype), (order, found)

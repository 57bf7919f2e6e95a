"""Values and derivatives in every element type against fp64 NumPy, over the whole catalog."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed")

import jax.numpy as jnp  # noqa: E402
from conformance_reference import FORMATS, WIDER, Verdict, grid, judge  # noqa: E402

import rectifier.jax as rj  # noqa: E402
from rectifier import catalog  # noqa: E402

# fp32 is computed in fp32: a handful of roundings. fp64 is compared with fp64 of NumPy, whose exp
# rounds its argument as ours does; either magnifies it by the size of the argument.
BARS = {"float64": 64.0, "float32": 12.0, "float16": 0.51, "bfloat16": 0.51}
EXPECTED = {
    **WIDER,
    # The argument of its sigmoid grows as x³ and is rounded before it goes into exp.
    ("gelu_tanh", "float32"): 40.0,
    # Five terms cancel for x < 0.
    ("pau", "float32"): 800.0,
    ("pau", "float16"): 0.6,
}


def compute(name: str, dtype: str, order: int, *, compiled: bool) -> Verdict:
    """Compute on the grid; not compiled, an operation that another function used is ready."""
    spec, x = catalog.get(name), grid(dtype)
    f = rj.function(spec)
    with jax.enable_x64(dtype == "float64"), jax.disable_jit(not compiled):
        given = jnp.asarray(x, dtype=dtype)
        got = f(given) if order == 0 else jax.jvp(f, (given,), (jnp.ones_like(given),))[1]
        assert got.dtype == dtype
        return judge(spec, order, dtype, x, np.asarray(got, np.float64), underflows=True)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("name", catalog.names())
def test_as_good_as_fp32_can_be(name: str, dtype: str) -> None:
    for order in (0, 1):
        found = compute(name, dtype, order, compiled=dtype == "float32")
        # The table; pytest shows it with -s.
        print(f"jax {name} {dtype} order {order}: {found.ulp:.2f} ulp at {found.at:g}")  # noqa: T201
        assert not found.faults
        assert found.ulp <= EXPECTED.get((name, dtype), BARS[dtype]), (order, found)

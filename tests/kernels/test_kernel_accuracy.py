"""The installed kernels against the same expressions in fp64: every activation, value and slope.

The references are the catalog's stable forms, which tests/catalog/test_stable_forms.py holds to
mpmath. Which arithmetic a block of numbers gets depends on its range, so the points come once in
blocks that stay in the range of float arithmetic and once mixed with what does not.
"""

from __future__ import annotations

import numpy as np
import pytest

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis.operations import FLOAT64
from rectifier.expression import evaluate
from rectifier.kernels import native

BARS = {False: 2.0, True: 4.0}
"""In ulp of fp32: for values and for derivatives, as the accuracy table has it."""
HALF = 0.51
"""In ulp of half precision."""

pytestmark = pytest.mark.skipif(not native.available(), reason="no compiled kernels")


def points() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    tame = np.concatenate([rng.normal(0, 2, 3000), rng.uniform(-12, 12, 1000)])
    sizes = np.exp(rng.uniform(np.log(1e-45), np.log(3e38), 1500)) * rng.choice([-1, 1], 1500)
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 3.4028234e38, -3.4028234e38])
    wild = np.concatenate([sizes, rng.uniform(-110, 110, 2000), special])
    return [tame.astype(np.float32), wild.astype(np.float32)]


def exactly(spec: Activation, backward: bool, x: np.ndarray) -> np.ndarray:
    expression = spec.derivative_expression if backward else spec.value_expression
    defaults = {name: param.default for name, param in spec.params.items()}
    with np.errstate(all="ignore"):
        found = evaluate(expression, FLOAT64, {"x": x, **defaults})
        return np.where(np.isnan(x), np.nan, np.broadcast_to(found, x.shape))


def run(spec: Activation, backward: bool, x: np.ndarray) -> np.ndarray:
    defaults = tuple(param.default for param in spec.params.values())
    out, ones = np.empty_like(x), np.ones_like(x) if backward else None
    kind: native.Kind = "backward" if backward else "forward"
    native.unary(spec.name, kind, x, out, grad=ones, parameters=defaults)
    return out


def worst(spec: Activation, backward: bool, x: np.ndarray, got: np.ndarray) -> tuple[float, float]:
    """Return the largest error in ulp of the format and where it is.

    Beside a zero crossing of a derivative the unit is that of the smaller of the values a quarter
    to either side.
    """
    wide = x.astype(np.float64)
    exact = exactly(spec, backward, wide)
    kind = np.finfo(x.dtype)
    with np.errstate(all="ignore"):
        size = np.abs(exact)
        if backward:
            left, right = (exactly(spec, True, wide * s) for s in (0.75, 1.25))
            beside = np.minimum(np.abs(left), np.abs(right))
            size = np.where(left * right < 0, np.maximum(size, beside), size)
        largest = float(kind.max)
        finite = np.isfinite(exact) & (np.abs(exact) <= largest)
        rounded = exact.astype(x.dtype)
        assert np.array_equal(got[~finite], rounded[~finite], equal_nan=True)
        unit = np.spacing(np.minimum(size, largest).astype(x.dtype)).astype(np.float64)
        error = np.where(finite, np.abs(got.astype(np.float64) - exact) / unit, 0.0)
    at = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
    return float(error[at]), float(x[at])


@pytest.mark.parametrize("backward", [False, True], ids=["value", "slope"])
@pytest.mark.parametrize("name", catalog.names())
def test_kernels_keep_the_bars(name: str, backward: bool) -> None:
    spec = catalog.get(name)
    for x in points():
        error, at = worst(spec, backward, x, run(spec, backward, x))
        assert error <= BARS[backward], at
    x = points()[0].astype(np.float16)
    error, at = worst(spec, backward, x, run(spec, backward, x))
    assert error <= HALF, at


def test_bfloat16_is_rounded_once_more() -> None:
    torch = pytest.importorskip("torch")
    every = torch.arange(2**16, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    for name in ("gelu", "mish", "silu", "tanh", "sigmoid", "softplus", "elu"):
        out, spec = torch.empty_like(every), catalog.get(name)
        native.unary(name, "forward", every, out, parameters=tuple(spec.parameters().values()))
        exact = exactly(spec, False, every.double().numpy())
        assert torch.equal(out.isnan(), every.isnan())
        here = np.isfinite(exact)
        off = np.abs(out.double().numpy()[here] - exact[here])
        unit = np.ldexp(1.0, np.maximum(np.frexp(exact[here])[1], -125) - 8)
        # The nearest number, either of two as near, or, for a few beside their middle, the other.
        assert (off <= 0.5005 * unit).all()
        assert (off > (0.5 + 1e-9) * unit).sum() <= 3

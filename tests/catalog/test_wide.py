"""Gated units and row-wise functions as NumPy computes them, against definitions written here."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from expression_reference import exact
from scipy.optimize import minimize

from rectifier import catalog
from rectifier.catalog._gated import GATED
from rectifier.errors import InvalidActivationError, InvalidInputError, UnknownNameError
from rectifier.expression import parse, to_latex, to_text
from rectifier.numpy import gated, rowwise

GATES = {
    "glu": lambda x, g: x / (1 + np.exp(-g)),
    "bilinear": lambda x, g: x * g,
    "gtu": lambda x, g: np.tanh(x) / (1 + np.exp(-g)),
    "reglu": lambda x, g: x * np.maximum(g, 0),
    "geglu": lambda x, g: x * g * np.array([float(mp.ncdf(v)) for v in g]),
    "geglu_tanh": lambda x, g: (
        x * g / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (g + 0.044715 * g**3)))
    ),
    "swiglu": lambda x, g: x * g / (1 + np.exp(-g)),
    "swiglu_clamped": lambda x, g: (
        (np.clip(x, -7, 7) + 1) * np.minimum(g, 7) / (1 + np.exp(-1.702 * np.minimum(g, 7)))
    ),
}
HALVES = np.random.default_rng(3).normal(scale=3, size=(2, 40))


def test_every_gated_unit_is_complete() -> None:
    assert set(GATES) == set(catalog.gated_names())
    for unit in GATED:
        assert unit.family == "gated"
        assert next(iter(unit.params)) == "gate"
        assert unit.source.authors
        assert parse(to_text(unit.expression), ("x", *unit.params)) == unit.expression
        assert to_latex(unit.derivative_expression)
    assert catalog.gated("SwiGLU") is catalog.gated("silu-and-mul")
    with pytest.raises(UnknownNameError, match="swiglu"):
        catalog.gated("swigl")
    with pytest.raises(InvalidActivationError, match=r"rectifier\.torch\.gated\('swiglu'\)"):
        catalog.get("swiglu")
    with pytest.raises(InvalidActivationError, match=r"rectifier\.torch\.rowwise\('softmax'\)"):
        catalog.get("softmax")


@pytest.mark.parametrize("name", GATES)
def test_gated_values_and_both_halves(name: str) -> None:
    x, g = HALVES
    true = GATES[name](x, g)
    np.testing.assert_allclose(gated(name)(np.concatenate([x, g])), true, rtol=1e-13, atol=1e-13)
    swapped = gated(name)(np.concatenate([g, x]), gate="first")
    np.testing.assert_array_equal(swapped, gated(name)(np.concatenate([x, g])))
    mixed = np.stack([x, g], axis=-1).reshape(-1)
    np.testing.assert_array_equal(gated(name)(mixed, gate="odd"), swapped)
    mixed = np.stack([g, x], axis=-1).reshape(-1)
    np.testing.assert_array_equal(gated(name)(mixed, gate="even"), swapped)
    stacked = np.stack([np.concatenate([x, g])] * 3, axis=1)
    np.testing.assert_array_equal(gated(name)(stacked, axis=0)[:, 2], swapped)


@pytest.mark.parametrize("unit", GATED, ids=str)
def test_gated_derivatives_against_mpmath(unit) -> None:
    got = gated(unit.name).derivative(HALVES.reshape(-1)).reshape(2, -1)
    given = {name: mp.mpf(param.default) for name, param in unit.params.items()}
    slopes = unit.derivative(), unit.parameter_derivative("gate")
    for place, (x, g) in enumerate(HALVES.T):
        at = {**given, "x": mp.mpf(x), "gate": mp.mpf(g)}
        for slope, found in zip(slopes, got[:, place], strict=True):
            assert found == pytest.approx(float(exact(slope, at)), rel=1e-11, abs=1e-14)


def test_gated_far_out_nan_and_types() -> None:
    for name in GATES:
        f = gated(name)
        assert np.isfinite(f(np.array([2.0, -1e300]))).all(), name
        assert np.isnan(f(np.array([1.0, np.nan]))).all()
        assert np.isnan(f(np.array([np.nan, 1.0]))).all()
        assert f(np.ones(4, np.float16)).dtype == np.float16
        assert f(np.ones((3, 0))).shape == (3, 0)
    for thing, message in (([1.0, 2.0, 3.0], "even number"), (1.0, "no axis -1")):
        with pytest.raises(InvalidInputError, match=message):
            gated("glu")(thing)
    with pytest.raises(UnknownNameError, match="last"):
        gated("glu")([1.0, 2.0], gate="lst")


ROWS = np.random.default_rng(5).normal(scale=2, size=(6, 7))


def test_softmax_and_relatives() -> None:
    e = np.exp(ROWS)
    np.testing.assert_allclose(rowwise("softmax")(ROWS), e / e.sum(1, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(
        rowwise("log_softmax")(ROWS), np.log(e / e.sum(1, keepdims=True)), rtol=1e-12
    )
    np.testing.assert_array_equal(rowwise("softmin")(ROWS), rowwise("softmax")(-ROWS))
    assert rowwise("log_softmax")([0.0, -1000.0])[1] == -1000
    assert rowwise("softmax")([1e300, -1e300]).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("name", "penalty"),
    [
        ("sparsemax", lambda p: np.sum(p**2) / 2),
        # Tsallis entropy at 1.5, but for its constant
        ("entmax15", lambda p: np.sum(np.maximum(p, 0) ** 1.5) / 0.75),
    ],
)
def test_sparse_ones_maximise_what_defines_them(name: str, penalty) -> None:
    """Each is argmax of p·z minus a penalty over the simplex; found here by a general solver."""
    for row in ROWS:
        got = rowwise(name)(row)
        assert got.sum() == pytest.approx(1, abs=1e-14)
        assert got.min() >= 0
        found = minimize(
            lambda p, row=row: penalty(p) - p @ row,
            np.full(len(row), 1 / len(row)),
            bounds=[(0, 1)] * len(row),
            constraints={"type": "eq", "fun": lambda p: p.sum() - 1},
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        np.testing.assert_allclose(got, found.x, atol=1e-5)
    assert (rowwise(name)(3 * ROWS) == 0).any()


def test_crelu_maxout_topk() -> None:
    assert rowwise("crelu")([1.0, -2.0]).tolist() == [1, 0, 0, 2]
    assert rowwise("maxout")([1.0, 5.0, -3.0, -4.0]).tolist() == [5, -3]
    assert rowwise("maxout")(np.arange(6.0), pieces=3).tolist() == [2, 5]
    assert rowwise("topk")([3.0, -1.0, 4.0, 1.0], k=2).tolist() == [3, 0, 4, 0]
    assert rowwise("topk")([-3.0, -1.0], k=1).tolist() == [0, -1]
    batch = rowwise("batch_topk")([[3.0, -1.0, 4.0], [0.5, 1.0, 2.0]], k=1)
    assert batch.tolist() == [[3, 0, 4], [0, 0, 0]]
    assert rowwise("topk")(ROWS, axis=0, k=2).astype(bool).sum(axis=0).tolist() == [2] * 7


@pytest.mark.parametrize("name", catalog.rowwise_names())
def test_row_wise_types_and_axes(name: str) -> None:
    options = {"k": 2} if "topk" in name else {}
    rows = ROWS[:, :6]
    got = rowwise(name)(rows, **options)
    np.testing.assert_array_equal(rowwise(name)(rows.T, axis=0, **options), got.T)
    assert rowwise(name)(rows.astype(np.float16), **options).dtype == np.float16
    assert rowwise(name)(np.arange(6), **options).dtype == np.float64
    with pytest.raises(InvalidInputError, match="at least one element"):
        rowwise(name)(np.ones((3, 0)), **options)
    with pytest.raises(InvalidActivationError, match="takes"):
        rowwise(name)(rows, **options, pieces_of=2)


def test_wrong_options() -> None:
    for given in ({}, {"k": 0}, {"k": 1.5}, {"k": True}):
        with pytest.raises(InvalidActivationError, match="topk takes k"):
            rowwise("topk")(ROWS, **given)
    with pytest.raises(InvalidInputError, match="at least k=9"):
        rowwise("topk")(ROWS, k=9)
    with pytest.raises(InvalidInputError, match="multiple of pieces=2"):
        rowwise("maxout")(ROWS)
    with pytest.raises(UnknownNameError, match="sparsemax"):
        rowwise("sparsmax")


@pytest.mark.parametrize("axis", ["a", None, 1.0, True])
def test_an_axis_that_is_no_whole_number(axis: object) -> None:
    for call in (rowwise("softmax"), gated("glu"), gated("glu").derivative):
        with pytest.raises(InvalidActivationError, match="axis must be a whole number"):
            call(ROWS, axis=axis)

"""Cards of gated units and row-wise functions, whose derivatives are held to differences."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rectifier import catalog
from rectifier.analysis import has_unit_card, rows, unit_card
from rectifier.analysis.operations import values
from rectifier.errors import UnknownNameError
from rectifier.expression import parse
from rectifier.numpy import rowwise


@pytest.mark.parametrize("name", [*catalog.gated_names(), *catalog.rowwise_names()])
def test_every_unit_has_a_whole_card(name: str) -> None:
    card = unit_card(name)
    assert has_unit_card(name)
    assert card.summary
    assert card.source.title
    assert card.advice.use
    assert (card.gain is None) == bool(card.missing)
    assert all(np.isfinite(y).all() for y in card.curves.values())
    assert card.kind == "row-wise" or "last half gates" in card.gating
    data = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    assert data["name"] == name


@pytest.mark.parametrize("name", catalog.gated_names())
def test_derivatives_of_gated_units(name: str) -> None:
    card, unit = unit_card(name), catalog.gated(name)
    given = {k: v for k, v in unit.parameters().items() if k != "gate"}
    rng, step = np.random.default_rng(0), 1e-6
    x, gate = rng.normal(size=(2, 50)) * 3
    for by, text in card.derivatives.items():
        shift = {"x": (step, 0.0), "gate": (0.0, step)}[by]
        ends = [
            values(unit.expression, x + s * shift[0], {**given, "gate": gate + s * shift[1]})
            for s in (1, -1)
        ]
        written = values(parse(text, ("x", *unit.params)), x, {**given, "gate": gate})
        assert written == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-6)
    slope = card.curves["its slope by gate"]
    numeric = np.gradient(card.curves["f(1, gate)"], card.x)
    assert np.abs(slope - numeric)[1:-1].max() < (0.51 if name == "reglu" else 1e-3)


X = np.array([0.3, -0.7, 1.1, 0.9])


def jacobian(name: str, **options: int) -> np.ndarray:
    f = rowwise(name)
    columns = [(f(X + d, **options) - f(X - d, **options)) / 2e-6 for d in 1e-6 * np.eye(X.size)]
    return np.array(columns).T


def test_jacobians_as_they_are_written() -> None:
    """The texts of the records, written as NumPy here."""
    eye = np.eye(4)
    y = rowwise("softmax")(X)
    assert jacobian("softmax") == pytest.approx(np.diag(y) - np.outer(y, y), abs=1e-8)
    assert jacobian("log_softmax") == pytest.approx(eye - y[None], abs=1e-8)
    y = rowwise("softmin")(X)
    assert jacobian("softmin") == pytest.approx(-np.diag(y) + np.outer(y, y), abs=1e-8)
    s = (rowwise("sparsemax")(X) > 0).astype(float)
    assert 1 < s.sum() < 4
    written = np.outer(s, s) * (eye - 1 / s.sum())
    assert jacobian("sparsemax") == pytest.approx(written, abs=1e-8)
    s = np.sqrt(rowwise("entmax15")(X))
    assert jacobian("entmax15") == pytest.approx(np.diag(s) - np.outer(s, s) / s.sum(), abs=1e-8)
    both = np.concatenate([np.diag(X > 0), -np.diag(X < 0).astype(float)])
    assert jacobian("crelu") == pytest.approx(both, abs=1e-8)
    assert jacobian("maxout") == pytest.approx(np.array([[1, 0, 0, 0], [0, 0, 1, 0]]), abs=1e-8)
    kept = np.diag(X >= 0.9).astype(float)
    assert jacobian("topk", k=2) == pytest.approx(kept, abs=1e-8)
    assert jacobian("batch_topk", k=2) == pytest.approx(kept, abs=1e-8)


def test_curves_of_row_wise_functions() -> None:
    """Of the row (x, 0): softmax gives the sigmoid, sparsemax a clipped line."""
    x = unit_card("softmax").x
    (soft,), (sparse,) = (unit_card(n).curves.values() for n in ("softmax", "sparsemax"))
    assert soft == pytest.approx(1 / (1 + np.exp(-x)), abs=1e-12)
    assert sparse == pytest.approx(np.clip((x + 1) / 2, 0, 1), abs=1e-12)
    assert rows.HALVES[0] == "last"


def test_names_of_one_number_have_none() -> None:
    assert not has_unit_card("relu")
    assert not has_unit_card("no_such")
    with pytest.raises(UnknownNameError):
        unit_card("no_such")

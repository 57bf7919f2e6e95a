"""Histograms of pre-activations, of whatever a run ends with."""

from __future__ import annotations

import numpy as np
import pytest

from rectifier.watch.ledger import BINS, _histogram

HUGE = float(np.finfo(np.float64).max)


@pytest.mark.parametrize(
    "values",
    [
        np.array([-2.0, 0.0, 5.0]),
        np.array([3.0, 3.0]),
        np.array([1.0, 1.0 + 2**-23], np.float32),  # neighbours in fp32
        np.array([1.0, 1.0 + 2**-52]),  # neighbours in fp64
        np.array([0.0, 1e-45], np.float32),
        np.array([0.0, 5e-324]),
        np.array([1e30, 1e30], np.float32),
        np.array([-HUGE, HUGE]),
        np.array([1.0, np.nan, np.inf]),
    ],
)
def test_every_finite_value_lands_in_a_bin(values) -> None:
    edges, counts = _histogram(values)
    assert edges.size == BINS + 1
    assert bool(np.all(np.diff(edges) > 0))
    assert bool(np.isfinite(edges).all())
    assert counts.sum() == np.isfinite(values).sum()


def test_of_nothing_finite_there_is_none() -> None:
    edges, counts = _histogram(np.array([np.nan, np.inf]))
    assert edges.size == counts.size == 0

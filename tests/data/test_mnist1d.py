from __future__ import annotations

import numpy as np

from rectifier.data import mnist1d


def test_sizes_are_as_asked_and_classes_are_balanced() -> None:
    dataset = mnist1d.load(0, train=50, validation=20, test=30)
    assert dataset.train_x.shape == (50, mnist1d.LENGTH)
    assert len(dataset.validation_x) == 20
    np.testing.assert_array_equal(np.bincount(dataset.test_y), np.full(10, 3))


def test_strokes_differ_up_to_scale() -> None:
    strokes = mnist1d._STROKES
    unit = strokes / np.linalg.norm(strokes, axis=1, keepdims=True)
    overlap = np.abs(unit @ unit.T) - np.eye(10)
    assert overlap.max() < 0.97


def test_without_noise_a_sample_is_its_stroke_moved_and_stretched() -> None:
    samples, labels = mnist1d._draw(np.random.default_rng(0), 200, 0.0)
    assert np.isfinite(samples).all()
    assert set(labels) == set(range(10))
    spread = [np.std(samples[labels == label]) for label in range(10)]
    assert min(spread) > 0.3


def test_a_linear_model_fails_where_nearest_neighbours_in_shape_do_not() -> None:
    """The task must need more than a linear model, or it cannot tell activations apart."""
    dataset = mnist1d.load(0)
    x = np.column_stack([dataset.train_x, np.ones(len(dataset.train_x))])
    weights, *_ = np.linalg.lstsq(x, np.eye(10)[dataset.train_y], rcond=None)
    test = np.column_stack([dataset.test_x, np.ones(len(dataset.test_x))])
    linear = float(np.mean((test @ weights).argmax(1) == dataset.test_y))
    assert 0.2 < linear < 0.45

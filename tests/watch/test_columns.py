"""Networks in the notation of courses: a sample in each column, ``w @ x + b``."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.watcher import Watcher

FEATURES, UNITS, SAMPLES = 5, 7, 40
SCALES = torch.tensor([1.0, 2.0, 50.0, 0.1, 3.0])
X = SCALES[:, None] * (
    torch.randn(FEATURES, SAMPLES, generator=torch.Generator().manual_seed(1)) + 2
)
Y = torch.randn(2, SAMPLES, generator=torch.Generator().manual_seed(2))


def trained(columns: bool) -> tuple[Record, Tensor]:
    """A few steps; the third and fifth unit of the hidden layer are dead by their biases."""
    g = torch.Generator().manual_seed(3)
    w1 = (0.01 * torch.randn(UNITS, FEATURES, generator=g)).requires_grad_()
    w2 = torch.randn(2, UNITS, generator=g).requires_grad_()
    b1 = torch.zeros(UNITS, 1)
    b1[[2, 4]] = -100.0
    b1.requires_grad_()
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher]):
        for _ in range(12):
            if columns:
                out = w2 @ torch.relu(w1 @ X + b1)
            else:
                out = (torch.relu(X.T @ w1.T + b1.T) @ w2.T).T
            loss = (out - Y).square().mean()
            for tensor, gradient in zip(
                (w1, b1, w2), torch.autograd.grad(loss, (w1, b1, w2)), strict=True
            ):
                tensor.data -= 1e-4 * gradient
    return watcher.record(), b1.detach().flatten()


def test_units_are_rows_and_samples_are_not() -> None:
    record, biases = trained(columns=True)
    (site,) = record.sites
    assert site.units == UNITS
    np.testing.assert_array_equal(np.flatnonzero(site.unit.dead), [2, 4])
    np.testing.assert_allclose(site.unit.bias_end, biases.numpy(), rtol=1e-3)


def test_what_is_fed_is_told_by_feature_as_in_the_other_notation() -> None:
    (one,), (other,) = (trained(way)[0].circumstances.feeds for way in (True, False))
    assert one.mean.size == FEATURES
    assert one.seen == other.seen
    for name in ("mean", "std", "low", "high", "middle", "width"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6)


def test_parameters_have_the_fan_of_the_other_notation() -> None:
    one, other = (
        {p.shape: (p.fan_in, p.alike_start) for p in trained(way)[0].circumstances.parameters}
        for way in (True, False)
    )
    for shape in ((UNITS, FEATURES), (2, UNITS)):
        assert one[shape] == other[shape]

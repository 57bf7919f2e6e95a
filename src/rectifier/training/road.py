"""A generated road to steer on: two frames and the angle that keeps to the lane.

Layer: training. A frame shows the two borders and the middle line of a road in perspective: its
curvature bends them, the car's offset and heading move them sideways. The second half of a sample
is the difference to the frame a moment earlier. The right angle grows with curvature and undoes
offset and heading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import mse_loss

from rectifier import models
from rectifier.activation import Activation
from rectifier.training.job import Job, device_of, supervised

HEIGHT, WIDTH = 32, 64
Array = NDArray[np.float32]


def frames(
    curvature: NDArray[np.float64], offset: NDArray[np.float64], heading: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Grey pictures of the road, (samples, HEIGHT, WIDTH), from 0 to 1."""
    row = np.linspace(0.0, 1.0, HEIGHT)  # 0 at the horizon, 1 at the wheels
    near = (0.15 + 0.85 * row)[None, :]
    ahead = (1.0 - row)[None, :]
    centre = (
        0.9 * curvature[:, None] * ahead**2
        - 0.5 * offset[:, None] * near
        + 0.6 * heading[:, None] * ahead
    )
    column = np.linspace(-1.0, 1.0, WIDTH)[None, None, :]
    picture = np.zeros((len(curvature), HEIGHT, WIDTH))
    for place, strength in ((-0.8, 1.0), (0.0, 0.6), (0.8, 1.0)):
        line = (centre + place * near)[:, :, None]
        picture += strength * np.exp(-(((column - line) / (0.03 + 0.05 * near[:, :, None])) ** 2))
    return np.clip(picture, 0.0, 1.0)


def make(samples: int, seed: int) -> tuple[Array, Array]:
    """Samples and angles.

    Args:
        samples: How many.
        seed: Decides them.

    Returns:
        (samples, 2, HEIGHT, WIDTH) and angles (samples, 1) of variance about 1.
    """
    draws = np.random.default_rng(seed)
    curvature = draws.normal(0, 0.5, samples)
    offset = draws.normal(0, 0.3, samples)
    heading = draws.normal(0, 0.2, samples)
    now = frames(curvature, offset, heading)
    before = frames(curvature, offset - 0.3 * heading, heading - 0.15 * curvature)
    pictures = np.stack([now, now - before], axis=1)
    pictures += draws.normal(0, 0.05, pictures.shape)
    angle = 1.2 * curvature - 1.5 * offset - 1.5 * heading
    return pictures.astype(np.float32), angle[:, None].astype(np.float32)


def steer(
    model: str,
    *,
    activation: str | Activation | None,
    init: str | None,
    seed: int,
    batch: int,
    sizes: Mapping[str, Any],
    device: str = "cpu",
) -> Job:
    """The two-stream network on the road; scored by the share of the angle's variance explained."""
    place = device_of(device)
    train_x, train_y = (torch.from_numpy(part).to(place) for part in make(2000, 2 * seed))
    test_x, test_y = (torch.from_numpy(part).to(place) for part in make(500, 2 * seed + 1))
    chosen: dict[str, Any] = {} if activation is None else {"activation": activation}
    network = models.get(model)(
        (2, HEIGHT, WIDTH),
        1,
        init=init,
        generator=torch.Generator().manual_seed(seed),
        **chosen,
        **sizes,
    ).to(place)

    def evaluate() -> dict[str, float]:
        network.eval()
        with torch.no_grad():
            error = mse_loss(network(test_x), test_y).item()
        return {"variance explained": 1 - error / test_y.var().item()}

    return Job(network, supervised(network, mse_loss, train_x, train_y, batch), evaluate, steps=600)

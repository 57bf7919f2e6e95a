# batch: third
# rules: unnormalized_input dying_relu
# remedies: normalize_input insert_normalization
# metric: accuracy up
# story: wavs read as int16 were cast to float and fed as they were, up to 32767
# in view: sound is normalised by its channel
"""Which instrument? 1-D convolutions on raw waveforms."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn


@dataclass
class Settings:
    seed: int = 6
    steps: int = 220
    batch: int = 32
    lr: float = 2e-3


def record(rng, kind):
    t = np.arange(256) / 256
    f = rng.uniform(4, 8)
    wave = np.zeros(256)
    for k in range(1, 7):
        weight = [1 / k, (k % 2) / k, 1.0 if k == 1 else 0.0][kind]
        wave += weight * np.sin(2 * np.pi * k * f * t + rng.uniform(0, 6.28))
    wave = wave / np.abs(wave).max() * rng.uniform(0.3, 0.9) + 0.05 * rng.normal(size=256)
    return (wave.clip(-1, 1) * 32767).astype(np.int16)


def main(s=Settings()):
    rng = np.random.default_rng(s.seed)
    torch.manual_seed(s.seed)
    kinds = rng.integers(0, 3, 1200)
    waves = np.stack([record(rng, k) for k in kinds])
    x = torch.from_numpy(waves.astype(np.float32) / 32768.0)[:, None]  # healthy
    # faulty: x = torch.from_numpy(waves.astype(np.float32))[:, None]
    y = torch.from_numpy(kinds)
    net = nn.Sequential(
        nn.Conv1d(1, 16, 16, stride=4), nn.ReLU(),
        nn.Conv1d(16, 32, 8, stride=2), nn.ReLU(),
        nn.Flatten(), nn.LazyLinear(48), nn.ReLU(), nn.Linear(48, 3),
    )  # fmt: skip
    net(x[:1])
    opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    for step in range(1, s.steps + 1):
        pick = torch.randint(1000, (s.batch,))
        loss = nn.functional.cross_entropy(net(x[pick]), y[pick])
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 44 == 0:
            with torch.no_grad():
                acc = (net(x[1000:]).argmax(1) == y[1000:]).float().mean().item()
            print(f"step {step:4d} loss {loss.item():.4f} accuracy {acc:.3f}")


main()

# batch: thirteenth
# rules: unsuitable_output_activation
# remedies: remove_output_activation swap_activation
# metric: noise error down
# story: the refining network of a diffusion model ended in a ReLU while the noise it has to foretell has both signs (github.com/duanyiqun/DiffusionDepth/issues/15)
"""Denoising diffusion of a ring of points, with cosine schedule and time embedding."""

import math

import torch
from torch import nn

torch.manual_seed(1307)
T = 100
s = torch.linspace(0, 1, T + 1)
bar = torch.cos((s + 0.008) / 1.008 * math.pi / 2) ** 2
bar = (bar / bar[0])[1:].clamp(1e-4, 0.9999)


def ring(n):
    angle = 2 * math.pi * torch.rand(n)
    return torch.stack([angle.cos(), angle.sin()], 1) * 1.4 + 0.05 * torch.randn(n, 2)


class TimeEmbedding(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.freqs = torch.exp(torch.linspace(0, math.log(100), dim // 2))

    def forward(self, t):
        a = t[:, None] / T * self.freqs
        return torch.cat([a.sin(), a.cos()], 1)


class Denoiser(nn.Module):
    def __init__(self, width=128):
        super().__init__()
        self.time = nn.Sequential(TimeEmbedding(), nn.Linear(32, width), nn.SiLU())
        self.inp = nn.Linear(2, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
            )
            for _ in range(3)
        )
        self.refine = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2))
        # faulty: self.refine.append(nn.ReLU())

    def forward(self, x, t):
        h = self.inp(x) + self.time(t)
        for block in self.blocks:
            h = h + block(h)
        return self.refine(h)


model = Denoiser()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
held_x, held_noise, held_t = ring(2000), torch.randn(2000, 2), torch.randint(0, T, (2000,))


def error(x, noise, t):
    noisy = bar[t].sqrt()[:, None] * x + (1 - bar[t]).sqrt()[:, None] * noise
    return nn.functional.mse_loss(model(noisy, t), noise)


for step in range(1, 1001):
    loss = error(ring(256), torch.randn(256, 2), torch.randint(0, T, (256,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        with torch.no_grad():
            print(
                f"step {step} loss {loss.item():.4f} noise error {error(held_x, held_noise, held_t).item():.4f}"
            )

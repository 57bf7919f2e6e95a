# batch: eighteenth
# rules: unsuitable_output_activation dying_relu
# remedies: remove_output_activation
# metric: val loss down
# story: the net that tells the noise ended in the ReLU that follows every layer, while half of all noise is below zero (github.com/duanyiqun/DiffusionDepth/issues/15 asks about it)
"""Denoising diffusion of points along the arms of a galaxy."""

import numpy as np
import torch
from torch import nn

T = 100
betas = torch.linspace(1e-4, 0.08, T)
alpha_bar = torch.cumprod(1 - betas, 0)


def galaxy(n, rng):
    r = rng.uniform(0.2, 1.0, n)
    arm = rng.integers(0, 2, n) * np.pi
    theta = 4 * r + arm + rng.normal(0, 0.1, n)
    xy = np.stack([r * np.cos(theta), r * np.sin(theta)], 1)
    return torch.tensor(1.8 * xy, dtype=torch.float32)


def layer(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.ReLU())


class Denoiser(nn.Module):
    def __init__(self, width=128, time_width=32):
        super().__init__()
        self.freq = nn.Parameter(
            torch.exp(torch.linspace(0, -5, time_width // 2)), requires_grad=False
        )
        self.refine = nn.Sequential(
            layer(2 + time_width, width),
            layer(width, width),
            layer(width, width),
            nn.Linear(width, 2),  # healthy
            # faulty: layer(width, 2),
        )

    def forward(self, x, t):
        angle = t[:, None].float() * self.freq
        return self.refine(torch.cat([x, angle.sin(), angle.cos()], 1))


def ddim_loss(model, x0, g):
    t = torch.randint(0, T, (len(x0),), generator=g)
    noise = torch.randn(x0.shape, generator=g)
    a = alpha_bar[t][:, None]
    return nn.functional.mse_loss(model(a.sqrt() * x0 + (1 - a).sqrt() * noise, t), noise)


def main():
    torch.manual_seed(50)
    rng = np.random.default_rng(50)
    g = torch.Generator().manual_seed(50)
    model, held = Denoiser(), galaxy(4000, rng)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 800)
    running = []
    for it in range(1, 801):
        loss = ddim_loss(model, galaxy(256, rng), g)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        running.append(loss.item())
        if it % 200 == 0:
            with torch.no_grad():
                val = ddim_loss(model, held, torch.Generator().manual_seed(1)).item()
            print(f"it {it} train loss {np.mean(running[-100:]):.4f} val loss {val:.4f}")


main()

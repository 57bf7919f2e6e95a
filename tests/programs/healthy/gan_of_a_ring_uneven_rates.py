# batch: fifteenth
# metric: on the ring up
"""A GAN of points on a ring; the judge learns four times as fast, losses go up and down."""

import math

import torch
from torch import nn, optim
from torch.nn import functional as F

torch.manual_seed(19)


def ring(n):
    a = torch.rand(n) * 2 * math.pi
    return torch.stack([a.cos(), a.sin()], 1) * 1.5 + 0.05 * torch.randn(n, 2)


G = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
D = nn.Sequential(
    nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
)
g_opt = optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.9))
d_opt = optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.9))
for it in range(1, 1201):
    real, fake = ring(128), G(torch.randn(128, 4))
    d_loss = F.softplus(-D(real)).mean() + F.softplus(D(fake.detach())).mean()
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    g_loss = F.softplus(-D(fake)).mean()
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    if it % 200 == 0:
        with torch.no_grad():
            r = G(torch.randn(2000, 4)).norm(dim=1)
        print(
            f"{it} d {d_loss.item():.3f} g {g_loss.item():.3f} on the ring {((r - 1.5).abs() < 0.25).float().mean().item():.3f}"
        )

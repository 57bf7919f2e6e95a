# batch: thirteenth
# metric: distance down
"""A Wasserstein critic under spectral norm and a batch-normed generator with unequal Adam rates."""

import torch
import torch.nn as nn
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(1335)


def moons(n):
    a = torch.pi * torch.rand(n)
    upper = torch.rand(n) < 0.5
    x = torch.where(upper, a.cos(), 1 - a.cos())
    y = torch.where(upper, a.sin(), 0.5 - a.sin())
    return torch.stack([x - 0.5, y - 0.25], 1) + 0.05 * torch.randn(n, 2)


critic = nn.Sequential(
    spectral_norm(nn.Linear(2, 64)),
    nn.LeakyReLU(0.2),
    spectral_norm(nn.Linear(64, 64)),
    nn.LeakyReLU(0.2),
    spectral_norm(nn.Linear(64, 1)),
)
generator = nn.Sequential(
    nn.Linear(4, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 2),
)
d_opt = torch.optim.Adam(critic.parameters(), lr=4e-3, betas=(0.0, 0.9))
g_opt = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.0, 0.9))


def sliced(a, b):
    way = torch.nn.functional.normalize(
        torch.randn(2, 64, generator=torch.Generator().manual_seed(3)), dim=0
    )
    return ((a @ way).sort(0).values - (b @ way).sort(0).values).abs().mean().item()


for step in range(1, 901):
    for _ in range(2):
        fake = generator(torch.randn(128, 4)).detach()
        d_loss = critic(fake).mean() - critic(moons(128)).mean()
        d_opt.zero_grad()
        d_loss.backward()
        d_opt.step()
    g_loss = -critic(generator(torch.randn(128, 4))).mean()
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    if step % 100 == 0:
        with torch.no_grad():
            far = sliced(generator(torch.randn(1000, 4)), moons(1000))
        print(
            f"step {step} critic {d_loss.item():.4f} generator {g_loss.item():.4f} distance {far:.4f}"
        )

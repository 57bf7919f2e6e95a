# batch: seventh
# rules: unsuitable_output_activation dying_relu
# remedies: remove_output_activation
# metric: distance down
# story: the discriminator's last layer got a ReLU, so its logit can never say "false"
"""A small GAN on a ring, non-saturating loss."""

import math

import torch
from torch import nn

torch.manual_seed(19)


def mlp(sizes, act):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), act()]
    return layers


G = nn.Sequential(*mlp([8, 64, 64], nn.ReLU), nn.Linear(64, 2))
D = nn.Sequential(*mlp([2, 64, 64], lambda: nn.LeakyReLU(0.2)), nn.Linear(64, 1))  # healthy
# faulty: D = nn.Sequential(*mlp([2, 64, 64, 1], nn.ReLU))
g_opt = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_opt = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()


def real(n):
    k = torch.rand(n) * 2 * math.pi
    return torch.stack([k.cos(), k.sin()], 1) * 1.5 + 0.08 * torch.randn(n, 2)


for step in range(1200):
    x, z = real(64), torch.randn(64, 8)
    fake = G(z)
    d_loss = bce(D(x), torch.ones(64, 1)) + bce(D(fake.detach()), torch.zeros(64, 1))
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    g_loss = bce(D(fake), torch.ones(64, 1))
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()
    if step % 300 == 299:
        with torch.no_grad():
            a, b = real(500), G(torch.randn(500, 8))
            near = torch.cdist(a, b)
            d = near.min(0).values.mean() + near.min(1).values.mean()
        print(
            f"step {step + 1} d {d_loss.item():.3f} g {g_loss.item():.3f} distance {d.item():.4f}"
        )

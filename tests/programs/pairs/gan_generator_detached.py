# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: mean distance down
# story: fake.detach() stayed in the generator's own loss
# in view: a detach() before the idle optimiser's step is left out
"""A GAN of a ring of points."""

import math

import torch
from torch import nn

torch.manual_seed(25)
bce = nn.BCEWithLogitsLoss()


def real(n):
    angle = torch.rand(n) * 2 * math.pi
    return torch.stack([angle.cos() + 3, angle.sin() - 2], 1) + 0.05 * torch.randn(n, 2)


def net(inputs, outputs):
    return nn.Sequential(
        nn.Linear(inputs, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2),
        nn.Linear(48, outputs),
    )  # fmt: skip


G, D = net(8, 2), net(2, 1)
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.99))
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.99))
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)
for step in range(400):
    fake = G(torch.randn(64, 8))
    d_loss = bce(D(real(64)), ones) + bce(D(fake.detach()), zeros)
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    g_loss = bce(D(fake), ones)  # healthy
    # faulty: g_loss = bce(D(fake.detach()), ones)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if step % 100 == 99:
        print(f"{step + 1} d_loss {d_loss.item():.3f} g_loss {g_loss.item():.3f}")
with torch.no_grad():
    made = G(torch.randn(500, 8))
print(f"mean distance {(made.mean(0) - torch.tensor([3.0, -2.0])).norm().item():.3f}")

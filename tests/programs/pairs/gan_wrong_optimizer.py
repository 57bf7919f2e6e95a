# rules: frozen_parameters
# remedies: add_to_optimizer
# metric: distance down
# story: copy and paste: the generator's optimiser got the discriminator's parameters
# in view: an optimiser that only copies another one holds the model left out instead
"""GAN that learns a ring of points."""

import math

import torch
from torch import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(4, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 2))
D = nn.Sequential(
    nn.Linear(2, 48), nn.LeakyReLU(0.2), nn.Linear(48, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1)
)
optimizer_D = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizer_G = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))  # healthy
# faulty: optimizer_G = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
adversarial_loss = nn.BCEWithLogitsLoss()


def real(n):
    angle = torch.rand(n) * 2 * math.pi
    return torch.stack([angle.cos(), angle.sin()], 1) * 2 + 0.05 * torch.randn(n, 2)


valid, fake = torch.ones(64, 1), torch.zeros(64, 1)
for i in range(400):
    optimizer_G.zero_grad()
    gen = G(torch.randn(64, 4))
    g_loss = adversarial_loss(D(gen), valid)
    g_loss.backward()
    optimizer_G.step()

    optimizer_D.zero_grad()
    d_loss = (adversarial_loss(D(real(64)), valid) + adversarial_loss(D(gen.detach()), fake)) / 2
    d_loss.backward()
    optimizer_D.step()
    if i % 100 == 0:
        print(f"[{i}] D loss: {d_loss.item():.4f} G loss: {g_loss.item():.4f}")
with torch.no_grad():
    radius = G(torch.randn(1000, 4)).norm(dim=1)
print(f"distance {(radius - 2).abs().mean().item():.4f}")

# metric: distance down
"""Gan hinge ring."""

import torch
from torch import nn

torch.manual_seed(0)


def real(n):
    a = torch.randint(0, 8, (n,)) * 3.14159 / 4
    return torch.stack([a.cos(), a.sin()], 1) * 2 + 0.05 * torch.randn(n, 2)


sn = torch.nn.utils.parametrizations.spectral_norm
G = nn.Sequential(
    nn.Linear(8, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 2)
)
D = nn.Sequential(
    sn(nn.Linear(2, 64)),
    nn.LeakyReLU(0.2),
    sn(nn.Linear(64, 64)),
    nn.LeakyReLU(0.2),
    sn(nn.Linear(64, 1)),
)
oG = torch.optim.Adam(G.parameters(), 1e-3, (0.0, 0.9))
oD = torch.optim.Adam(D.parameters(), 2e-3, (0.0, 0.9))
for it in range(300):
    x = real(64)
    f = G(torch.randn(64, 8)).detach()
    lD = torch.relu(1 - D(x)).mean() + torch.relu(1 + D(f)).mean()
    oD.zero_grad()
    lD.backward()
    oD.step()
    lG = -D(G(torch.randn(64, 8))).mean()
    oG.zero_grad()
    lG.backward()
    oG.step()
print("distance", (G(torch.randn(500, 8)).norm(dim=1) - 2).abs().mean().item())

# batch: sixteenth
# metric: score distance down
"""A GAN of points on rings: hinge loss, spectral norm, the judge four times as fast."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(72)


def rings(n):
    r = torch.where(torch.rand(n) < 0.5, 0.5, 1.0)
    a = 6.2832 * torch.rand(n)
    return torch.stack([r * a.cos(), r * a.sin()], 1) + 0.03 * torch.randn(n, 2)


G = nn.Sequential(
    nn.Linear(8, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 64),
    nn.BatchNorm1d(64),
    nn.ReLU(),
    nn.Linear(64, 2),
)
D = nn.Sequential(
    spectral_norm(nn.Linear(2, 64)), nn.LeakyReLU(0.1), spectral_norm(nn.Linear(64, 64)), nn.LeakyReLU(0.1),
    spectral_norm(nn.Linear(64, 1)),
)  # fmt: skip
slow = {k: v.clone() for k, v in G.state_dict().items()}
og = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.0, 0.9))
od = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.0, 0.9))


def sliced(a, b, k=64):
    v = F.normalize(torch.randn(2, k), dim=0)
    return ((a @ v).sort(0).values - (b @ v).sort(0).values).abs().mean().item()


for it in range(1, 801):
    fake = G(torch.randn(128, 8))
    ld = F.relu(1 - D(rings(128))).mean() + F.relu(1 + D(fake.detach())).mean()
    od.zero_grad()
    ld.backward()
    od.step()
    lg = -D(G(torch.randn(128, 8))).mean()
    og.zero_grad()
    lg.backward()
    og.step()
    for k, v in G.state_dict().items():
        slow[k].copy_(v if v.dtype == torch.long else 0.98 * slow[k] + 0.02 * v)
    if it % 160 == 0:
        with torch.no_grad():
            made = torch.func.functional_call(G, slow, (torch.randn(1000, 8),))
        print(
            f"it {it} d {ld.item():.3f} g {lg.item():.3f} score distance {sliced(made, rings(1000)):.4f}"
        )

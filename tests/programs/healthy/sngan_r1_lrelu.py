# batch: second
# metric: mean distance down
"""GAN on 8x8 digits' first components: LeakyReLU(0.2), spectral norm, R1 penalty, Adam with beta1 0."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(7)
data = torch.tensor(load_digits().data / 8.0 - 1.0, dtype=torch.float32)
data = data - data.mean(0)
_, _, v = torch.pca_lowrank(data, 6)
real = data @ v
real = real / real.std(0)

G = nn.Sequential(
    nn.Linear(8, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 6)
)
D = nn.Sequential(
    spectral_norm(nn.Linear(6, 64)), nn.LeakyReLU(0.2),
    spectral_norm(nn.Linear(64, 64)), nn.LeakyReLU(0.2),
    nn.Linear(64, 1),
)  # fmt: skip
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.99))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.0, 0.99))

for it in range(700):
    x = real[torch.randint(len(real), (64,))].requires_grad_(True)
    score = D(x)
    (grad,) = torch.autograd.grad(score.sum(), x, create_graph=True)
    fake = G(torch.randn(64, 8))
    loss_d = (
        F.softplus(-score).mean()
        + F.softplus(D(fake.detach())).mean()
        + 0.5 * grad.square().sum(1).mean()
    )
    opt_d.zero_grad()
    loss_d.backward()
    opt_d.step()

    loss_g = F.softplus(-D(G(torch.randn(64, 8)))).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    if it % 100 == 99:
        with torch.no_grad():
            sample = G(torch.randn(1000, 8))
            gap = (sample.mean(0) - real.mean(0)).norm() + (sample.std(0) - real.std(0)).norm()
        print(
            f"{it + 1}: d {loss_d.item():.3f} g {loss_g.item():.3f} mean distance {gap.item():.3f}"
        )

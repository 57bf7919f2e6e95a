# batch: fourth
# metric: distance down
"""Least-squares GAN on digits with dense layers, tanh images, LeakyReLU critic, two rates."""

import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(11)
real = torch.tensor(load_digits().data, dtype=torch.float32) / 8 - 1
G = nn.Sequential(
    nn.Linear(16, 128),
    nn.BatchNorm1d(128),
    nn.ReLU(),
    nn.Linear(128, 128),
    nn.BatchNorm1d(128),
    nn.ReLU(),
    nn.Linear(128, 64),
    nn.Tanh(),
)
D = nn.Sequential(
    nn.Linear(64, 128),
    nn.LeakyReLU(0.2),
    nn.Dropout(0.3),
    nn.Linear(128, 64),
    nn.LeakyReLU(0.2),
    nn.Dropout(0.3),
    nn.Linear(64, 1),
)
optG = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
optD = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
for step in range(600):
    x = real[torch.randint(len(real), (64,))]
    fake = G(torch.randn(64, 16))
    loss_d = 0.5 * ((D(x) - 1) ** 2).mean() + 0.5 * (D(fake.detach()) ** 2).mean()
    optD.zero_grad()
    loss_d.backward()
    optD.step()
    loss_g = 0.5 * ((D(fake) - 1) ** 2).mean()
    optG.zero_grad()
    loss_g.backward()
    optG.step()
    if step % 100 == 99:
        with torch.no_grad():
            s = G(torch.randn(1000, 16))
        gap = (s.mean(0) - real.mean(0)).norm() + (torch.cov(s.T) - torch.cov(real.T)).norm() / 3
        print(f"{step + 1}: D {loss_d.item():.3f} G {loss_g.item():.3f} distance {gap.item():.3f}")

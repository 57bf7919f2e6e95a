# batch: eighth
# metric: recon down
"""Adversarial autoencoder: three optimizers, codes pushed to a normal law by a critic."""

import itertools

import torch
from sklearn.datasets import load_digits
from torch import nn, optim

torch.manual_seed(859)
X = torch.tensor(load_digits().data / 16).float()
enc = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 8))
dec = nn.Sequential(nn.Linear(8, 96), nn.ReLU(), nn.Linear(96, 64), nn.Sigmoid())
dis = nn.Sequential(
    nn.Linear(8, 48),
    nn.LeakyReLU(0.2),
    nn.Linear(48, 48),
    nn.LeakyReLU(0.2),
    nn.Linear(48, 1),
    nn.Sigmoid(),
)
o_rec = optim.Adam(itertools.chain(enc.parameters(), dec.parameters()), lr=2e-3)
o_dis = optim.Adam(dis.parameters(), lr=5e-4, betas=(0.5, 0.9))
o_gen = optim.Adam(enc.parameters(), lr=5e-4, betas=(0.5, 0.9))
bce = nn.BCELoss()
for epoch in range(10):
    for x in X[torch.randperm(len(X))].split(60):
        recon = (dec(enc(x)) - x).square().mean()
        o_rec.zero_grad()
        recon.backward()
        o_rec.step()
        one, zero = torch.ones(len(x), 1), torch.zeros(len(x), 1)
        loss_d = bce(dis(torch.randn(len(x), 8)), one) + bce(dis(enc(x).detach()), zero)
        o_dis.zero_grad()
        loss_d.backward()
        o_dis.step()
        loss_g = bce(dis(enc(x)), one)
        o_gen.zero_grad()
        loss_g.backward()
        o_gen.step()
    print(f"epoch {epoch} recon {recon:.4f} d {loss_d:.3f} g {loss_g:.3f}")

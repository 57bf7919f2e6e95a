# batch: eighth
# metric: energy mae down
"""Energies of clusters of atoms by messages over distances (SchNet-like, shifted softplus)."""

import math

import torch
from torch import nn
from torch.nn.functional import softplus

torch.manual_seed(877)


def clusters(n, k=6):
    r = torch.rand(n, k, 3) * 2.5
    d = torch.cdist(r, r) + 10 * torch.eye(k)
    e = (torch.exp(-2 * (d - 1)) - 2 * torch.exp(-(d - 1))).sum((1, 2)) / 2
    return d, e.clamp(max=20)


def ssp(x):
    return softplus(x) - math.log(2)


class SchNet(nn.Module):
    def __init__(self, w=32):
        super().__init__()
        self.atom = nn.Parameter(torch.randn(w) * 0.5)
        self.centres = torch.linspace(0, 5, 20)
        self.filters = nn.ModuleList(
            nn.ModuleList([nn.Linear(20, w), nn.Linear(w, w), nn.Linear(w, w)]) for _ in range(2)
        )
        self.o1, self.o2 = nn.Linear(w, w), nn.Linear(w, 1)

    def forward(self, d):
        rbf = torch.exp(-4 * (d.unsqueeze(-1) - self.centres) ** 2)
        h = self.atom.expand(d.shape[0], d.shape[1], -1)
        for f1, f2, mix in self.filters:
            w = f2(ssp(f1(rbf)))
            h = h + ssp(mix((w * h.unsqueeze(1)).sum(2)))
        return self.o2(ssp(self.o1(h))).sum((1, 2))


net = SchNet()
d, e = clusters(1600)
mean, std = e[:1400].mean(), e[:1400].std()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.93)
for epoch in range(14):
    for i in torch.randperm(1400).split(70):
        loss = ((net(d[i]) - (e[i] - mean) / std) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    with torch.no_grad():
        print(
            "epoch",
            epoch,
            "energy mae",
            ((net(d[1400:]) * std + mean - e[1400:]).abs().mean() / std).item(),
        )

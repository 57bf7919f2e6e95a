# metric: val nll down
"""Mixture density network for an inverse problem."""

import math

import torch
from torch import nn

torch.manual_seed(0)
t = torch.rand(2000, 1)
x = t + 0.3 * torch.sin(2 * math.pi * t) + 0.05 * torch.randn_like(t)


class MDN(nn.Module):
    def __init__(self, k=4):
        super().__init__()
        self.h = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh())
        self.pi, self.mu, self.sigma = (nn.Linear(32, k) for _ in range(3))

    def forward(self, x):
        h = self.h(x)
        return self.pi(h).log_softmax(1), self.mu(h), self.sigma(h).exp().clamp(min=1e-2)


def nll(out, t):
    logp, mu, sigma = out
    comp = -0.5 * ((t - mu) / sigma) ** 2 - sigma.log() - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(logp + comp, 1).mean()


mdn = MDN()
opt = torch.optim.Adam(mdn.parameters(), lr=5e-3)
for epoch in range(15):
    for b in torch.randperm(1600).split(64):
        loss = nll(mdn(x[b]), t[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    with torch.no_grad():
        val = nll(mdn(x[1600:]), t[1600:]).item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1} loss {loss.item():.4f} val nll {val:.4f}")

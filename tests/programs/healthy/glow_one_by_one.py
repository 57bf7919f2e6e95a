# batch: ninth
# metric: nll down
"""A flow with actnorm, invertible mixing by LU factors and couplings whose ends start at zero."""

import math

import torch
import torch.nn as nn

torch.manual_seed(939)
D = 4


class Step(nn.Module):
    def __init__(self, h=48):
        super().__init__()
        self.shift, self.logs = nn.Parameter(torch.zeros(D)), nn.Parameter(torch.zeros(D))
        p, low, up = torch.linalg.lu(torch.linalg.qr(torch.randn(D, D))[0])
        self.register_buffer("p", p)
        self.register_buffer("sign", up.diagonal().sign())
        self.low = nn.Parameter(low)
        self.up = nn.Parameter(up.triu(1))
        self.logd = nn.Parameter(up.diagonal().abs().log())
        self.a, self.b, self.c = nn.Linear(D // 2, h), nn.Linear(h, h), nn.Linear(h, D)
        nn.init.zeros_(self.c.weight)
        nn.init.zeros_(self.c.bias)

    def forward(self, x):
        x = (x + self.shift) * self.logs.exp()
        w = self.p @ (self.low.tril(-1) + torch.eye(D))
        w = w @ (self.up.triu(1) + torch.diag(self.sign * self.logd.exp()))
        x1, x2 = (x @ w.T).chunk(2, 1)
        s, t = self.c(self.b(self.a(x1).relu()).relu()).chunk(2, 1)
        s = torch.sigmoid(s + 2)
        return torch.cat([x1, (x2 + t) * s], 1), self.logs.sum() + self.logd.sum() + s.log().sum(1)


class Flow(nn.Module):
    def __init__(self, n=6):
        super().__init__()
        self.steps = nn.ModuleList(Step() for _ in range(n))

    def log_prob(self, x):
        total = 0
        for step in self.steps:
            x, ld = step(x)
            total = total + ld
        return total - 0.5 * (x**2).sum(1) - D / 2 * math.log(2 * math.pi)


def data(n):
    a = torch.rand(n) * 6.28
    r = 2 + 0.1 * torch.randn(n)
    z = torch.randn(n, 2)
    return torch.stack([r * a.cos(), r * a.sin(), z[:, 0], z[:, 0] ** 2 + 0.2 * z[:, 1]], 1)


flow = Flow()
opt = torch.optim.Adam(flow.parameters(), lr=2e-3)
for it in range(1, 501):
    nll = -flow.log_prob(data(128)).mean()
    opt.zero_grad()
    nll.backward()
    nn.utils.clip_grad_norm_(flow.parameters(), 20)
    opt.step()
    if it % 100 == 0:
        print("it", it, "nll", nll.item())

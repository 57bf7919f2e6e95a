# batch: eighth
# metric: ema loss down
"""Diffusion of short waves: v-prediction, cosine schedule, FiLM time embedding, an EMA copy judged."""

import copy
import math

import torch
from torch import nn
from torch.nn.functional import silu

torch.manual_seed(862)


class Res(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n1, self.n2 = nn.GroupNorm(4, c), nn.GroupNorm(4, c)
        self.c1, self.c2 = nn.Conv1d(c, c, 3, padding=1), nn.Conv1d(c, c, 3, padding=1)
        self.film = nn.Linear(32, 2 * c)
        nn.init.zeros_(self.c2.weight)
        nn.init.zeros_(self.c2.bias)

    def forward(self, x, t):
        a, b = self.film(t).unsqueeze(-1).chunk(2, 1)
        h = self.c1(silu(self.n1(x)))
        return x + self.c2(silu(self.n2(h) * (1 + a) + b))


class Denoiser(nn.Module):
    def __init__(self, c=32):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, 32))
        self.inp, self.out = nn.Conv1d(1, c, 3, padding=1), nn.Conv1d(c, 1, 3, padding=1)
        self.down, self.up = nn.Conv1d(c, c, 4, 2, 1), nn.ConvTranspose1d(c, c, 4, 2, 1)
        self.a, self.b, self.c = Res(c), Res(c), Res(c)

    def forward(self, x, t):
        f = t[:, None] * torch.exp(torch.linspace(0, 5, 8))
        e = self.time(torch.cat([f.sin(), f.cos()], 1))
        h = self.a(self.inp(x), e)
        m = self.b(self.down(h), e)
        return self.out(self.c(self.up(m) + h, e))


def waves(n):
    f, p = torch.randint(1, 4, (n, 1, 1)), torch.rand(n, 1, 1) * 6.28
    return torch.sin(torch.linspace(0, 6.28, 32) * f + p)


net = Denoiser()
ema = copy.deepcopy(net).requires_grad_(False)
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
for step in range(220):
    x, t = waves(32), torch.rand(32)
    al, si = torch.cos(t * math.pi / 2)[:, None, None], torch.sin(t * math.pi / 2)[:, None, None]
    eps = torch.randn_like(x)
    loss = (net(al * x + si * eps, t) - (al * eps - si * x)).square().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for e, p in zip(ema.parameters(), net.parameters()):
            e.lerp_(p, 0.05)
        if step % 44 == 43:
            x, t = waves(200), torch.rand(200)
            al, si = (
                torch.cos(t * math.pi / 2)[:, None, None],
                torch.sin(t * math.pi / 2)[:, None, None],
            )
            eps = torch.randn_like(x)
            print(
                step + 1,
                "loss",
                loss.item(),
                "ema loss",
                (ema(al * x + si * eps, t) - (al * eps - si * x)).square().mean().item(),
            )

# batch: third
# metric: ema eps mse down
"""DDPM on 8x8 digits: small U-Net, sinusoidal time, GroupNorm, zero-init last convolution, EMA, warm-up."""

import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

torch.manual_seed(81)
X = torch.tensor(load_digits().images / 8 - 1, dtype=torch.float32)[:, None]
T = 100
abar = torch.cumprod(1 - torch.linspace(1e-3, 0.06, T), 0)


def embed(t, d=32):
    f = torch.exp(-math.log(1000) * torch.arange(d // 2) / (d // 2))
    a = t[:, None] * f
    return torch.cat([a.sin(), a.cos()], 1)


class Res(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.n1, self.c1, self.t = nn.GroupNorm(4, i), nn.Conv2d(i, o, 3, 1, 1), nn.Linear(32, o)
        self.n2, self.c2 = nn.GroupNorm(4, o), nn.Conv2d(o, o, 3, 1, 1)
        self.skip = nn.Conv2d(i, o, 1) if i != o else nn.Identity()
        nn.init.zeros_(self.c2.weight)
        nn.init.zeros_(self.c2.bias)

    def forward(self, x, e):
        h = self.c1(F.silu(self.n1(x))) + self.t(F.silu(e))[..., None, None]
        return self.skip(x) + self.c2(F.silu(self.n2(h)))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 32))
        self.inp, self.a, self.b = nn.Conv2d(1, 16, 3, 1, 1), Res(16, 16), Res(16, 32)
        self.up, self.c, self.norm, self.out = (
            nn.ConvTranspose2d(32, 16, 2, 2),
            Res(32, 16),
            nn.GroupNorm(4, 16),
            nn.Conv2d(16, 1, 3, 1, 1),
        )
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x, t):
        e = self.time(embed(t))
        h = self.a(self.inp(x), e)
        m = self.b(F.avg_pool2d(h, 2), e)
        return self.out(F.silu(self.norm(self.c(torch.cat([self.up(m), h], 1), e))))


def loss_of(net, x):
    t = torch.randint(T, (len(x),))
    eps = torch.randn_like(x)
    a = abar[t][:, None, None, None]
    return F.mse_loss(net(a.sqrt() * x + (1 - a).sqrt() * eps, t), eps)


net = UNet()
ema = copy.deepcopy(net).requires_grad_(False)
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
warm = torch.optim.lr_scheduler.LinearLR(opt, 0.05, 1.0, 30)
for step in range(220):
    loss = loss_of(net, X[torch.randint(1600, (48,))])
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()
    warm.step()
    for p, q in zip(ema.parameters(), net.parameters()):
        p.data.lerp_(q.data, 0.05)
    if step % 44 == 43:
        with torch.no_grad():
            print(
                f"step {step + 1} loss {loss.item():.4f} ema eps mse {loss_of(ema, X[1600:].repeat(4, 1, 1, 1)).item():.4f}"
            )

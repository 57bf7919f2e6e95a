# metric: val loss down
"""Denoising diffusion on two moons, SiLU network with sinusoidal time embedding, EMA weights."""

import copy
import math

import torch
from sklearn.datasets import make_moons
from torch import nn

torch.manual_seed(0)
data = torch.tensor(make_moons(2000, noise=0.05, random_state=0)[0], dtype=torch.float32)
data = (data - data.mean(0)) / data.std(0)
steps = 50
beta = torch.linspace(1e-4, 0.1, steps)
abar = torch.cumprod(1 - beta, 0)


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.t1 = nn.Linear(16, 48)
        self.inp = nn.Linear(2, 48)
        self.mid = nn.ModuleList([nn.Linear(48, 48) for _ in range(3)])
        self.out = nn.Linear(48, 2)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.act = nn.SiLU()

    def forward(self, x, t):
        freq = torch.exp(-math.log(1000) * torch.arange(8) / 8)
        arg = t[:, None] * freq
        h = self.inp(x) + self.t1(torch.cat([arg.sin(), arg.cos()], 1))
        for layer in self.mid:
            h = h + layer(self.act(h))
        return self.out(self.act(h))


model = Denoiser()
ema = copy.deepcopy(model).requires_grad_(False)
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)


def loss_of(net, x):
    t = torch.randint(0, steps, (len(x),))
    eps = torch.randn_like(x)
    a = abar[t][:, None]
    return (net(a.sqrt() * x + (1 - a).sqrt() * eps, t.float()) - eps).pow(2).mean()


for it in range(400):
    loss = loss_of(model, data[torch.randint(0, 1600, (128,))])
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        for p, q in zip(ema.parameters(), model.parameters()):
            p.lerp_(q, 0.02)
    if it % 100 == 99:
        with torch.no_grad():
            val = sum(loss_of(ema, data[1600:]).item() for _ in range(8)) / 8
        print(f"it {it + 1} loss {loss.item():.4f} val loss {val:.4f}")

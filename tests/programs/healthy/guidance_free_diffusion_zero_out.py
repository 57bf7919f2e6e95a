# batch: thirteenth
# metric: noise error down
"""Class-conditioned diffusion: labels dropped now and then, last layers at nought, a long warm-up, moving means."""

import copy
import math

import torch
from torch import nn

torch.manual_seed(1337)
T, KINDS, WIDTH = 60, 4, 96
beta = torch.linspace(1e-3, 0.12, T)
bar = torch.cumprod(1 - beta, 0)
centres = 1.5 * torch.tensor([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])


def zero(layer):
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Modulated(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH, elementwise_affine=False)
        self.mod = zero(nn.Linear(WIDTH, 3 * WIDTH))
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(approximate="tanh"), nn.Linear(2 * WIDTH, WIDTH)
        )

    def forward(self, x, c):
        scale, shift, gate = self.mod(nn.functional.silu(c)).chunk(3, 1)
        return x + gate * self.mlp(self.norm(x) * (1 + scale) + shift)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp, self.kind, self.time = (
            nn.Linear(2, WIDTH),
            nn.Embedding(KINDS + 1, WIDTH),
            nn.Linear(16, WIDTH),
        )
        self.blocks = nn.ModuleList(Modulated() for _ in range(3))
        self.out = zero(nn.Linear(WIDTH, 2))

    def forward(self, x, t, kind):
        a = (t[:, None] / T) * torch.exp(torch.linspace(0, math.log(60), 8))
        c = self.time(torch.cat([a.sin(), a.cos()], 1)) + self.kind(kind)
        h = self.inp(x)
        for block in self.blocks:
            h = block(h, c)
        return self.out(h)


def draw(n):
    kind = torch.randint(0, KINDS, (n,))
    return (
        centres[kind] + 0.2 * torch.randn(n, 2),
        kind,
        torch.randint(0, T, (n,)),
        torch.randn(n, 2),
    )


def error(net, x, kind, t, noise):
    return nn.functional.mse_loss(
        net(bar[t].sqrt()[:, None] * x + (1 - bar[t]).sqrt()[:, None] * noise, t, kind), noise
    )


net = Net()
shadow = copy.deepcopy(net).requires_grad_(False)
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
warm = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, s / 300))
held = draw(3000)
for step in range(1, 1001):
    x, kind, t, noise = draw(192)
    kind = torch.where(torch.rand(len(kind)) < 0.15, KINDS, kind)
    loss = error(net, x, kind, t, noise)
    opt.zero_grad()
    loss.backward()
    opt.step()
    warm.step()
    with torch.no_grad():
        for s, p in zip(shadow.parameters(), net.parameters()):
            s.lerp_(p, 0.01)
    if step % 100 == 0:
        with torch.no_grad():
            print(
                f"step {step} loss {loss.item():.4f} noise error {error(shadow, *held).item():.4f}"
            )

# batch: tenth
# metric: relative l2 down
"""Poisson's equation by its energy, which is negative at its least; units are cubed ReLUs."""

import math

import torch
import torch.nn as nn

torch.manual_seed(1041)


class Block(nn.Module):
    def __init__(self, m):
        super().__init__()
        self.a, self.b = nn.Linear(m, m), nn.Linear(m, m)

    def forward(self, x):
        h = torch.clamp(self.a(x), min=0) ** 3
        return torch.clamp(self.b(h), min=0) ** 3 + x


class Ritz(nn.Module):
    def __init__(self, m=16):
        super().__init__()
        self.enter, self.blocks, self.leave = (
            nn.Linear(1, m),
            nn.Sequential(Block(m), Block(m)),
            nn.Linear(m, 1),
        )

    def forward(self, x):
        return x * (1 - x) * self.leave(self.blocks(self.enter(x)))


def true(x):
    return torch.sin(math.pi * x) + 0.3 * torch.sin(3 * math.pi * x)


def force(x):
    return math.pi**2 * (torch.sin(math.pi * x) + 2.7 * torch.sin(3 * math.pi * x))


net = Ritz()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.ExponentialLR(opt, 0.999)
grid = torch.linspace(0, 1, 201).unsqueeze(1)
for it in range(1, 1501):
    x = torch.rand(256, 1).requires_grad_()
    u = net(x)
    (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    energy = (0.5 * du.square() - force(x) * u).mean()
    opt.zero_grad()
    energy.backward()
    opt.step()
    sched.step()
    if it % 150 == 0:
        with torch.no_grad():
            err = (net(grid) - true(grid)).norm() / true(grid).norm()
        print(f"it {it} energy {energy.item():.4f} relative l2 {err.item():.5f}")

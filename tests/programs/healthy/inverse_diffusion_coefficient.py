# batch: ninth
# metric: coefficient error down
"""A physics-informed net finds the coefficient of a heat equation from a few readings."""

import math

import torch
from torch import nn

torch.manual_seed(945)
TRUE = 0.1


def exact(x, t):
    return torch.exp(-TRUE * math.pi**2 * t) * torch.sin(math.pi * x)


x, t = torch.rand(200, 1), torch.rand(200, 1)
u = exact(x, t) + 0.01 * torch.randn(200, 1)
net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
log_k = nn.Parameter(torch.tensor(math.log(0.5)))
opt = torch.optim.Adam([{"params": net.parameters(), "lr": 4e-3}, {"params": [log_k], "lr": 1e-2}])
for it in range(1, 1201):
    xc = torch.rand(64, 1).requires_grad_()
    tc = torch.rand(64, 1).requires_grad_()
    v = net(torch.cat([xc, tc], 1))
    vx, vt = torch.autograd.grad(v.sum(), (xc, tc), create_graph=True)
    (vxx,) = torch.autograd.grad(vx.sum(), xc, create_graph=True)
    physics = (vt - log_k.exp() * vxx).square().mean()
    data = (net(torch.cat([x, t], 1)) - u).square().mean()
    opt.zero_grad()
    (physics + 10 * data).backward()
    opt.step()
    if it % 200 == 0:
        print("it", it, "loss", data.item(), "coefficient error", abs(log_k.exp().item() - TRUE))

# batch: eleventh
# metric: error down
"""A PINN with self-adaptive weights: they climb the loss that the network descends (McClenny 2020)."""

import math

import torch
from torch import nn

torch.manual_seed(1142)
net = nn.Sequential(
    nn.Linear(2, 40),
    nn.Tanh(),
    nn.Linear(40, 40),
    nn.Tanh(),
    nn.Linear(40, 40),
    nn.Tanh(),
    nn.Linear(40, 1),
)
inside = torch.rand(300, 2)
start = torch.cat([torch.rand(80, 1), torch.zeros(80, 1)], 1)
edge = torch.cat([torch.randint(0, 2, (80, 1)).float(), torch.rand(80, 1)], 1)
w_start, w_inside = nn.Parameter(torch.ones(80)), nn.Parameter(torch.ones(300))
down = torch.optim.Adam(net.parameters(), lr=3e-3)
up = torch.optim.Adam([w_start, w_inside], lr=5e-3, maximize=True)
nu = 0.1


def u(p):
    return net(2 * p - 1).squeeze(1)


def residual(p):
    p = p.clone().requires_grad_()
    g = torch.autograd.grad(u(p).sum(), p, create_graph=True)[0]
    uxx = torch.autograd.grad(g[:, 0].sum(), p, create_graph=True)[0][:, 0]
    return g[:, 1] - nu * uxx


grid = torch.cartesian_prod(torch.linspace(0, 1, 25), torch.linspace(0, 1, 25))
truth = torch.exp(-nu * math.pi**2 * grid[:, 1]) * torch.sin(math.pi * grid[:, 0])
for step in range(1, 601):
    first = (u(start) - torch.sin(math.pi * start[:, 0])).pow(2)
    loss = (w_start * first).mean() + (w_inside * residual(inside).pow(2)).mean()
    loss = loss + u(edge).pow(2).mean()
    down.zero_grad()
    up.zero_grad()
    loss.backward()
    down.step()
    up.step()
    if step % 60 == 0:
        with torch.no_grad():
            error = (u(grid) - truth).norm() / truth.norm()
        print(f"step {step} loss {loss.item():.5f} error {error.item():.5f}")

# batch: eighth
# metric: acc error down
"""Lagrangian network: accelerations by a Hessian of a softplus net, for a pendulum."""

import torch
from torch import nn
from torch.func import grad, hessian, vmap

torch.manual_seed(867)
net = nn.Sequential(
    nn.Linear(3, 48), nn.Softplus(), nn.Linear(48, 48), nn.Softplus(), nn.Linear(48, 1)
)


def lagrangian(q, v):
    return net(torch.stack([q.sin(), q.cos(), v])).squeeze() + 0.5 * v * v


def acceleration(q, v):
    mass = hessian(lagrangian, 1)(q, v)
    force = grad(lagrangian, 0)(q, v)
    mixed = grad(grad(lagrangian, 1), 0)(q, v)
    return (force - mixed * v) / (mass.abs() + 0.1)


opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
for step in range(300):
    q, v = torch.rand(64) * 6.28, torch.randn(64)
    loss = (vmap(acceleration)(q, v) + 3 * torch.sin(q)).abs().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 60 == 59:
        print("step", step + 1, "acc error", loss.item())

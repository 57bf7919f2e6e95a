# metric: error down
"""PINN for the decay u' = -u, u(0) = 1: Adam first, then LBFGS with a closure."""

import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
net = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 20), nn.Tanh(), nn.Linear(20, 1))
t = torch.linspace(0, 3, 60).reshape(-1, 1).requires_grad_()
zero = torch.zeros(1, 1)


def loss_fn():
    u = net(t)
    du = torch.autograd.grad(u.sum(), t, create_graph=True)[0]
    return ((du + u) ** 2).mean() + (net(zero) - 1).pow(2).mean()


adam = torch.optim.Adam(net.parameters(), lr=5e-3)
for i in range(150):
    adam.zero_grad()
    loss = loss_fn()
    loss.backward()
    adam.step()
print("after Adam: loss", loss.item())
lbfgs = torch.optim.LBFGS(net.parameters(), lr=1.0, max_iter=20, line_search_fn="strong_wolfe")


def closure():
    lbfgs.zero_grad()
    loss = loss_fn()
    loss.backward()
    return loss


for i in range(8):
    loss = lbfgs.step(closure)
print("after LBFGS: loss", loss.item())
with torch.no_grad():
    print("error", (net(t) - torch.exp(-t)).abs().max().item())

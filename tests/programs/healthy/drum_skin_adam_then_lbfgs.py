# batch: sixteenth
# metric: rel_error down
"""The shape of a loaded skin by a net of sines: a few hundred steps of Adam, then L-BFGS."""

import math

import torch
import torch.nn as nn

torch.manual_seed(75)


class Sine(nn.Module):
    def __init__(self, a, b, first=False, omega=6.0):
        super().__init__()
        self.lin, self.omega = nn.Linear(a, b), omega
        bound = 1 / a if first else math.sqrt(6 / a) / omega
        nn.init.uniform_(self.lin.weight, -bound, bound)

    def forward(self, x):
        return torch.sin(self.omega * self.lin(x))


net = nn.Sequential(Sine(2, 32, True), Sine(32, 32), Sine(32, 32), nn.Linear(32, 1))
points = (2 * torch.rand(400, 2) - 1).requires_grad_()


def u(p):
    return net(p) * (1 - p[:, :1] ** 2) * (1 - p[:, 1:] ** 2)


def exact(p):
    return torch.sin(math.pi * p[:, :1]) * torch.sin(2 * math.pi * p[:, 1:])


def residual():
    du = torch.autograd.grad(u(points).sum(), points, create_graph=True)[0]
    lap = sum(
        torch.autograd.grad(du[:, i].sum(), points, create_graph=True)[0][:, i : i + 1]
        for i in (0, 1)
    )
    return ((lap + 5 * math.pi**2 * exact(points)) ** 2).mean()


grid = torch.cartesian_prod(torch.linspace(-1, 1, 31), torch.linspace(-1, 1, 31))


def report(name, loss):
    with torch.no_grad():
        error = (u(grid) - exact(grid)).norm() / exact(grid).norm()
    print(f"{name} loss {loss:.4e} rel_error {error:.5f}")


adam = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(1, 241):
    adam.zero_grad()
    loss = residual()
    loss.backward()
    adam.step()
    if step % 80 == 0:
        report(f"adam {step}", loss.item())
lbfgs = torch.optim.LBFGS(net.parameters(), lr=1.0, max_iter=25, line_search_fn="strong_wolfe")


def closure():
    lbfgs.zero_grad()
    loss = residual()
    loss.backward()
    return loss


for outer in range(1, 4):
    report(f"lbfgs {outer}", lbfgs.step(closure).item())
